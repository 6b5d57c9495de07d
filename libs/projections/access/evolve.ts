import type { AccessGrantEvent } from '../../lifecycle/access-grant/events.js';
import type { RecordedEvent } from '../../event-store/envelope.js';
import { amend, change, insert, view, type Operation } from '../core/view.js';
import {
  accessGrant,
  denial,
  evidenceAccess,
  exportRequest,
  identity,
  identityLink,
  serviceKey,
  workspaceOpening,
} from './tables.js';

/** The end of a grant. The first administrator's grant began in the workspace's stream: its row has only an end. */
function grantEnded(
  event: RecordedEvent<AccessGrantEvent>,
  grantId: string,
  status: string,
  reason?: string,
): Operation[] {
  return [
    change(accessGrant, { grant_id: grantId }, (before) => ({
      ...before,
      status,
      ended_at: event.metadata.occurredAt,
      ended_by: event.metadata.actor.id,
      end_reason: reason,
    })),
  ];
}

/** Who exists, who could do what and when, who was refused, and who read evidence. Ids only. */
export const access = view({
  name: 'access',
  version: 2,
  tables: [identity, identityLink, serviceKey, accessGrant, workspaceOpening, denial, exportRequest, evidenceAccess],
  evolve: {
    WorkspaceOpened: ({ data, metadata }) => [
      insert(workspaceOpening, {
        issuer: data.issuer,
        audience: data.audience,
        administrator: data.administrator,
        grant_id: data.grantId,
        service_key_id: data.serviceKeyId,
        opened_at: metadata.occurredAt,
      }),
    ],

    PersonRegistered: ({ data, metadata }) => [
      change(identity, { identity_id: data.identityId }, () => ({
        kind: 'person',
        status: 'registered',
        subject: data.subject,
        display_name: data.displayName,
        registered_at: metadata.occurredAt,
      })),
    ],
    ServiceRegistered: ({ data, metadata }) => [
      change(identity, { identity_id: data.identityId }, () => ({
        kind: 'service',
        status: 'registered',
        owner_id: data.ownerId,
        display_name: data.displayName,
        registered_at: metadata.occurredAt,
      })),
    ],
    IdentityLinked: ({ data, metadata }) => [
      insert(identityLink, {
        identity_id: data.identityId,
        linked_id: data.linkedId,
        linked_at: metadata.occurredAt,
      }),
    ],
    IdentityErased: ({ data, metadata }) => [
      amend(identity, { identity_id: data.identityId }, { status: 'erased', erased_at: metadata.occurredAt }),
    ],
    ServiceKeyIssued: ({ data, metadata }) => [
      change(serviceKey, { identity_id: data.identityId, key_id: data.keyId }, () => ({
        status: 'issued',
        scopes: data.scopes,
        issued_at: metadata.occurredAt,
        expires_at: data.expiresAt,
      })),
    ],
    ServiceKeyRevoked: ({ data, metadata }) => [
      change(serviceKey, { identity_id: data.identityId, key_id: data.keyId }, (before) => ({
        ...before,
        status: 'revoked',
        ended_at: metadata.occurredAt,
      })),
    ],

    AccessGranted: ({ data, metadata }) => [
      change(accessGrant, { grant_id: data.grantId }, () => ({
        kind: 'grant',
        status: 'granted',
        subject_id: data.subjectId,
        role: data.role,
        scope: data.scope,
        valid_from: data.validFrom,
        valid_until: data.validUntil,
        granted_by: metadata.actor.id,
      })),
    ],
    AccessRevoked: (event) => grantEnded(event, event.data.grantId, 'revoked', event.data.reason),
    AccessExpired: (event) => grantEnded(event, event.data.grantId, 'expired'),
    DelegationGranted: ({ data, metadata }) => [
      change(accessGrant, { grant_id: data.grantId }, () => ({
        kind: 'delegation',
        status: 'granted',
        subject_id: data.delegateId,
        delegator_id: data.delegatorId,
        role: data.role,
        scope: data.scope,
        valid_from: data.validFrom,
        valid_until: data.validUntil,
        granted_by: metadata.actor.id,
      })),
    ],
    DelegationEnded: (event) => grantEnded(event, event.data.grantId, 'ended', event.data.reason),

    DenialCounted: ({ id, data, digest }) => [
      insert(denial, {
        actor_id: data.actorId,
        rule: data.rule,
        action: data.action,
        subject: data.subject,
        minute: data.minute,
        count: data.count,
        details: data.details,
        event_id: id,
        digest,
      }),
    ],

    ExportRequested: ({ data, metadata }) => [
      change(exportRequest, { export_id: data.exportId }, () => ({
        status: 'requested',
        kind: data.kind,
        model_version_id: data.modelVersionId,
        as_of: data.asOf,
        requester_id: data.requesterId,
        requested_at: metadata.occurredAt,
      })),
    ],
    ExportBuilt: ({ data, metadata }) => [
      change(exportRequest, { export_id: data.exportId }, (before) => ({
        ...before,
        status: 'built',
        files: data.files,
        ended_at: metadata.occurredAt,
      })),
    ],
    ExportFailed: ({ data, metadata }) => [
      change(exportRequest, { export_id: data.exportId }, (before) => ({
        ...before,
        status: 'failed',
        failure: data.code,
        ended_at: metadata.occurredAt,
      })),
    ],
    EvidenceAccessed: ({ id, data, metadata, digest }) => [
      insert(evidenceAccess, {
        export_id: data.exportId,
        reader_id: data.readerId,
        what: data.what,
        at: metadata.occurredAt,
        event_id: id,
        digest,
      }),
    ],
  },
});
