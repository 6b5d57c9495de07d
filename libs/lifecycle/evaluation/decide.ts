import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import { clockSkewSeconds } from '../limits.js';
import { after, instant, isAfter, isDue } from '../time.js';
import type { EvaluationCommand, RecordEvaluation } from './commands.js';
import type { EvaluationEvent, GroupCount } from './events.js';
import type { Evaluation } from './evolve.js';

export function decide(command: EvaluationCommand, state: Evaluation): Decision<EvaluationEvent> {
  const { evaluationId } = command.data;
  if (command.type === 'RecordEvaluation') return record(command, state);
  if (state.status === 'none') return refuse('NotFound', { evaluationId });
  switch (command.type) {
    case 'WithdrawEvaluation':
      if (command.data.supersededBy === evaluationId) return refuse('SucceedsItself', { evaluationId });
      return state.status === 'withdrawn' ? accept() : accept({ type: 'EvaluationWithdrawn', data: command.data });
    case 'AmendEvaluation':
      if (state.status === 'withdrawn') return refuse('Withdrawn', { evaluationId });
      return accept({ type: 'EvaluationAmended', data: command.data });
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}

function record({ data, context }: RecordEvaluation, state: Evaluation): Decision<EvaluationEvent> {
  const { facts, ...evaluation } = data;
  const { evaluationId } = evaluation;
  if (state.status !== 'none') return refuse('AlreadyExists', { evaluationId });
  if (facts.modelVersion === 'missing') return refuse('NotFound', { modelVersionId: evaluation.modelVersionId });
  if (facts.modelVersion === 'retired') return refuse('Retired', { modelVersionId: evaluation.modelVersionId });
  if (facts.datasetVersion === 'missing') return refuse('NotFound', { datasetVersionId: evaluation.datasetVersionId });
  if (facts.datasetVersion === 'withdrawn')
    return refuse('Withdrawn', { datasetVersionId: evaluation.datasetVersionId });
  if (evaluation.kinds.length === 0) return refuse('InvalidField', { field: 'kinds', rule: 'at least one' });
  const latest = after(context.now, { seconds: clockSkewSeconds });
  if (Number.isNaN(instant(evaluation.collectedAt)) || isAfter(evaluation.collectedAt, latest))
    return refuse('InvalidField', { field: 'collectedAt', rule: `at most ${clockSkewSeconds} s ahead of the clock` });
  // Rule 14: evidence ages from when it was collected, not from when somebody handed it in.
  const expiresAt = after(evaluation.collectedAt, { days: facts.evidenceValidDays });
  if (isDue(expiresAt, context.now)) return refuse('EvidenceStale', { evaluationId, expiresAt });
  for (const [index, measurement] of evaluation.measurements.entries())
    if ((measurement.value === null) !== (measurement.undefined !== undefined))
      return refuse('InvalidField', {
        field: `measurements[${index}]`,
        rule: 'either a value, or the reason why there is none',
        definition: measurement.definition,
      });
  const uneven = evaluation.groups.findIndex((group) => cells(group) !== group.n);
  if (uneven >= 0) return refuse('InvalidField', { field: `groups[${uneven}]`, rule: 'the four cells sum to n' });
  return accept<EvaluationEvent>(
    { type: 'EvaluationRecorded', data: { ...evaluation, expiresAt } },
    ...facts.gates.map((gate) => ({ type: 'GateDecided', data: { evaluationId, ...gate } }) as const),
  );
}

function cells(count: GroupCount): number {
  return count.truePositives + count.falsePositives + count.trueNegatives + count.falseNegatives;
}
