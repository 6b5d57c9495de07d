import type { Arm, DeploymentEvent } from '../../lifecycle/deployment/events.js';
import type { PermitEvent } from '../../lifecycle/permit/events.js';
import type { RecordedEvent } from '../../event-store/envelope.js';
import { amend, change, insert, view, type Operation } from '../core/view.js';
import { deployment, deploymentChange, incident, permit, predictionSegment } from './tables.js';

interface Change {
  readonly deploymentId: string;
  readonly modelVersionId?: string;
  readonly arms: readonly Arm[];
  readonly cause?: string;
  readonly reason?: string;
}

function changed(event: RecordedEvent<DeploymentEvent>, act: string, what: Change): Operation {
  return insert(deploymentChange, {
    deployment_id: what.deploymentId,
    act,
    model_version_id: what.modelVersionId,
    arms: what.arms,
    cause: what.cause,
    reason: what.reason,
    actor_id: event.metadata.actor.id,
    on_behalf_of: event.metadata.onBehalfOf,
    at: event.metadata.occurredAt,
    event_id: event.id,
    digest: event.digest,
  });
}

function moved(
  event: RecordedEvent<DeploymentEvent>,
  act: string,
  status: string | undefined,
  what: Change,
): Operation[] {
  return [
    amend(
      deployment,
      { deployment_id: what.deploymentId },
      {
        ...(status === undefined ? {} : { status }),
        arms: what.arms,
        ...(what.modelVersionId === undefined ? {} : { model_version_id: what.modelVersionId }),
        changed_at: event.metadata.occurredAt,
        changed_by: event.metadata.actor.id,
        cause: what.cause,
        reason: what.reason,
      },
    ),
    changed(event, act, what),
  ];
}

function permitBecame(
  event: RecordedEvent<PermitEvent>,
  permitId: string,
  status: string,
  cause?: string,
): Operation[] {
  return [
    amend(
      permit,
      { permit_id: permitId },
      {
        status,
        cause,
        changed_at: event.metadata.occurredAt,
        event_id: event.id,
      },
    ),
  ];
}

/** What serves where and what served when, under which permit; and what went wrong there. */
export const deployments = view({
  name: 'deployments',
  version: 2,
  tables: [deployment, deploymentChange, permit, predictionSegment, incident],
  evolve: {
    DeploymentStarted: (event) => {
      const { data, metadata } = event;
      return [
        change(deployment, { deployment_id: data.deploymentId }, () => ({
          status: 'started',
          endpoint: data.endpoint,
          environment: data.environment,
          model_id: data.modelId,
          model_version_id: data.modelVersionId,
          strategy: data.strategy,
          salt: data.salt,
          arms: data.arms,
          started_at: metadata.occurredAt,
          started_by: metadata.actor.id,
          changed_at: metadata.occurredAt,
          changed_by: metadata.actor.id,
        })),
        changed(event, 'started', data),
      ];
    },
    TrafficShifted: (event) => moved(event, 'traffic-shifted', undefined, event.data),
    DeploymentPromoted: (event) => moved(event, 'promoted', 'promoted', event.data),
    DeploymentRolledBack: (event) => moved(event, 'rolled-back', 'rolled-back', event.data),
    DeploymentStopped: (event) => moved(event, 'stopped', 'stopped', { ...event.data, arms: [] }),

    PermitIssued: (event) => {
      const { permit: issued, keyId } = event.data;
      return [
        change(permit, { permit_id: issued.permitId }, () => ({
          status: 'valid',
          model_version_id: issued.modelVersionId,
          artifact_digest: issued.artifactDigest,
          environment: issued.environment,
          basis_kind: issued.basis.kind,
          basis_id: issued.basis.id,
          issued_at: issued.issuedAt,
          valid_until: issued.validUntil,
          key_id: keyId,
          changed_at: event.metadata.occurredAt,
          event_id: event.id,
        })),
      ];
    },
    PermitSuspended: (event) => permitBecame(event, event.data.permitId, 'suspended', event.data.cause),
    PermitResumed: (event) => permitBecame(event, event.data.permitId, 'valid', event.data.cause),
    PermitRevoked: (event) => permitBecame(event, event.data.permitId, 'revoked', event.data.cause),
    PermitExpired: (event) => permitBecame(event, event.data.permitId, 'expired'),

    PredictionSegmentSealed: ({ id, data, digest }) => [
      insert(predictionSegment, {
        segment_id: data.segmentId,
        deployment_id: data.deploymentId,
        rows: data.rows,
        permits: data.permits,
        content: data.content,
        segment_digest: data.digest,
        from_time: data.from,
        to_time: data.to,
        event_id: id,
        digest,
      }),
    ],

    IncidentOpened: ({ data, metadata }) => [
      change(incident, { incident_id: data.incidentId }, () => ({
        status: 'open',
        kind: data.kind,
        model_version_id: data.modelVersionId,
        reference: data.reference,
        aware_at: data.awareAt,
        opened_at: metadata.occurredAt,
        opened_by: metadata.actor.id,
        description: data.description,
      })),
    ],
    IncidentClosed: ({ data, metadata }) => [
      amend(
        incident,
        { incident_id: data.incidentId },
        {
          status: 'closed',
          closed_at: metadata.occurredAt,
          closed_by: metadata.actor.id,
          closing_reason: data.reason,
        },
      ),
    ],
  },
});
