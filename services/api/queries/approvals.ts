import {
  Args,
  Context,
  Extensions,
  Field,
  ID,
  Int,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { approvalAct, approvalCondition } from '../../../libs/projections/approvals/tables.js';
import { RiskTierEnum, RoleEnum, SignatureMeaningEnum } from '../commands/enums.js';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { NodeType, Recorded } from '../graphql/node.js';
import { DateTime, Json, Position, Sha256 } from '../graphql/scalars.js';
import { readerFor } from '../reading/at.js';
import { entities } from '../reading/entities.js';
import { page } from '../reading/items.js';
import type { Item, Part } from '../reading/items.js';
import { AsOfArg, AsOfInput, PageArgs, connectionOf } from '../reading/page.js';
import { ModelVersion } from './models.js';
import { Identity } from './people.js';
import { ApprovalStage, Disclosure, EvidencePinValue } from './values.js';

@ObjectType('ApprovalSignature', { description: 'Who, when, in which meaning (21 CFR 11.50).' })
@partOfAnswer
export class ApprovalSignature {
  @Field(() => String)
  stage: string;
  @Field(() => ID)
  signerId: string;
  @Field(() => RoleEnum)
  role: string;
  @Field(() => SignatureMeaningEnum)
  meaning: string;
  @Field(() => DateTime)
  signedAt: string;
  @Field(() => ID, { nullable: true, description: 'The delegator.' })
  onBehalfOf?: string;
  @Field(() => ID)
  eventId: string;
}

@ObjectType('Contributor', { description: 'Somebody who helped to make it and may therefore not approve it.' })
@partOfAnswer
export class Contributor {
  @Field(() => ID)
  identityId: string;
  @Field(() => [String], { description: 'The way from the model version to the act, nearest first.' })
  path: readonly string[];
}

@ObjectType('ApprovalAct', { description: 'One act on an approval or override, in the order of the log.' })
@partOfAnswer
export class ApprovalAct {
  @Field(() => String)
  act: string;
  @Field(() => String, { nullable: true })
  stage?: string;
  @Field(() => ID)
  actorId: string;
  @Field(() => RoleEnum, { nullable: true })
  role?: string;
  @Field(() => SignatureMeaningEnum, { nullable: true })
  meaning?: string;
  @Field(() => ID, { nullable: true })
  onBehalfOf?: string;
  @Field(() => Sha256, { nullable: true })
  evidenceDigest?: string;
  @Field(() => Json, { nullable: true, description: 'The policy decision, as recorded.' })
  decision?: unknown;
  @Field(() => Json, {
    nullable: true,
    description: 'Of a signature: strength, time and nonce of the re-authentication.',
  })
  authentication?: unknown;
  @Field(() => Json, { nullable: true })
  detail?: unknown;
  @Field(() => DateTime)
  at: string;
  @Field(() => ID)
  eventId: string;
  @Field(() => Sha256, { description: 'Digest of the event.' })
  digest: string;
  @Field(() => Position)
  position: bigint;
}

@ObjectType('ApprovalCondition')
@partOfAnswer
export class ApprovalCondition {
  @Field(() => ID)
  conditionId: string;
  @Field(() => ID)
  approvalId: string;
  @Field(() => String, { description: 'open, met or lapsed.' })
  status: string;
  @Field(() => DateTime, { nullable: true })
  dueAt?: string;
  @Field(() => String, { nullable: true })
  onLapse?: string;
  @Field(() => Sha256, { nullable: true })
  evidence?: string;
  @Field(() => DateTime, { nullable: true })
  endedAt?: string;
}

@NodeType('Approval', 'Approval', 'One request for approval and what became of it.')
export class Approval extends Recorded {
  @Field(() => String, { description: 'pending, granted, rejected, revoked, voided, expired or withdrawn.' })
  status: string;
  @Field(() => String, { nullable: true })
  environment?: string;
  @Field(() => ID, { nullable: true })
  requesterId?: string;
  @Field(() => ID, { nullable: true })
  policyId?: string;
  @Field(() => Int, { nullable: true })
  policyVersion?: number;
  @Field(() => RiskTierEnum, { nullable: true })
  tier?: string;
  @Field(() => [ApprovalStage], { nullable: true })
  stages?: readonly ApprovalStage[];
  @Field(() => [EvidencePinValue], { nullable: true, description: 'All evidence as it stood at the request.' })
  pins?: readonly EvidencePinValue[];
  @Field(() => Sha256, { nullable: true, description: 'What a signature binds.' })
  evidenceDigest?: string;
  @Field(() => [Contributor], { nullable: true })
  contributors?: readonly Contributor[];
  @Field(() => String, { nullable: true })
  cause?: string;
  @Field(() => DateTime, { nullable: true })
  requestedAt?: string;
  @Field(() => DateTime, { nullable: true })
  expiresAt?: string;
  @Field(() => String, { nullable: true, description: 'The stage that waits for signatures.' })
  openStage?: string;
  @Field(() => DateTime, { nullable: true })
  stageDeadline?: string;
  @Field(() => [ApprovalSignature])
  signatures: readonly ApprovalSignature[];
  @Field(() => DateTime, { nullable: true })
  grantedAt?: string;
  @Field(() => DateTime, { nullable: true })
  validUntil?: string;
  @Field(() => DateTime, { nullable: true })
  endedAt?: string;
  @Field(() => String, { nullable: true, description: 'Why it was voided or what expired.' })
  endCause?: string;
}

@NodeType('Override', 'Approval', 'An emergency override: never an approval.')
export class Override extends Recorded {
  @Field(() => String, { description: 'unreviewed, reviewed or review-lapsed.' })
  status: string;
  @Field(() => String, { nullable: true })
  environment?: string;
  @Field(() => ID, { nullable: true })
  operatorId?: string;
  @Field(() => Sha256, { nullable: true })
  evidenceDigest?: string;
  @Field(() => DateTime, { nullable: true })
  usedAt?: string;
  @Field(() => DateTime, { nullable: true })
  validUntil?: string;
  @Field(() => DateTime, { nullable: true })
  reviewDueAt?: string;
  @Field(() => RoleEnum, { nullable: true })
  reviewRole?: string;
  @Field(() => String, { nullable: true })
  verdict?: string;
  @Field(() => DateTime, { nullable: true })
  reviewedAt?: string;
}

export const ApprovalConnection = connectionOf(() => Approval, 'Approval');
const OverrideConnection = connectionOf(() => Override, 'Override');

@Resolver(() => ApprovalAct)
export class ApprovalActResolver {
  @ResolveField(() => Identity, { nullable: true })
  actor(@Parent() { reader, actorId }: Part, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, actorId);
  }

  @ResolveField(() => Disclosure, { nullable: true })
  reason(@Parent() { reader, reason }: Part, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, reason);
  }
}

