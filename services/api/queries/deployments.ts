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
import { deploymentChange } from '../../../libs/projections/deployments/tables.js';
import type { Arm } from '../../../libs/lifecycle/deployment/events.js';
import { DeploymentStrategyEnum, IncidentKindEnum } from '../commands/enums.js';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { NodeType, Recorded } from '../graphql/node.js';
import { DateTime, Position, Sha256 } from '../graphql/scalars.js';
import { readerFor } from '../reading/at.js';
import { entities } from '../reading/entities.js';
import { page } from '../reading/items.js';
import type { Item, Part } from '../reading/items.js';
import { AsOfArg, AsOfInput, PageArgs, connectionOf } from '../reading/page.js';
import { Approval, Override } from './approvals.js';
import { Model, ModelVersion } from './models.js';
import { Identity } from './people.js';
import { ContentFile, Disclosure, ScoredRows } from './values.js';

@ObjectType('TrafficArm', { description: 'One arm of the split, in basis points.' })
@partOfAnswer
export class TrafficArm {
  @Field(() => ID)
  modelVersionId: string;
  @Field(() => ID)
  permitId: string;
  @Field(() => String)
  slot: string;
  @Field(() => Int)
  weight: number;
}

@ObjectType('DeploymentChange', { description: 'One change of what serves, with the whole split after it.' })
@partOfAnswer
export class DeploymentChange {
  @Field(() => String)
  act: string;
  @Field(() => ID, { nullable: true })
  modelVersionId?: string;
  @Field(() => String, { nullable: true })
  cause?: string;
  @Field(() => ID)
  actorId: string;
  @Field(() => DateTime)
  at: string;
  @Field(() => ID)
  eventId: string;
  @Field(() => Sha256)
  digest: string;
  @Field(() => Position)
  position: bigint;
}

@NodeType('Deployment', 'Deployment', 'One endpoint in one environment and what it serves.')
export class Deployment extends Recorded {
  @Field(() => String)
  status: string;
  @Field(() => String, { nullable: true })
  endpoint?: string;
  @Field(() => String, { nullable: true })
  environment?: string;
  @Field(() => DeploymentStrategyEnum, { nullable: true })
  strategy?: string;
  @Field(() => DateTime, { nullable: true })
  startedAt?: string;
  @Field(() => DateTime)
  changedAt: string;
  @Field(() => String, { nullable: true })
  cause?: string;
}

@NodeType('Permit', 'Permit', 'What opens the gate: no permit, no serving.')
export class Permit extends Recorded {
  @Field(() => String)
  status: string;
  @Field(() => Sha256, { nullable: true })
  artifactDigest?: string;
  @Field(() => String, { nullable: true })
  environment?: string;
  @Field(() => DateTime, { nullable: true })
  issuedAt?: string;
  @Field(() => DateTime, { nullable: true })
  validUntil?: string;
  @Field(() => DateTime)
  changedAt: string;
  @Field(() => String, { nullable: true })
  cause?: string;
}

@NodeType('PredictionSegment', 'PredictionSegment', 'A scored batch, by digest. Never a row of it.')
export class PredictionSegment extends Recorded {
  @Field(() => ContentFile)
  content: ContentFile;
  @Field(() => Sha256)
  segmentDigest: string;
  @Field(() => DateTime)
  fromTime: string;
  @Field(() => DateTime)
  toTime: string;
}

@NodeType('Incident', 'Incident')
export class Incident extends Recorded {
  @Field(() => String, { description: 'open or closed.' })
  status: string;
  @Field(() => IncidentKindEnum, { nullable: true })
  kind?: string;
  @Field(() => ID, { nullable: true })
  reference?: string;
  @Field(() => DateTime, { nullable: true, description: 'Clocks run from it.' })
  awareAt?: string;
  @Field(() => DateTime, { nullable: true })
  openedAt?: string;
  @Field(() => DateTime, { nullable: true })
  closedAt?: string;
}

const DeploymentConnection = connectionOf(() => Deployment, 'Deployment');
const PredictionSegmentConnection = connectionOf(() => PredictionSegment, 'PredictionSegment');
const IncidentConnection = connectionOf(() => Incident, 'Incident');

/** The arms of a split, each with the reader that its model version is read with. */
export function armsOf({ arms, reader }: Part): readonly (Arm & Pick<Part, 'reader'>)[] {
  return ((arms ?? []) as readonly Arm[]).map((arm) => ({ ...arm, reader }));
}

