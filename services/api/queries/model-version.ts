import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { riskTier } from '../../../libs/projections/inventory/tables.js';
import type { ApiContext } from '../graphql/context.js';
import { entities } from '../reading/entities.js';
import type { Item } from '../reading/items.js';
import { Approval, Override } from './approvals.js';
import { Code, DatasetVersion, codeOf } from './data.js';
import { Deployment, Permit } from './deployments.js';
import { Evaluation } from './evaluations.js';
import { Model, ModelVersion, RiskAssessment, TrainingRun } from './models.js';
import { Identity } from './people.js';
import { Disclosure } from './values.js';

/** A model version and everything that stands behind it or on it. Lists are the newest hundred. */
@Resolver(() => ModelVersion)
export class ModelVersionResolver {
  @ResolveField(() => Model, { nullable: true })
  model(@Parent() { reader, modelId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Model, modelId);
  }

  @ResolveField(() => TrainingRun, { nullable: true })
  trainingRun(@Parent() { reader, trainingRunId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.TrainingRun, trainingRunId);
  }

  @ResolveField(() => [DatasetVersion], { description: 'The data behind it: of its training run, or as registered.' })
  async datasetVersions(@Parent() { reader, datasetVersionIds, trainingRunId }: Item, @Context() context: ApiContext) {
    const run = await context.loaders.one(reader, entities.TrainingRun, trainingRunId);
    const ids = [...((datasetVersionIds ?? []) as string[]), ...((run?.['datasetVersionIds'] ?? []) as string[])];
    return context.loaders.many(reader, entities.DatasetVersion, [...new Set(ids)]);
  }

  @ResolveField(() => Code, {
    nullable: true,
    description: 'The code behind it: its own, or that of its training run.',
  })
  async code(@Parent() item: Item, @Context() { loaders }: ApiContext) {
    if (item['code']) return codeOf(item);
    const run = await loaders.one(item.reader, entities.TrainingRun, item['trainingRunId']);
    return run && codeOf(run);
  }

  @ResolveField(() => Identity, { nullable: true })
  registeredBy(@Parent() { reader, registeredBy }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, registeredBy);
  }

  @ResolveField(() => Identity, { nullable: true })
  retiredBy(@Parent() { reader, retiredBy }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, retiredBy);
  }

  @ResolveField(() => ModelVersion, { nullable: true })
  successor(@Parent() { reader, successorId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.ModelVersion, successorId);
  }

  @ResolveField(() => Disclosure, { nullable: true })
  retirementReason(@Parent() { reader, retirementReason }: Item, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, retirementReason);
  }

  @ResolveField(() => RiskAssessment, { nullable: true })
  async riskAssessment(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext) {
    const [risk] = await loaders.parts(reader, riskTier, 'model_version_id', uuid);
    return risk && { ...risk, ...(risk['inputs'] as object) };
  }

  @ResolveField(() => [Evaluation])
  evaluations(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Item[]> {
    return loaders.children(reader, entities.Evaluation, 'model_version_id', uuid);
  }

  @ResolveField(() => [Approval])
  approvals(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Item[]> {
    return loaders.children(reader, entities.Approval, 'model_version_id', uuid);
  }

  @ResolveField(() => [Override])
  overrides(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Item[]> {
    return loaders.children(reader, entities.Override, 'model_version_id', uuid);
  }

  @ResolveField(() => [Permit])
  permits(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Item[]> {
    return loaders.children(reader, entities.Permit, 'model_version_id', uuid);
  }

  @ResolveField(() => [Deployment], { description: 'Deployments that were started for it.' })
  deployments(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Item[]> {
    return loaders.children(reader, entities.Deployment, 'model_version_id', uuid);
  }
}
