import { Args, Context, Field, InputType, Resolver } from '@nestjs/graphql';
import type { ApiContext } from '../graphql/context.js';
import { CommandMutation, gateErrors } from './command.js';
import { Commands } from './commands.js';
import { ForeignGradeEnum, TrainingEngineEnum } from './enums.js';
import {
  Artifact,
  CommandInput,
  Content,
  ContentInput,
  Digest,
  Key,
  Keys,
  Line,
  Lines,
  Nested,
  NestedList,
  NewKey,
  Text,
  Whole,
} from './fields.js';
import { CodeInput, MeasurementInput, measurement } from './values.js';

@InputType()
export class RegisterModelInput extends CommandInput {
  @NewKey('Model')
  modelId?: string;
  @Line()
  name: string;
  @Key('Identity')
  ownerId: string;
  @Key('Policy')
  policyId: string;
  @Line({ max: 1000 })
  intendedUse: string;
  @Lines({ max: 100 })
  prohibitedUses: readonly string[];
  @Lines({ max: 100 })
  jurisdictions: readonly string[];
  @Text({ optional: true })
  description?: string;
}

@InputType()
export class MoveModelAliasInput extends CommandInput {
  @Key('Model')
  modelId: string;
  @Line({ max: 100 })
  alias: string;
  @Key('ModelVersion', { optional: true, description: 'Left out: the alias is taken away.' })
  modelVersionId?: string;
}

@InputType()
export class StartTrainingInput extends CommandInput {
  @NewKey('TrainingRun')
  trainingRunId?: string;
  @Key('Model')
  modelId: string;
  @Keys('DatasetVersion', { min: 1, max: 100 })
  datasetVersionIds: readonly string[];
  @Field(() => TrainingEngineEnum)
  engine: 'assay' | 'external';
  @Line()
  algorithm: string;
  @Content({ description: 'The job document.' })
  job: ContentInput;
  @Nested(() => CodeInput)
  code: CodeInput;
  @Whole({ min: 0 })
  seed: number;
  @Field(() => ForeignGradeEnum, {
    nullable: true,
    description: 'Of a run elsewhere; default ASSERTED. A run by the trainer of this installation is measured.',
  })
  grade?: string;
}

@InputType()
export class CompleteTrainingInput extends CommandInput {
  @Key('TrainingRun')
  trainingRunId: string;
  @Artifact()
  artifact: ContentInput;
  @Digest({ description: 'Digest of the environment that it ran in.' })
  environment: string;
  @Content({ optional: true })
  record?: ContentInput;
  @NestedList(() => MeasurementInput, { max: 10_000, each: measurement })
  measurements: readonly MeasurementInput[];
}

@InputType()
export class FailTrainingInput extends CommandInput {
  @Key('TrainingRun')
  trainingRunId: string;
  @Line({ max: 100 })
  code: string;
  @Text({ optional: true })
  detail?: string;
}

@InputType()
export class CancelTrainingInput extends CommandInput {
  @Key('TrainingRun')
  trainingRunId: string;
  @Text({ optional: true })
  reason?: string;
}

@InputType()
export class RegisterModelVersionInput extends CommandInput {
  @NewKey('ModelVersion')
  modelVersionId?: string;
  @Key('Model')
  modelId: string;
  @Key('TrainingRun', { optional: true })
  trainingRunId?: string;
  @Keys('DatasetVersion', { optional: true, max: 100, description: 'Where no training run stands behind it.' })
  datasetVersionIds?: readonly string[];
  @Nested(() => CodeInput, { optional: true })
  code?: CodeInput;
  @Artifact()
  artifact: ContentInput;
  @Lines({ min: 1, max: 5_000, description: 'Input columns in the order of the ONNX inputs.' })
  features: readonly string[];
  @Field(() => ForeignGradeEnum, {
    nullable: true,
    description: 'Of a file made elsewhere; default ASSERTED. What a run of this installation left is measured.',
  })
  grade?: string;
}

@InputType()
export class RetireModelVersionInput extends CommandInput {
  @Key('ModelVersion')
  modelVersionId: string;
  @Key('ModelVersion', { optional: true })
  successorId?: string;
  @Text()
  reason: string;
}

@InputType()
export class AssessRiskInput extends CommandInput {
  @Key('ModelVersion')
  modelVersionId: string;
}

@Resolver()
export class ModelMutations {
  constructor(private readonly commands: Commands) {}

  @CommandMutation('RegisterModel')
  registerModel(@Args('input') input: RegisterModelInput, @Context() context: ApiContext) {
    return this.commands.run('RegisterModel', RegisterModelInput, input, context, ['Model', 'modelId']);
  }

  @CommandMutation('MoveModelAlias')
  moveModelAlias(@Args('input') input: MoveModelAliasInput, @Context() context: ApiContext) {
    return this.commands.run('MoveModelAlias', MoveModelAliasInput, input, context, ['Model', 'modelId']);
  }

  @CommandMutation('StartTraining')
  startTraining(@Args('input') input: StartTrainingInput, @Context() context: ApiContext) {
    const grade = input.engine === 'assay' ? 'measured' : (input.grade ?? 'asserted');
    return this.commands.run('StartTraining', StartTrainingInput, { ...input, grade }, context, [
      'TrainingRun',
      'trainingRunId',
    ]);
  }

  @CommandMutation('CompleteTraining')
  completeTraining(@Args('input') input: CompleteTrainingInput, @Context() context: ApiContext) {
    return this.commands.run('CompleteTraining', CompleteTrainingInput, input, context, [
      'TrainingRun',
      'trainingRunId',
    ]);
  }

  @CommandMutation('FailTraining')
  failTraining(@Args('input') input: FailTrainingInput, @Context() context: ApiContext) {
    return this.commands.run('FailTraining', FailTrainingInput, input, context, ['TrainingRun', 'trainingRunId']);
  }

  @CommandMutation('CancelTraining')
  cancelTraining(@Args('input') input: CancelTrainingInput, @Context() context: ApiContext) {
    return this.commands.run('CancelTraining', CancelTrainingInput, input, context, ['TrainingRun', 'trainingRunId']);
  }

  @CommandMutation('RegisterModelVersion', {
    description: 'Registers an ONNX file that was uploaded before as the next version of a model.',
  })
  registerModelVersion(@Args('input') input: RegisterModelVersionInput, @Context() context: ApiContext) {
    return this.commands.run(
      'RegisterModelVersion',
      RegisterModelVersionInput,
      {
        datasetVersionIds: [],
        ...input,
        grade: input.grade ?? (input.trainingRunId === undefined ? 'asserted' : 'measured'),
      },
      context,
      ['ModelVersion', 'modelVersionId'],
    );
  }

  @CommandMutation('RetireModelVersion')
  retireModelVersion(@Args('input') input: RetireModelVersionInput, @Context() context: ApiContext) {
    return this.commands.run('RetireModelVersion', RetireModelVersionInput, input, context, [
      'ModelVersion',
      'modelVersionId',
    ]);
  }

  @CommandMutation('AssessRisk', {
    errors: gateErrors,
    description: 'Computes the risk tier anew; it is never typed in.',
  })
  assessRisk(@Args('input') input: AssessRiskInput, @Context() context: ApiContext) {
    return this.commands.run('AssessRisk', AssessRiskInput, input, context, ['ModelVersion', 'modelVersionId']);
  }
}
