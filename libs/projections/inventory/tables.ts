import { facts, versions } from '../core/table.js';

/** A data set as registered. Its versions are sealed each in a stream of its own. */
export const dataset = versions(
  'dataset',
  ['dataset_id'],
  {
    dataset_id: 'text',
    name: 'text',
    purpose: 'text',
    legal_basis: 'text',
    licence: 'text?',
    description: 'text?',
    registered_by: 'text',
    registered_at: 'time',
  },
  ['(workspace, position)'],
);

export const datasetVersion = versions(
  'dataset_version',
  ['dataset_version_id'],
  {
    dataset_version_id: 'text',
    dataset_id: 'text?',
    number: 'integer?',
    status: 'text',
    content: 'json?',
    row_digest: 'text?',
    rows: 'integer?',
    columns: 'json?',
    profile: 'json?',
    derived_from: 'json?',
    code: 'json?',
    grade: 'text?',
    sealed_by: 'text?',
    sealed_at: 'time?',
    withdrawn_at: 'time?',
    withdrawal_reason: 'text?',
  },
  ['(workspace, dataset_id, position)', '(workspace, position)'],
);

export const dataQuality = facts(
  'data_quality',
  { dataset_version_id: 'text', rule: 'text', column_name: 'text?', detail: 'text', found_at: 'time' },
  [],
  { leading: ['workspace', 'dataset_version_id'] },
);

export const trainingRun = versions(
  'training_run',
  ['training_run_id'],
  {
    training_run_id: 'text',
    model_id: 'text?',
    status: 'text',
    dataset_version_ids: 'json?',
    engine: 'text?',
    algorithm: 'text?',
    job: 'json?',
    code: 'json?',
    seed: 'number?',
    grade: 'text?',
    started_by: 'text?',
    started_at: 'time?',
    ended_at: 'time?',
    artifact: 'json?',
    environment: 'text?',
    record: 'json?',
    measurements: 'json?',
    failure: 'text?',
    detail: 'text?',
  },
  ['(workspace, model_id, position)', '(workspace, position)'],
);

export const model = versions(
  'model',
  ['model_id'],
  {
    model_id: 'text',
    name: 'text?',
    owner_id: 'text?',
    policy_id: 'text?',
    intended_use: 'text?',
    prohibited_uses: 'json?',
    jurisdictions: 'json?',
    description: 'text?',
    registered_at: 'time?',
    latest_number: 'integer?',
  },
  ['(workspace, position)'],
);

/** An alias is one row; a moved one points elsewhere, a removed one nowhere. */
export const modelAlias = versions(
  'model_alias',
  ['model_id', 'alias'],
  { model_id: 'text', alias: 'text', model_version_id: 'text?', moved_by: 'text', moved_at: 'time' },
  ['(workspace, model_version_id)'],
);

/** What the version's own stream says. Its way through evaluation, approval and serving is joined when read. */
export const modelVersion = versions(
  'model_version',
  ['model_version_id'],
  {
    model_version_id: 'text',
    model_id: 'text?',
    number: 'integer?',
    training_run_id: 'text?',
    dataset_version_ids: 'json?',
    code: 'json?',
    artifact: 'json?',
    features: 'json?',
    grade: 'text?',
    registered_by: 'text?',
    registered_at: 'time?',
    retired_at: 'time?',
    retired_by: 'text?',
    successor_id: 'text?',
    retirement_reason: 'text?',
  },
  ['(workspace, model_id, position)', '(workspace, training_run_id)', '(workspace, position)'],
);

export const riskTier = versions('risk_tier', ['model_version_id'], {
  model_version_id: 'text',
  tier: 'text',
  function: 'text',
  inputs: 'json',
  evaluation_ids: 'json',
  set_at: 'time',
});

export const policyVersion = versions('policy_version', ['policy_id', 'version'], {
  policy_id: 'text',
  version: 'integer',
  name: 'text?',
  document: 'json?',
  digest: 'text?',
  published_by: 'text?',
  published_at: 'time?',
  superseded_by: 'integer?',
  superseded_at: 'time?',
});
