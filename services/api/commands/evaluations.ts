import { Args, Context, Field, InputType, Resolver } from '@nestjs/graphql';
import type { ApiContext } from '../graphql/context.js';
import { CommandMutation } from './command.js';
import { Commands } from './commands.js';
import { EvaluationKindEnum, ForeignGradeEnum } from './enums.js';
import { CommandInput, Content, ContentInput, Key, Line, NestedList, NewKey, Text, Time } from './fields.js';
import { GroupCountInput, MeasurementInput, groupCount, measurement } from './values.js';

@InputType()
export class RecordEvaluationInput extends CommandInput {
  @NewKey('Evaluation')
  evaluationId?: string;
  @Key('ModelVersion')
  modelVersionId: string;
  @Key('DatasetVersion')
  datasetVersionId: string;
  @Field(() => [EvaluationKindEnum])
  kinds: readonly string[];
  @Line({ description: 'How the predictions came about, e.g. `cross-validation(5, stratified, pooled)`.' })
  scheme: string;
  @NestedList(() => MeasurementInput, { min: 1, max: 10_000, each: measurement })
  measurements: readonly MeasurementInput[];
  @NestedList(() => GroupCountInput, { max: 10_000, each: groupCount })
  groups: readonly GroupCountInput[];
  @Content({ optional: true, description: 'The whole report.' })
  report?: ContentInput;
  @Time()
  collectedAt: string;
  @Field(() => ForeignGradeEnum)
  grade: string;
}

@InputType()
export class WithdrawEvaluationInput extends CommandInput {
  @Key('Evaluation')
  evaluationId: string;
  @Text()
  reason: string;
  @Key('Evaluation', { optional: true })
  supersededBy?: string;
}

@InputType()
export class MeasureModelVersionInput extends CommandInput {
  @NewKey('Evaluation')
  evaluationId?: string;
  @Key('ModelVersion')
  modelVersionId: string;
}

@Resolver()
export class EvaluationMutations {
  constructor(private readonly commands: Commands) {}

  @CommandMutation('RecordEvaluation', {
    name: 'measureModelVersion',
    description:
      'Measures a version from the predictions of its own training run, under the policy of its model, and records the evaluation in the name of whoever asks.',
  })
  measureModelVersion(@Args('input') input: MeasureModelVersionInput, @Context() context: ApiContext) {
    return this.commands.measure(MeasureModelVersionInput, input, context);
  }

  @CommandMutation('RecordEvaluation', {
    description: 'Records an evaluation made elsewhere. The gates are decided with it, the risk tier follows.',
  })
  recordEvaluation(@Args('input') input: RecordEvaluationInput, @Context() context: ApiContext) {
    return this.commands.run('RecordEvaluation', RecordEvaluationInput, input, context, ['Evaluation', 'evaluationId']);
  }

  @CommandMutation('WithdrawEvaluation', { description: 'What stood on it is voided.' })
  withdrawEvaluation(@Args('input') input: WithdrawEvaluationInput, @Context() context: ApiContext) {
    return this.commands.run('WithdrawEvaluation', WithdrawEvaluationInput, input, context, [
      'Evaluation',
      'evaluationId',
    ]);
  }
}
