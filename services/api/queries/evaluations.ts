import { Args, Context, Extensions, Field, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { evaluationGroup, evaluationMeasurement, gateVerdict } from '../../../libs/projections/fairness/tables.js';
import { EvaluationKindEnum, EvidenceGradeEnum } from '../commands/enums.js';
import type { ApiContext } from '../graphql/context.js';
import { NodeType, Recorded } from '../graphql/node.js';
import { DateTime } from '../graphql/scalars.js';
import { readerFor } from '../reading/at.js';
import { entities } from '../reading/entities.js';
import { page } from '../reading/items.js';
import type { Item } from '../reading/items.js';
import { AsOfArg, AsOfInput, PageArgs, connectionOf } from '../reading/page.js';
import { DatasetVersion } from './data.js';
import { ModelVersion } from './models.js';
import { Identity } from './people.js';
import {
  ContentFile,
  Disclosure,
  GateDecisionValue,
  GroupCountValue,
  MeasurementValue,
  attributes,
  measurement,
} from './values.js';

@NodeType('Evaluation', 'Evaluation', 'Numbers about one model version over one data set version, and the gates.')
export class Evaluation extends Recorded {
  @Field(() => String, { description: 'recorded or withdrawn.' })
  status: string;
  @Field(() => [EvaluationKindEnum], { nullable: true })
  kinds?: readonly string[];
  @Field(() => String, { nullable: true })
  scheme?: string;
  @Field(() => ContentFile, { nullable: true })
  report?: ContentFile;
  @Field(() => DateTime, { nullable: true })
  collectedAt?: string;
  @Field(() => DateTime, { nullable: true, description: 'From then on it supports no new approval.' })
  expiresAt?: string;
  @Field(() => EvidenceGradeEnum, { nullable: true })
  grade?: string;
  @Field(() => DateTime, { nullable: true })
  evaluatedAt?: string;
  @Field(() => DateTime, { nullable: true })
  withdrawnAt?: string;
}

const EvaluationConnection = connectionOf(() => Evaluation, 'Evaluation');

@Resolver(() => Evaluation)
export class EvaluationResolver {
  @ResolveField(() => ModelVersion, { nullable: true })
  modelVersion(@Parent() { reader, modelVersionId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.ModelVersion, modelVersionId);
  }

  @ResolveField(() => DatasetVersion, { nullable: true })
  datasetVersion(@Parent() { reader, datasetVersionId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.DatasetVersion, datasetVersionId);
  }

  @ResolveField(() => Identity, { nullable: true })
  evaluatedBy(@Parent() { reader, evaluatedBy }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, evaluatedBy);
  }

  @ResolveField(() => Evaluation, { nullable: true })
  supersededBy(@Parent() { reader, supersededBy }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Evaluation, supersededBy);
  }

  @ResolveField(() => Disclosure, { nullable: true })
  withdrawalReason(@Parent() { reader, withdrawalReason }: Item, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, withdrawalReason);
  }

  @ResolveField(() => [MeasurementValue])
  async measurements(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext) {
    const rows = await loaders.parts(reader, evaluationMeasurement, 'evaluation_id', uuid);
    return rows.map(({ undefinedBecause, groupValues, ...row }) =>
      measurement({ ...row, undefined: undefinedBecause, group: groupValues }),
    );
  }

  @ResolveField(() => [GroupCountValue])
  async groups(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext) {
    const rows = await loaders.parts(reader, evaluationGroup, 'evaluation_id', uuid);
    return rows.map(({ groupValues, ...row }) => ({
      ...row,
      group: attributes(groupValues as Readonly<Record<string, string>>),
    }));
  }

  @ResolveField(() => [GateDecisionValue], { description: 'Failed ones alike.' })
  async gates(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext) {
    const rows = await loaders.parts(reader, gateVerdict, 'evaluation_id', uuid);
    return rows.map(({ measurement: measured, decision, ...row }) => ({
      ...row,
      ...(decision as { policyId: string; policyVersion: number }),
      measurement: measurement(measured),
    }));
  }

  @Query(() => EvaluationConnection)
  @Extensions({ can: { read: 'Evaluation' } })
  async evaluations(@Args() args: PageArgs, @AsOfArg() asOf: AsOfInput, @Context() context: ApiContext) {
    return page(await readerFor(context, asOf, args.after), entities.Evaluation, args);
  }
}
