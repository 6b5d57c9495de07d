import { Args, Context, Field, InputType, Resolver } from '@nestjs/graphql';
import type { ApiContext } from '../graphql/context.js';
import { CommandMutation } from './command.js';
import { Commands } from './commands.js';
import { ForeignGradeEnum } from './enums.js';
import {
  CommandInput,
  Content,
  ContentInput,
  Decimal,
  Key,
  Keys,
  Line,
  Nested,
  NestedList,
  NewKey,
  Text,
} from './fields.js';
import { CodeInput, ColumnInput } from './values.js';

@InputType()
export class RegisterDatasetInput extends CommandInput {
  @NewKey('Dataset')
  datasetId?: string;
  @Line()
  name: string;
  @Line()
  purpose: string;
  @Line()
  legalBasis: string;
  @Line({ optional: true })
  licence?: string;
  @Text({ optional: true })
  description?: string;
}

@InputType()
export class SealDatasetVersionInput extends CommandInput {
  @NewKey('DatasetVersion')
  datasetVersionId?: string;
  @Key('Dataset')
  datasetId: string;
  @Content()
  content: ContentInput;
  @Line({ max: 8192, description: 'Digest of the rows that does not depend on their order.' })
  rowDigest: string;
  @Decimal({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'A whole number.' })
  rows: number;
  @NestedList(() => ColumnInput, { min: 1, max: 5_000 })
  columns: readonly ColumnInput[];
  @Content({ optional: true })
  profile?: ContentInput;
  @Keys('DatasetVersion', { optional: true })
  derivedFrom?: readonly string[];
  @Nested(() => CodeInput, { optional: true })
  code?: CodeInput;
  @Field(() => ForeignGradeEnum)
  grade: string;
}

@InputType()
export class WithdrawDatasetVersionInput extends CommandInput {
  @Key('DatasetVersion')
  datasetVersionId: string;
  @Text()
  reason: string;
}

@Resolver()
export class DataMutations {
  constructor(private readonly commands: Commands) {}

  @CommandMutation('RegisterDataset')
  registerDataset(@Args('input') input: RegisterDatasetInput, @Context() context: ApiContext) {
    return this.commands.run('RegisterDataset', RegisterDatasetInput, input, context, ['Dataset', 'datasetId']);
  }

  @CommandMutation('SealDatasetVersion', {
    description: 'Seals a version of a data set that was uploaded before, as its maker describes it.',
  })
  sealDatasetVersion(@Args('input') input: SealDatasetVersionInput, @Context() context: ApiContext) {
    return this.commands.run('SealDatasetVersion', SealDatasetVersionInput, { derivedFrom: [], ...input }, context, [
      'DatasetVersion',
      'datasetVersionId',
    ]);
  }

  @CommandMutation('WithdrawDatasetVersion')
  withdrawDatasetVersion(@Args('input') input: WithdrawDatasetVersionInput, @Context() context: ApiContext) {
    return this.commands.run('WithdrawDatasetVersion', WithdrawDatasetVersionInput, input, context, [
      'DatasetVersion',
      'datasetVersionId',
    ]);
  }
}
