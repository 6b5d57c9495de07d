import { Args, Context, Field, InputType, Resolver } from '@nestjs/graphql';
import type { ApiContext } from '../graphql/context.js';
import { CommandMutation } from './command.js';
import { Commands } from './commands.js';
import { DeploymentStrategyEnum } from './enums.js';
import {
  CommandInput,
  Content,
  ContentInput,
  Key,
  Keys,
  Line,
  NestedList,
  NewKey,
  Text,
  Time,
  Whole,
} from './fields.js';
import { ArmInput } from './values.js';

@InputType()
export class StartDeploymentInput extends CommandInput {
  @NewKey('Deployment')
  deploymentId?: string;
  @Line({ max: 63 })
  endpoint: string;
  @Line({ max: 63 })
  environment: string;
  @Key('Model')
  modelId: string;
  @Key('ModelVersion')
  modelVersionId: string;
  @Key('Permit')
  permitId: string;
  @Field(() => DeploymentStrategyEnum)
  strategy: string;
  @Whole({ min: 0, max: 10_000, description: 'Basis points: 0 for blue-green, the fixed share for a canary.' })
  weight: number;
}

@InputType()
export class ShiftTrafficInput extends CommandInput {
  @Key('Deployment')
  deploymentId: string;
  @NestedList(() => ArmInput, { min: 1, max: 10 })
  arms: readonly ArmInput[];
}

@InputType()
export class PromoteDeploymentInput extends CommandInput {
  @Key('Deployment')
  deploymentId: string;
  @Key('ModelVersion')
  modelVersionId: string;
}

@InputType()
export class RollBackDeploymentInput extends CommandInput {
  @Key('Deployment')
  deploymentId: string;
  @Key('ModelVersion', { description: 'The version that is taken out.' })
  modelVersionId: string;
  @Line()
  cause: string;
  @Text({ optional: true })
  reason?: string;
}

@InputType()
export class StopDeploymentInput extends CommandInput {
  @Key('Deployment')
  deploymentId: string;
  @Line()
  cause: string;
  @Text({ optional: true })
  reason?: string;
}

@InputType()
export class ScoredRowsInput {
  @Key('ModelVersion')
  modelVersionId: string;
  @Whole({ min: 0 })
  rows: number;
}

@InputType()
export class SealPredictionSegmentInput extends CommandInput {
  @NewKey('PredictionSegment')
  segmentId?: string;
  @Key('Deployment')
  deploymentId: string;
  @NestedList(() => ScoredRowsInput, {
    min: 1,
    max: 10,
    description: 'Rows scored by each model version.',
  })
  rows: readonly ScoredRowsInput[];
  @Keys('Permit', { min: 1, max: 10 })
  permits: readonly string[];
  @Content({ description: 'The log segment, JSON Lines.' })
  content: ContentInput;
  @Time()
  from: string;
  @Time()
  to: string;
}

@Resolver()
export class DeploymentMutations {
  constructor(private readonly commands: Commands) {}

  @CommandMutation('StartDeployment')
  startDeployment(@Args('input') input: StartDeploymentInput, @Context() context: ApiContext) {
    return this.commands.run('StartDeployment', StartDeploymentInput, input, context, ['Deployment', 'deploymentId']);
  }

  @CommandMutation('ShiftTraffic')
  shiftTraffic(@Args('input') input: ShiftTrafficInput, @Context() context: ApiContext) {
    return this.commands.run('ShiftTraffic', ShiftTrafficInput, input, context, ['Deployment', 'deploymentId']);
  }

  @CommandMutation('PromoteDeployment')
  promoteDeployment(@Args('input') input: PromoteDeploymentInput, @Context() context: ApiContext) {
    return this.commands.run('PromoteDeployment', PromoteDeploymentInput, input, context, [
      'Deployment',
      'deploymentId',
    ]);
  }

  @CommandMutation('RollBackDeployment')
  rollBackDeployment(@Args('input') input: RollBackDeploymentInput, @Context() context: ApiContext) {
    return this.commands.run('RollBackDeployment', RollBackDeploymentInput, input, context, [
      'Deployment',
      'deploymentId',
    ]);
  }

  @CommandMutation('StopDeployment')
  stopDeployment(@Args('input') input: StopDeploymentInput, @Context() context: ApiContext) {
    return this.commands.run('StopDeployment', StopDeploymentInput, input, context, ['Deployment', 'deploymentId']);
  }

  @CommandMutation('SealPredictionSegment')
  sealPredictionSegment(@Args('input') input: SealPredictionSegmentInput, @Context() context: ApiContext) {
    return this.commands.run(
      'SealPredictionSegment',
      SealPredictionSegmentInput,
      input,
      context,
      ['PredictionSegment', 'segmentId'],
      ({ rows, ...read }) => ({
        ...read,
        rows: Object.fromEntries((rows as ScoredRowsInput[]).map(({ modelVersionId, rows }) => [modelVersionId, rows])),
      }),
    );
  }
}
