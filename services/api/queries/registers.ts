import {
  Args,
  Context,
  Extensions,
  Field,
  Float,
  ID,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { denial, evidenceAccess } from '../../../libs/projections/access/tables.js';
import { approvalCondition } from '../../../libs/projections/approvals/tables.js';
import { deploymentChange } from '../../../libs/projections/deployments/tables.js';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { DateTime, Json, Position, Sha256 } from '../graphql/scalars.js';
import { readerFor } from '../reading/at.js';
import { entities } from '../reading/entities.js';
import type { Item, Part } from '../reading/items.js';
import { inLogOrder, listParts } from '../reading/listing.js';
import type { Listing } from '../reading/listing.js';
import { AsOfArg, AsOfInput, PageArgs, connectionOf } from '../reading/page.js';
import { ApprovalCondition } from './approvals.js';
import { Deployment, DeploymentChange } from './deployments.js';
import { ExportRequest, Identity } from './people.js';

@ObjectType('Denial', { description: 'Refusals by one rule within one minute.' })
@partOfAnswer
export class Denial {
  @Field(() => ID, { description: 'An identity or `anonymous`.' })
  actorId: string;
  @Field(() => String)
  rule: string;
  @Field(() => String)
  action: string;
  @Field(() => String, { nullable: true, description: 'The stream that it was about.' })
  subject?: string;
  @Field(() => DateTime)
  minute: string;
  @Field(() => Float)
  count: number;
  @Field(() => Json, { description: 'Codes, numbers and paths.' })
  details: unknown;
  @Field(() => ID)
  eventId: string;
  @Field(() => Sha256)
  digest: string;
  @Field(() => Position)
  position: bigint;
}

@ObjectType('EvidenceAccess', { description: 'Access to evidence is evidence.' })
@partOfAnswer
export class EvidenceAccess {
  @Field(() => String)
  what: string;
  @Field(() => DateTime)
  at: string;
  @Field(() => ID)
  readerId: string;
  @Field(() => ID)
  eventId: string;
  @Field(() => Position)
  position: bigint;
}

const DenialConnection = connectionOf(() => Denial, 'Denial');
const DeploymentChangeConnection = connectionOf(() => DeploymentChange, 'DeploymentChange');
const ConditionConnection = connectionOf(() => ApprovalCondition, 'ApprovalCondition');

const denials = inLogOrder(denial, 'Denial', {});
const deploymentChanges = inLogOrder(deploymentChange, 'Deployment', {
  modelId: '(SELECT d.model_id FROM read.deployment_at($1, $2) AS d WHERE d.deployment_id = t.deployment_id LIMIT 1)',
});
const conditions: Listing = {
  table: approvalCondition,
  place: [`coalesce(t.due_at, '~')`, `t.approval_id || t.condition_id`],
  direction: 'ASC',
  subject: 'Approval',
  fields: {
    modelId: '(SELECT a.model_id FROM read.approval_at($1, $2) AS a WHERE a.approval_id = t.approval_id LIMIT 1)',
  },
};

@Resolver(() => Denial)
export class DenialResolver {
  @ResolveField(() => Identity, { nullable: true })
  actor(@Parent() { reader, actorId }: Part, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, actorId);
  }

  @Query(() => DenialConnection, { description: 'Who was refused what, by which rule. Newest first.' })
  @Extensions({ can: { read: 'Denial' } })
  async denials(@Args() args: PageArgs, @AsOfArg() asOf: AsOfInput, @Context() context: ApiContext) {
    return listParts(await readerFor(context, asOf, args.after), denials, args);
  }
}

@Resolver(() => DeploymentChange)
export class DeploymentChangesResolver {
  @ResolveField(() => Deployment, { nullable: true })
  deployment(@Parent() { reader, deploymentId }: Part, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Deployment, deploymentId);
  }

  @Query(() => DeploymentChangeConnection, { description: 'Every change of what serves, newest first.' })
  @Extensions({ can: { read: 'Deployment' } })
  async deploymentChanges(
    @Args() args: PageArgs,
    @Args('from', { type: () => DateTime, nullable: true }) from: string | undefined,
    @Args('to', { type: () => DateTime, nullable: true }) to: string | undefined,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ) {
    return listParts(await readerFor(context, asOf, args.after), deploymentChanges, args, [
      { sql: 't.at >= ?', value: utc(from) },
      { sql: 't.at < ?', value: utc(to) },
    ]);
  }
}

@Resolver(() => ApprovalCondition)
export class ConditionsResolver {
  @Query(() => ConditionConnection, { description: 'Conditions of approvals, the one due first first.' })
  @Extensions({ can: { read: 'Approval' } })
  async conditions(
    @Args() args: PageArgs,
    @Args('status', { type: () => [String], nullable: true }) status: readonly string[] | undefined,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ) {
    const restrictions = [{ sql: 't.status = ANY(?)', value: status }];
    return listParts(await readerFor(context, asOf, args.after), conditions, args, restrictions);
  }
}

@Resolver(() => EvidenceAccess)
export class EvidenceAccessResolver {
  @ResolveField(() => Identity, { nullable: true })
  reader(@Parent() { reader, readerId }: Part, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, readerId);
  }
}

@Resolver(() => ExportRequest)
export class ExportAccessResolver {
  @ResolveField(() => [EvidenceAccess], { description: 'Who read it.' })
  accesses(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Part[]> {
    return loaders.parts(reader, evidenceAccess, 'export_id', uuid);
  }
}

/** The read models keep times in UTC with milliseconds, so that text order is time order. */
function utc(time: string | undefined | null): string | undefined {
  return time === undefined || time === null ? undefined : new Date(time).toISOString();
}