@Resolver(() => ApprovalCondition)
export class ApprovalConditionResolver {
  @ResolveField(() => Identity, { nullable: true })
  owner(@Parent() { reader, ownerId }: Part, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, ownerId);
  }

  @ResolveField(() => Disclosure, { nullable: true })
  text(@Parent() { reader, text }: Part, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, text);
  }

  @ResolveField(() => Approval, { nullable: true })
  approval(@Parent() { reader, approvalId }: Part, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Approval, approvalId);
  }
}

@Resolver(() => Approval)
export class ApprovalResolver {
  @ResolveField(() => ModelVersion, { nullable: true })
  modelVersion(@Parent() { reader, modelVersionId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.ModelVersion, modelVersionId);
  }

  @ResolveField(() => Identity, { nullable: true })
  requester(@Parent() { reader, requesterId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, requesterId);
  }

  @ResolveField(() => [ApprovalAct], { description: 'The ledger: every act, refused ones in the timeline.' })
  acts(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Part[]> {
    return loaders.parts(reader, approvalAct, 'approval_id', uuid);
  }

  @ResolveField(() => [ApprovalCondition])
  conditions(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Part[]> {
    return loaders.parts(reader, approvalCondition, 'approval_id', uuid);
  }

  @Query(() => ApprovalConnection)
  @Extensions({ can: { read: 'Approval' } })
  async approvals(
    @Args() args: PageArgs,
    @Args('status', { type: () => [String], nullable: true }) status: readonly string[] | undefined,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ) {
    const filters = [{ column: 't.status', value: status }];
    return page(await readerFor(context, asOf, args.after), entities.Approval, args, filters);
  }
}

@Resolver(() => Override)
export class OverrideResolver {
  @ResolveField(() => ModelVersion, { nullable: true })
  modelVersion(@Parent() { reader, modelVersionId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.ModelVersion, modelVersionId);
  }

  @ResolveField(() => Identity, { nullable: true })
  operator(@Parent() { reader, operatorId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, operatorId);
  }

  @ResolveField(() => Identity, { nullable: true })
  reviewer(@Parent() { reader, reviewerId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, reviewerId);
  }

  @ResolveField(() => Disclosure, { nullable: true })
  reason(@Parent() { reader, reason }: Item, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, reason);
  }

  @ResolveField(() => [ApprovalAct])
  acts(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Part[]> {
    return loaders.parts(reader, approvalAct, 'approval_id', uuid);
  }

  @Query(() => OverrideConnection, { description: 'Every emergency override and what became of its review.' })
  @Extensions({ can: { read: 'Approval' } })
  async overrides(
    @Args() args: PageArgs,
    @Args('status', { type: () => [String], nullable: true }) status: readonly string[] | undefined,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ) {
    const filters = [{ column: 't.status', value: status }];
    return page(await readerFor(context, asOf, args.after), entities.Override, args, filters);
  }
}
