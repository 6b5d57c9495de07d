import { facts, versions } from '../core/table.js';

/** An identity is a random id; what names it lies in the vault. */
export const identity = versions(
  'identity',
  ['identity_id'],
  {
    identity_id: 'text',
    kind: 'text',
    status: 'text',
    owner_id: 'text?',
    subject: 'text?',
    display_name: 'text?',
    registered_at: 'time?',
    erased_at: 'time?',
  },
  ['(workspace, position)'],
);

export const identityLink = facts(
  'identity_link',
  { identity_id: 'text', linked_id: 'text', linked_at: 'time' },
  ['(workspace, linked_id)'],
  { leading: ['workspace', 'identity_id'] },
);

export const serviceKey = versions(
  'service_key',
  ['identity_id', 'key_id'],
  {
    identity_id: 'text',
    key_id: 'text',
    status: 'text',
    scopes: 'json?',
    issued_at: 'time?',
    expires_at: 'time?',
    ended_at: 'time?',
  },
  ['(workspace, position)'],
);

/** Grants and delegations. `granted_by` gave it; a delegation also names its delegator. */
export const accessGrant = versions(
  'access_grant',
  ['grant_id'],
  {
    grant_id: 'text',
    kind: 'text?',
    status: 'text',
    subject_id: 'text?',
    delegator_id: 'text?',
    role: 'text?',
    scope: 'text?',
    valid_from: 'time?',
    valid_until: 'time?',
    granted_by: 'text?',
    ended_at: 'time?',
    ended_by: 'text?',
    end_reason: 'text?',
  },
  ['(workspace, subject_id)', '(workspace, position)'],
);

export const workspaceOpening = facts('workspace_opening', {
  issuer: 'text',
  audience: 'text',
  administrator: 'text',
  grant_id: 'text',
  service_key_id: 'text',
  opened_at: 'time',
});

export const denial = facts(
  'denial',
  {
    actor_id: 'text',
    rule: 'text',
    action: 'text',
    subject: 'text?',
    minute: 'time',
    count: 'integer',
    details: 'json',
    event_id: 'text',
    digest: 'text',
  },
  ['(workspace, actor_id, position)', '(workspace, subject, position)'],
  { leading: ['workspace'] },
);

/** An export as asked for and as made. */
export const exportRequest = versions(
  'export_request',
  ['export_id'],
  {
    export_id: 'text',
    status: 'text',
    kind: 'text?',
    model_version_id: 'text?',
    as_of: 'text?',
    requester_id: 'text?',
    requested_at: 'time?',
    files: 'json?',
    ended_at: 'time?',
    failure: 'text?',
  },
  ['(workspace, model_version_id, position)', '(workspace, position)'],
);

/** Access to evidence is evidence (rule 26). */
export const evidenceAccess = facts(
  'evidence_access',
  { export_id: 'text', reader_id: 'text', what: 'text', at: 'time', event_id: 'text', digest: 'text' },
  ['(workspace, export_id, position)', '(workspace, reader_id, position)'],
  { leading: ['workspace'] },
);
