import { Args, Context, Field, InputType, Resolver } from '@nestjs/graphql';
import type { ApiContext } from '../graphql/context.js';
import { CommandMutation } from './command.js';
import { Commands } from './commands.js';
import { ConditionLapseEnum, GateOperatorEnum, GateReadsEnum, RoleEnum, SignatureMeaningEnum } from './enums.js';
import { CommandInput, Decimal, Line, Lines, Nested, NestedList, NewKey, Whole } from './fields.js';

@InputType()
export class DecisionRuleInput {
  @Line()
  label: string;
  @Line({ description: 'The favourable label value.' })
  favourable: string;
  @Line({ description: 'The label value whose probability the model gives.' })
  scored: string;
  @Decimal({ min: 0, max: 1, description: 'The scored label is decided at or above it.' })
  threshold: number;
}

@InputType()
export class GateInput {
  @Line()
  id: string;
  @Line({ description: '`name@profile` of the measure.' })
  measure: string;
  @Line({ optional: true, description: 'Protected attribute that it is grouped by.' })
  attribute?: string;
  @Field(() => GateOperatorEnum)
  operator: string;
  @Decimal()
  threshold: number;
  @Field(() => GateReadsEnum)
  reads: string;
}

@InputType()
export class QuorumInput {
  @Field(() => RoleEnum)
  role: string;
  @Whole({ min: 1, max: 20 })
  minimum: number;
}

@InputType()
export class StageInput {
  @Line()
  id: string;
  @NestedList(() => QuorumInput, { min: 1, max: 20 })
  quorum: readonly QuorumInput[];
  @Field(() => SignatureMeaningEnum)
  meaning: string;
  @Whole({ min: 1, max: 8760 })
  timeoutHours: number;
  @Lines({ min: 1, max: 20, description: '`acr` values of which a signature in this stage needs one.' })
  acr: readonly string[];
  @Lines({ optional: true, max: 20, description: 'Stages whose signers may sign here too; default none.' })
  mayRepeatSignersOf?: readonly string[];
  @Field(() => ConditionLapseEnum)
  onConditionLapse: string;
}

@InputType()
export class TierInput {
  @NestedList(() => StageInput, {
    min: 1,
    max: 20,
    description: 'In order: a stage opens when the one before is complete.',
  })
  stages: readonly StageInput[];
  @Whole({ min: 1, max: 3660 })
  approvalValidDays: number;
}

@InputType()
export class TiersInput {
  @Nested(() => TierInput)
  low: TierInput;
  @Nested(() => TierInput)
  medium: TierInput;
  @Nested(() => TierInput)
  high: TierInput;
}

@InputType()
export class OverrideInput {
  @Whole({ min: 1, max: 10_080 })
  validMinutes: number;
  @Whole({ min: 1, max: 8760 })
  reviewHours: number;
  @Field(() => RoleEnum)
  reviewRole: string;
  @Lines({ max: 20, description: '`acr` values of which the override needs one.' })
  acr: readonly string[];
}

@InputType()
export class PolicyDocumentInput {
  @Nested(() => DecisionRuleInput)
  decision: DecisionRuleInput;
  @NestedList(() => GateInput, { max: 100 })
  gates: readonly GateInput[];
  @Line({ description: '`name@version` of the function that sets the risk tier.' })
  riskFunction: string;
  @Nested(() => TiersInput)
  tiers: TiersInput;
  @Whole({ min: 1, max: 3660 })
  evidenceValidDays: number;
  @Nested(() => OverrideInput)
  override: OverrideInput;
  @Whole({ min: 1 })
  minimumGroupSize: number;
}

@InputType()
export class PublishPolicyInput extends CommandInput {
  @NewKey('Policy')
  policyId?: string;
  @Line()
  name: string;
  @Nested(() => PolicyDocumentInput)
  document: PolicyDocumentInput;
}

@Resolver()
export class PolicyMutations {
  constructor(private readonly commands: Commands) {}

  @CommandMutation('PublishPolicy', { description: 'Publishes a policy, or its next version when `policyId` exists.' })
  publishPolicy(@Args('input') input: PublishPolicyInput, @Context() context: ApiContext) {
    return this.commands.run('PublishPolicy', PublishPolicyInput, input, context, ['Policy', 'policyId']);
  }
}
