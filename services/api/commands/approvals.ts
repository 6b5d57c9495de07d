import { Args, Context, Field, InputType, Resolver } from '@nestjs/graphql';
import type { ApiContext } from '../graphql/context.js';
import { CommandMutation, gateErrors, signingErrors } from './command.js';
import { Commands } from './commands.js';
import { OverrideVerdictEnum, RoleEnum, SignatureMeaningEnum } from './enums.js';
import { CommandInput, Digest, Key, Line, Nested, NewKey, SigningInput, Text } from './fields.js';
import { ConditionInput } from './values.js';
import { deterministicId } from '#libs/runtime';

@InputType()
export class RequestApprovalInput extends CommandInput {
  @NewKey('Approval')
  approvalId?: string;
  @Key('ModelVersion')
  modelVersionId: string;
  @Line({ max: 63 })
  environment: string;
  @Line({ description: 'What made it necessary.' })
  cause: string;
}

@InputType()
export class SignApprovalInput extends SigningInput {
  @Key('Approval')
  approvalId: string;
  @Line()
  stage: string;
  @Field(() => RoleEnum)
  role: string;
  @Field(() => SignatureMeaningEnum)
  meaning: string;
  @Digest({ description: 'What the signer saw: that of `signingChallenge`.' })
  evidenceDigest: string;
  @Text({ optional: true })
  comment?: string;
  @Nested(() => ConditionInput, { optional: true })
  condition?: ConditionInput;
}

@InputType()
export class AbstainApprovalInput extends CommandInput {
  @Key('Approval')
  approvalId: string;
  @Line()
  stage: string;
  @Field(() => RoleEnum)
  role: string;
  @Text()
  reason: string;
}

@InputType()
export class RejectApprovalInput extends SigningInput {
  @Key('Approval')
  approvalId: string;
  @Line()
  stage: string;
  @Field(() => RoleEnum)
  role: string;
  @Field(() => SignatureMeaningEnum)
  meaning: string;
  @Digest()
  evidenceDigest: string;
  @Text()
  reason: string;
}

@InputType()
export class MeetConditionInput extends CommandInput {
  @Key('Approval')
  approvalId: string;
  @Line()
  conditionId: string;
  @Digest({ description: 'SHA-256 of what shows that it is met.' })
  evidence: string;
}

@InputType()
export class RevokeApprovalInput extends CommandInput {
  @Key('Approval')
  approvalId: string;
  @Text()
  reason: string;
}

@InputType()
export class WithdrawApprovalInput extends CommandInput {
  @Key('Approval')
  approvalId: string;
  @Text({ optional: true })
  reason?: string;
}

@InputType()
export class UseOverrideInput extends SigningInput {
  @NewKey('Override')
  overrideId?: string;
  @Key('ModelVersion')
  modelVersionId: string;
  @Line({ max: 63 })
  environment: string;
  @Text()
  reason: string;
  @NewKey('Incident')
  incidentId?: string;
  @Digest({ description: 'What the operator saw: that of `signingChallenge`.' })
  evidenceDigest: string;
}

@InputType()
export class ReviewOverrideInput extends CommandInput {
  @Key('Override')
  overrideId: string;
  @Field(() => OverrideVerdictEnum)
  verdict: string;
  @Text()
  reason: string;
}

@Resolver()
export class ApprovalMutations {
  constructor(private readonly commands: Commands) {}

  @CommandMutation('RequestApproval', { errors: gateErrors })
  requestApproval(@Args('input') input: RequestApprovalInput, @Context() context: ApiContext) {
    return this.commands.run('RequestApproval', RequestApprovalInput, input, context, ['Approval', 'approvalId']);
  }

  @CommandMutation('SignApproval', { errors: signingErrors })
  signApproval(@Args('input') input: SignApprovalInput, @Context() context: ApiContext) {
    const conditionId = deterministicId('condition', input.commandId);
    return this.commands.sign(
      'SignApproval',
      SignApprovalInput,
      { ...input, ...(input.condition && { condition: { ...input.condition, conditionId } }) },
      context,
      ['Approval', 'approvalId'],
    );
  }

  @CommandMutation('AbstainApproval')
  abstainApproval(@Args('input') input: AbstainApprovalInput, @Context() context: ApiContext) {
    return this.commands.run('AbstainApproval', AbstainApprovalInput, input, context, ['Approval', 'approvalId']);
  }

  @CommandMutation('RejectApproval', { errors: signingErrors })
  rejectApproval(@Args('input') input: RejectApprovalInput, @Context() context: ApiContext) {
    return this.commands.sign('RejectApproval', RejectApprovalInput, input, context, ['Approval', 'approvalId']);
  }

  @CommandMutation('MeetCondition')
  meetCondition(@Args('input') input: MeetConditionInput, @Context() context: ApiContext) {
    return this.commands.run('MeetCondition', MeetConditionInput, input, context, ['Approval', 'approvalId']);
  }

  @CommandMutation('RevokeApproval')
  revokeApproval(@Args('input') input: RevokeApprovalInput, @Context() context: ApiContext) {
    return this.commands.run('RevokeApproval', RevokeApprovalInput, input, context, ['Approval', 'approvalId']);
  }

  @CommandMutation('WithdrawApproval')
  withdrawApproval(@Args('input') input: WithdrawApprovalInput, @Context() context: ApiContext) {
    return this.commands.run('WithdrawApproval', WithdrawApprovalInput, input, context, ['Approval', 'approvalId']);
  }

  @CommandMutation('UseOverride', {
    errors: signingErrors,
    description: 'An emergency override: never an approval. It opens an incident and its own review.',
  })
  useOverride(@Args('input') input: UseOverrideInput, @Context() context: ApiContext) {
    return this.commands.sign('UseOverride', UseOverrideInput, input, context, ['Override', 'overrideId']);
  }

  @CommandMutation('ReviewOverride')
  reviewOverride(@Args('input') input: ReviewOverrideInput, @Context() context: ApiContext) {
    return this.commands.run('ReviewOverride', ReviewOverrideInput, input, context, ['Override', 'overrideId']);
  }
}