@Resolver(() => TrafficArm)
export class TrafficArmResolver {
  @ResolveField(() => ModelVersion, { nullable: true })
  modelVersion(@Parent() { reader, modelVersionId }: Part, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.ModelVersion, modelVersionId);
  }

  @ResolveField(() => Permit, { nullable: true })
  permit(@Parent() { reader, permitId }: Part, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Permit, permitId);
  }
}

@Resolver(() => DeploymentChange)
export class DeploymentChangeResolver {
  @ResolveField(() => [TrafficArm])
  arms(@Parent() part: Part) {
    return armsOf(part);
  }

  @ResolveField(() => Identity, { nullable: true })
  actor(@Parent() { reader, actorId }: Part, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, actorId);
  }

  @ResolveField(() => Disclosure, { nullable: true })
  reason(@Parent() { reader, reason }: Part, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, reason);
  }
}

@Resolver(() => Deployment)
export class DeploymentResolver {
  @ResolveField(() => Model, { nullable: true })
  model(@Parent() { reader, modelId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Model, modelId);
  }

  @ResolveField(() => [TrafficArm])
  arms(@Parent() item: Item) {
    return armsOf(item);
  }

  @ResolveField(() => [DeploymentChange], { description: 'Every change, in the order of the log.' })
  changes(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Part[]> {
    return loaders.parts(reader, deploymentChange, 'deployment_id', uuid);
  }

  @ResolveField(() => PredictionSegmentConnection, { description: 'What it scored, newest first.' })
  segments(@Parent() { reader, uuid }: Item, @Args() args: PageArgs) {
    return page(reader, entities.PredictionSegment, args, [{ column: 't.deployment_id', value: uuid }]);
  }

  @Query(() => DeploymentConnection)
  @Extensions({ can: { read: 'Deployment' } })
  async deployments(
    @Args() args: PageArgs,
    @Args('endpoint', { type: () => String, nullable: true }) endpoint: string | undefined,
    @Args('environment', { type: () => String, nullable: true }) environment: string | undefined,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ) {
    return page(await readerFor(context, asOf, args.after), entities.Deployment, args, [
      { column: 't.endpoint', value: endpoint },
      { column: 't.environment', value: environment },
    ]);
  }
}

@Resolver(() => Permit)
export class PermitResolver {
  @ResolveField(() => ModelVersion, { nullable: true })
  modelVersion(@Parent() { reader, modelVersionId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.ModelVersion, modelVersionId);
  }

  @ResolveField(() => Approval, { nullable: true, description: 'The approval that it stands on, where it is one.' })
  approval(@Parent() { reader, basisKind, basisId }: Item, @Context() { loaders }: ApiContext) {
    return basisKind === 'approval' ? loaders.one(reader, entities.Approval, basisId) : undefined;
  }

  @ResolveField(() => Override, { nullable: true, description: 'The override that it stands on, where it is one.' })
  override(@Parent() { reader, basisKind, basisId }: Item, @Context() { loaders }: ApiContext) {
    return basisKind === 'override' ? loaders.one(reader, entities.Override, basisId) : undefined;
  }
}

@Resolver(() => PredictionSegment)
export class PredictionSegmentResolver {
  @ResolveField(() => Deployment, { nullable: true })
  deployment(@Parent() { reader, deploymentId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Deployment, deploymentId);
  }

  @ResolveField(() => [ScoredRows], { description: 'Rows scored by each model version.' })
  rows(@Parent() { rows }: Item): readonly ScoredRows[] {
    return Object.entries(rows as Readonly<Record<string, number>>).map(([modelVersionId, count]) => ({
      modelVersionId,
      rows: count,
    }));
  }
}

@Resolver(() => Incident)
export class IncidentResolver {
  @ResolveField(() => ModelVersion, { nullable: true })
  modelVersion(@Parent() { reader, modelVersionId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.ModelVersion, modelVersionId);
  }

  @ResolveField(() => Identity, { nullable: true })
  openedBy(@Parent() { reader, openedBy }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, openedBy);
  }

  @ResolveField(() => Disclosure, { nullable: true })
  description(@Parent() { reader, description }: Item, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, description);
  }

  @ResolveField(() => Disclosure, { nullable: true })
  closingReason(@Parent() { reader, closingReason }: Item, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, closingReason);
  }

  @Query(() => IncidentConnection)
  @Extensions({ can: { read: 'Incident' } })
  async incidents(
    @Args() args: PageArgs,
    @Args('status', { type: () => [String], nullable: true }) status: readonly string[] | undefined,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ) {
    const filters = [{ column: 't.status', value: status }];
    return page(await readerFor(context, asOf, args.after), entities.Incident, args, filters);
  }
}
