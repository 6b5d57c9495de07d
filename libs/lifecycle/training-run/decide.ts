import { accept, refuse } from '../kernel.js';
import type { Decision, Refused } from '../kernel.js';
import type { DatasetFacts, TrainingRunCommand } from './commands.js';
import type { TrainingRunEvent } from './events.js';
import type { TrainingRun } from './evolve.js';

export function decide(command: TrainingRunCommand, state: TrainingRun): Decision<TrainingRunEvent> {
  const { trainingRunId } = command.data;
  if (command.type === 'StartTraining') {
    const { facts, ...started } = command.data;
    if (state.status !== 'none') return refuse('AlreadyExists', { trainingRunId });
    if (facts.model !== 'registered') return refuse('NotFound', { modelId: started.modelId });
    const unusable = refuseUnusable(started.datasetVersionIds, facts.datasets);
    if (unusable) return unusable;
    if (started.engine === 'external' && started.grade === 'measured')
      return refuse('InvalidField', { field: 'grade', rule: 'measured is for what Assay computed itself' });
    return accept({ type: 'TrainingRunStarted', data: started });
  }
  if (state.status === 'none') return refuse('NotFound', { trainingRunId });
  if (state.status !== 'started') return refuse('NotRunning', { trainingRunId, status: state.status });
  switch (command.type) {
    case 'CompleteTraining':
      return accept({ type: 'TrainingRunCompleted', data: command.data });
    case 'FailTraining':
      return accept({ type: 'TrainingRunFailed', data: command.data });
    case 'CancelTraining':
      return accept({ type: 'TrainingRunCancelled', data: command.data });
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}

/** Whatever is made needs data, and none of it may have been withdrawn. */
export function refuseUnusable(ids: readonly string[], datasets: readonly DatasetFacts[]): Refused | undefined {
  if (ids.length === 0) return refuse('InvalidField', { field: 'datasetVersionIds', rule: 'at least one' });
  for (const datasetVersionId of ids) {
    const found = datasets.find((dataset) => dataset.datasetVersionId === datasetVersionId);
    if (!found || found.status === 'missing') return refuse('NotFound', { datasetVersionId });
    if (found.status === 'withdrawn') return refuse('Withdrawn', { datasetVersionId });
  }
  return undefined;
}
