import {
  Args,
  Context,
  Extensions,
  Field,
  Float,
  ID,
  Int,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { modelAlias, policyVersion } from '../../../libs/projections/inventory/tables.js';
import { EvidenceGradeEnum, RiskTierEnum, TrainingEngineEnum } from '../commands/enums.js';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { NodeType, Recorded } from '../graphql/node.js';
import { DateTime, Sha256 } from '../graphql/scalars.js';
import { readerFor } from '../reading/at.js';
import { entities } from '../reading/entities.js';
import { page } from '../reading/items.js';
import type { Item, Part } from '../reading/items.js';
import { AsOfArg, AsOfInput, PageArgs, connectionOf } from '../reading/page.js';
import { Code, DatasetVersion, codeOf } from './data.js';
import { Identity } from './people.js';
import { ContentFile, Disclosure, MeasurementValue, PolicyVersionValue, measurements } from './values.js';

@NodeType('Policy', 'Policy', 'Gates, stages and limits as versioned data: the newest version of one policy.')
export class Policy extends Recorded {
  @Field(() => String, { nullable: true })
  name?: string;
  @Field(() => Int)
  version: number;
  @Field(() => Sha256, { nullable: true })
  digest?: string;
  @Field(() => DateTime, { nullable: true })
  publishedAt?: string;
}

@NodeType('Model', 'Model')
export class Model extends Recorded {
  @Field(() => String, { nullable: true })
  name?: string;
  @Field(() => ID, { nullable: true })
  ownerId?: string;
  @Field(() => String, { nullable: true })
  intendedUse?: string;
  @Field(() => [String], { nullable: true })
  prohibitedUses?: readonly string[];
  @Field(() => [String], { nullable: true })
  jurisdictions?: readonly string[];
  @Field(() => DateTime, { nullable: true })
  registeredAt?: string;
  @Field(() => Int, { nullable: true, description: 'Number of the newest version.' })
  latestNumber?: number;
}

@ObjectType('ModelAlias')
@partOfAnswer
export class ModelAliasValue {
  @Field(() => String)
  alias: string;
  @Field(() => DateTime)
  movedAt: string;
}

@NodeType('TrainingRun', 'TrainingRun')
export class TrainingRun extends Recorded {
  @Field(() => String, { description: 'started, completed, failed or cancelled.' })
  status: string;
  @Field(() => TrainingEngineEnum, { nullable: true })
  engine?: string;
  @Field(() => String, { nullable: true })
  algorithm?: string;
  @Field(() => ContentFile, { nullable: true })
  job?: ContentFile;
  @Field(() => Float, { nullable: true })
  seed?: number;
  @Field(() => EvidenceGradeEnum, { nullable: true })
  grade?: string;
  @Field(() => DateTime, { nullable: true })
  startedAt?: string;
  @Field(() => DateTime, { nullable: true })
  endedAt?: string;
  @Field(() => ContentFile, { nullable: true })
  artifact?: ContentFile;
  @Field(() => Sha256, { nullable: true })
  environment?: string;
  @Field(() => ContentFile, { nullable: true })
  record?: ContentFile;
  @Field(() => String, { nullable: true })
  failure?: string;
}

@ObjectType('RiskAssessment', { description: 'The tier as computed by a versioned function, with its inputs.' })
@partOfAnswer
export class RiskAssessment {
  @Field(() => RiskTierEnum)
  tier: string;
  @Field(() => String, { description: '`name@version`.' })
  function: string;
  @Field(() => Float, { nullable: true })
  biasPotential?: number;
  @Field(() => Float, { nullable: true })
  performanceVariability?: number;
  @Field(() => DateTime)
  setAt: string;
}

@NodeType('ModelVersion', 'ModelVersion')
export class ModelVersion extends Recorded {
  @Field(() => Int, { nullable: true })
  number?: number;
  @Field(() => ContentFile, { nullable: true })
  artifact?: ContentFile;
  @Field(() => [String], { nullable: true })
  features?: readonly string[];
  @Field(() => EvidenceGradeEnum, { nullable: true })
  grade?: string;
  @Field(() => DateTime, { nullable: true })
  registeredAt?: string;
  @Field(() => DateTime, { nullable: true })
  retiredAt?: string;
}

const ModelConnection = connectionOf(() => Model, 'Model');
const ModelVersionConnection = connectionOf(() => ModelVersion, 'ModelVersion');
const PolicyConnection = connectionOf(() => Policy, 'Policy');

@Resolver(() => Policy)
export class PolicyResolver {
  @ResolveField(() => [PolicyVersionValue], { description: 'Every version, oldest first.' })
  versions(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Part[]> {
    return loaders.parts(reader, policyVersion, 'policy_id', uuid);
  }

  @Query(() => PolicyConnection)
  @Extensions({ can: { read: 'Policy' } })
  async policies(@Args() args: PageArgs, @AsOfArg() asOf: AsOfInput, @Context() context: ApiContext) {
    return page(await readerFor(context, asOf, args.after), entities.Policy, args);
  }
}

@Resolver(() => ModelAliasValue)
export class ModelAliasResolver {
  @ResolveField(() => ModelVersion, { nullable: true })
  modelVersion(@Parent() { reader, modelVersionId }: Part, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.ModelVersion, modelVersionId);
  }
}

@Resolver(() => Model)
export class ModelResolver {
  @ResolveField(() => Identity, { nullable: true })
  owner(@Parent() { reader, ownerId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, ownerId);
  }

  @ResolveField(() => Policy, { nullable: true })
  policy(@Parent() { reader, policyId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Policy, policyId);
  }

  @ResolveField(() => Disclosure, { nullable: true })
  description(@Parent() { reader, description }: Item, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, description);
  }

  @ResolveField(() => [ModelAliasValue])
  aliases(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Part[]> {
    return loaders.parts(reader, modelAlias, 'model_id', uuid);
  }

  @ResolveField(() => ModelVersionConnection, { description: 'Newest first.' })
  versions(@Parent() { reader, uuid }: Item, @Args() args: PageArgs) {
    return page(reader, entities.ModelVersion, args, [{ column: 't.model_id', value: uuid }]);
  }

  @Query(() => ModelConnection, { description: 'The inventory.' })
  @Extensions({ can: { read: 'Model' } })
  async models(
    @Args() args: PageArgs,
    @Args('name', { type: () => String, nullable: true }) name: string | undefined,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ) {
    return page(await readerFor(context, asOf, args.after), entities.Model, args, [{ column: 't.name', value: name }]);
  }
}

@Resolver(() => TrainingRun)
export class TrainingRunResolver {
  @ResolveField(() => Model, { nullable: true })
  model(@Parent() { reader, modelId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Model, modelId);
  }

  @ResolveField(() => [DatasetVersion])
  datasetVersions(@Parent() { reader, datasetVersionIds }: Item, @Context() { loaders }: ApiContext) {
    return loaders.many(reader, entities.DatasetVersion, datasetVersionIds);
  }

  @ResolveField(() => Code, { nullable: true })
  code(@Parent() item: Item) {
    return codeOf(item);
  }

  @ResolveField(() => Identity, { nullable: true })
  startedBy(@Parent() { reader, startedBy }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, startedBy);
  }

  @ResolveField(() => [MeasurementValue])
  measurements(@Parent() { measurements: stored }: Item) {
    return measurements(stored);
  }

  @ResolveField(() => Disclosure, { nullable: true })
  detail(@Parent() { reader, detail }: Item, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, detail);
  }
}
