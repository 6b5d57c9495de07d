import { facts, versions } from '../core/table.js';

export const deployment = versions(
  'deployment',
  ['deployment_id'],
  {
    deployment_id: 'text',
    status: 'text',
    endpoint: 'text?',
    environment: 'text?',
    model_id: 'text?',
    model_version_id: 'text?',
    strategy: 'text?',
    salt: 'text?',
    arms: 'json',
    started_at: 'time?',
    started_by: 'text?',
    changed_at: 'time',
    changed_by: 'text',
    cause: 'text?',
    reason: 'text?',
  },
  ['(workspace, endpoint)', '(workspace, model_id, position)', '(workspace, position)'],
);

/** Every change of what serves: the whole split after it. The register of production changes (SOC 2 CC8.1). */
export const deploymentChange = facts(
  'deployment_change',
  {
    deployment_id: 'text',
    act: 'text',
    model_version_id: 'text?',
    arms: 'json',
    cause: 'text?',
    reason: 'text?',
    actor_id: 'text',
    on_behalf_of: 'text?',
    at: 'time',
    event_id: 'text',
    digest: 'text',
  },
  ['(workspace, deployment_id, position)', '(workspace, at)'],
  { leading: ['workspace'] },
);

export const permit = versions(
  'permit',
  ['permit_id'],
  {
    permit_id: 'text',
    status: 'text',
    model_version_id: 'text?',
    artifact_digest: 'text?',
    environment: 'text?',
    basis_kind: 'text?',
    basis_id: 'text?',
    issued_at: 'time?',
    valid_until: 'time?',
    key_id: 'text?',
    changed_at: 'time',
    cause: 'text?',
    event_id: 'text',
  },
  ['(workspace, model_version_id, position)', '(workspace, basis_id)', '(workspace, position)'],
);

export const predictionSegment = facts(
  'prediction_segment',
  {
    segment_id: 'text',
    deployment_id: 'text',
    rows: 'json',
    permits: 'json',
    content: 'json',
    segment_digest: 'text',
    from_time: 'time',
    to_time: 'time',
    event_id: 'text',
    digest: 'text',
  },
  ['(workspace, deployment_id, position)'],
  { leading: ['workspace'] },
);

export const incident = versions(
  'incident',
  ['incident_id'],
  {
    incident_id: 'text',
    status: 'text',
    kind: 'text?',
    model_version_id: 'text?',
    reference: 'text?',
    aware_at: 'time?',
    opened_at: 'time?',
    opened_by: 'text?',
    description: 'text?',
    closed_at: 'time?',
    closed_by: 'text?',
    closing_reason: 'text?',
  },
  ['(workspace, model_version_id, position)', '(workspace, position)'],
);
