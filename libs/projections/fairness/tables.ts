import { facts, versions } from '../core/table.js';

export const evaluation = versions(
  'evaluation',
  ['evaluation_id'],
  {
    evaluation_id: 'text',
    status: 'text',
    model_version_id: 'text?',
    dataset_version_id: 'text?',
    kinds: 'json?',
    scheme: 'text?',
    report: 'json?',
    collected_at: 'time?',
    expires_at: 'time?',
    grade: 'text?',
    evaluated_by: 'text?',
    evaluated_at: 'time?',
    amendments: 'json',
    superseded_by: 'text?',
    withdrawn_at: 'time?',
    withdrawal_reason: 'text?',
    event_id: 'text?',
    digest: 'text?',
  },
  ['(workspace, model_version_id, position)', '(workspace, dataset_version_id, position)', '(workspace, position)'],
);

/** A number with its definition, doubt and source. `value` is NULL exactly when `undefined_because` says why. */
export const evaluationMeasurement = facts(
  'evaluation_measurement',
  {
    evaluation_id: 'text',
    definition: 'text',
    value: 'number?',
    undefined_because: 'text?',
    n: 'integer',
    denominator: 'number?',
    interval: 'json?',
    group_values: 'json?',
    source: 'text?',
  },
  [],
  { leading: ['workspace', 'evaluation_id'] },
);

export const evaluationGroup = facts(
  'evaluation_group',
  {
    evaluation_id: 'text',
    group_values: 'json',
    n: 'integer',
    true_positives: 'integer',
    false_positives: 'integer',
    true_negatives: 'integer',
    false_negatives: 'integer',
  },
  [],
  { leading: ['workspace', 'evaluation_id'] },
);

export const gateVerdict = facts(
  'gate_verdict',
  {
    evaluation_id: 'text',
    gate_id: 'text',
    verdict: 'text',
    measurement: 'json',
    threshold: 'number',
    operator: 'text',
    reads: 'text',
    decision: 'json',
    decided_at: 'time',
    event_id: 'text',
    digest: 'text',
  },
  ['(workspace, evaluation_id, position)'],
  { leading: ['workspace'] },
);
