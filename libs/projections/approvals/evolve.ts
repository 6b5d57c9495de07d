import type { ApprovalEvent, Signature } from '../../lifecycle/approval/events.js';
import type { StagePolicy } from '../../lifecycle/policy/document.js';
import type { RecordedEvent } from '../../event-store/envelope.js';
import { amend, change, insert, view, type Operation } from '../core/view.js';
import type { RowOf } from '../core/table.js';
import { openStage, type SignatureRow } from './stages.js';
import { approval, approvalAct, approvalCondition, override } from './tables.js';

type ActCells = Partial<RowOf<(typeof approvalAct)['columns']>>;

function act(event: RecordedEvent<ApprovalEvent>, id: string, name: string, cells: ActCells = {}): Operation {
  return insert(approvalAct, {
    approval_id: id,
    act: name,
    actor_id: event.metadata.actor.id,
    on_behalf_of: event.metadata.onBehalfOf,
    at: event.metadata.occurredAt,
    event_id: event.id,
    digest: event.digest,
    ...cells,
  });
}

function signed(signature: Signature): ActCells {
  return {
    actor_id: signature.signerId,
    role: signature.role,
    meaning: signature.meaning,
    on_behalf_of: signature.onBehalfOf,
    evidence_digest: signature.evidenceDigest,
    authentication: signature.authentication,
    at: signature.signedAt,
  };
}

/** The approval is over: nobody is asked for anything any more. */
function ended(event: RecordedEvent<ApprovalEvent>, id: string, status: string, cause?: string): Operation {
  return amend(
    approval,
    { approval_id: id },
    {
      status,
      open_stage: undefined,
      stage_opened_at: undefined,
      stage_deadline: undefined,
      ended_at: event.metadata.occurredAt,
      ended_by: event.metadata.actor.id,
      end_cause: cause,
    },
  );
}

function stageCells(stages: readonly StagePolicy[], signatures: readonly SignatureRow[], requestedAt: string) {
  const open = openStage(stages, signatures, requestedAt);
  return { open_stage: open?.stage.id, stage_opened_at: open?.openedAt, stage_deadline: open?.deadline };
}

/** The inbox (what is open, for whom, until when) and the ledger (every act) of approvals and overrides. */
export const approvals = view({
  name: 'approvals',
  version: 2,
  tables: [approval, approvalAct, approvalCondition, override],
  evolve: {
    ApprovalRequested: (event) => {
      const { data, metadata } = event;
      return [
        change(approval, { approval_id: data.approvalId }, () => ({
          status: 'pending',
          model_version_id: data.modelVersionId,
          model_id: data.modelId,
          requester_id: data.requesterId,
          environment: data.environment,
          policy_id: data.policyId,
          policy_version: data.policyVersion,
          tier: data.tier,
          stages: data.stages,
          pins: data.pins,
          evidence_digest: data.evidenceDigest,
          contributors: data.contributors,
          cause: data.cause,
          requested_at: metadata.occurredAt,
          expires_at: data.expiresAt,
          signatures: [],
          abstentions: [],
          ...stageCells(data.stages, [], metadata.occurredAt),
        })),
        act(event, data.approvalId, 'requested', { evidence_digest: data.evidenceDigest, actor_id: data.requesterId }),
      ];
    },
    ApprovalSigned: (event) => {
      const { approvalId, stage, signature, decision, comment } = event.data;
      return [
        change(approval, { approval_id: approvalId }, (before) => {
          if (before === undefined) return undefined;
          const { signerId, role, meaning, onBehalfOf, signedAt } = signature;
          const row: SignatureRow = {
            stage,
            signerId,
            role,
            meaning,
            ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
            signedAt,
            eventId: event.id,
          };
          const signatures = [...(before.signatures as SignatureRow[]), row];
          const stages = (before.stages ?? []) as readonly StagePolicy[];
          return { ...before, signatures, ...stageCells(stages, signatures, before.requested_at ?? signedAt) };
        }),
        act(event, approvalId, 'signed', { ...signed(signature), stage, decision, reason: comment }),
      ];
    },
    ApprovalAbstained: (event) => {
      const { approvalId, stage, signerId, role, reason } = event.data;
      return [
        change(approval, { approval_id: approvalId }, (before) =>
          before === undefined
            ? undefined
            : {
                ...before,
                abstentions: [...(before.abstentions as object[]), { stage, signerId, role, eventId: event.id }],
              },
        ),
        act(event, approvalId, 'abstained', { stage, actor_id: signerId, role, reason }),
      ];
    },
    ApprovalRejected: (event) => {
      const { approvalId, stage, signature, reason } = event.data;
      return [
        ended(event, approvalId, 'rejected'),
        act(event, approvalId, 'rejected', { ...signed(signature), stage, reason }),
      ];
    },
    ApprovalGranted: (event) => {
      const { approvalId, evidenceDigest, validUntil } = event.data;
      return [
        amend(
          approval,
          { approval_id: approvalId },
          {
            status: 'granted',
            open_stage: undefined,
            stage_opened_at: undefined,
            stage_deadline: undefined,
            granted_at: event.metadata.occurredAt,
            valid_until: validUntil,
          },
        ),
        act(event, approvalId, 'granted', { evidence_digest: evidenceDigest, detail: { validUntil } }),
      ];
    },
    ApprovalRevoked: (event) => [
      ended(event, event.data.approvalId, 'revoked'),
      act(event, event.data.approvalId, 'revoked', { actor_id: event.data.revokerId, reason: event.data.reason }),
    ],
    ApprovalVoided: (event) => {
      const { approvalId, cause, stream, eventId } = event.data;
      return [
        ended(event, approvalId, 'voided', cause),
        act(event, approvalId, 'voided', { detail: { cause, stream, eventId } }),
      ];
    },
    ApprovalExpired: (event) => {
      const { approvalId, what, stage } = event.data;
      return [
        ended(event, approvalId, 'expired', what),
        act(event, approvalId, 'expired', { stage, detail: { what } }),
      ];
    },
    ApprovalExpiryWarned: (event) => {
      const { approvalId, validUntil, days } = event.data;
      return [act(event, approvalId, 'expiry-warned', { detail: { validUntil, days } })];
    },
    ApprovalWithdrawn: (event) => [
      ended(event, event.data.approvalId, 'withdrawn'),
      act(event, event.data.approvalId, 'withdrawn', { reason: event.data.reason }),
    ],

    ApprovalConditionSet: (event) => {
      const { approvalId, conditionId, ownerId, dueAt, text, onLapse } = event.data;
      return [
        change(approvalCondition, { approval_id: approvalId, condition_id: conditionId }, () => ({
          status: 'open',
          owner_id: ownerId,
          due_at: dueAt,
          text,
          on_lapse: onLapse,
          set_at: event.metadata.occurredAt,
        })),
        act(event, approvalId, 'condition-set', { reason: text, detail: { conditionId, ownerId, dueAt, onLapse } }),
      ];
    },
    ApprovalConditionMet: (event) => {
      const { approvalId, conditionId, evidence } = event.data;
      return [
        amend(
          approvalCondition,
          { approval_id: approvalId, condition_id: conditionId },
          {
            status: 'met',
            evidence,
            ended_at: event.metadata.occurredAt,
          },
        ),
        act(event, approvalId, 'condition-met', { evidence_digest: evidence, detail: { conditionId } }),
      ];
    },
    ApprovalConditionLapsed: (event) => {
      const { approvalId, conditionId, effect } = event.data;
      return [
        amend(
          approvalCondition,
          { approval_id: approvalId, condition_id: conditionId },
          {
            status: 'lapsed',
            ended_at: event.metadata.occurredAt,
          },
        ),
        act(event, approvalId, 'condition-lapsed', { detail: { conditionId, effect } }),
      ];
    },

    OverrideUsed: (event) => {
      const { data, metadata } = event;
      return [
        change(override, { override_id: data.overrideId }, () => ({
          status: 'unreviewed',
          model_version_id: data.modelVersionId,
          model_id: data.modelId,
          environment: data.environment,
          operator_id: data.operatorId,
          reason: data.reason,
          evidence_digest: data.evidenceDigest,
          used_at: metadata.occurredAt,
          valid_until: data.validUntil,
          review_due_at: data.reviewDueAt,
          review_role: data.reviewRole,
          incident_id: data.incidentId,
        })),
        act(event, data.overrideId, 'override-used', {
          actor_id: data.operatorId,
          reason: data.reason,
          evidence_digest: data.evidenceDigest,
          authentication: data.authentication,
          detail: { incidentId: data.incidentId, policyId: data.policyId, policyVersion: data.policyVersion },
        }),
      ];
    },
    OverrideReviewed: (event) => {
      const { overrideId, reviewerId, verdict, reason } = event.data;
      return [
        amend(
          override,
          { override_id: overrideId },
          {
            status: 'reviewed',
            reviewer_id: reviewerId,
            verdict,
            review_reason: reason,
            reviewed_at: event.metadata.occurredAt,
          },
        ),
        act(event, overrideId, 'override-reviewed', { actor_id: reviewerId, reason, detail: { verdict } }),
      ];
    },
    OverrideReviewLapsed: (event) => [
      amend(override, { override_id: event.data.overrideId }, { status: 'review-lapsed' }),
      act(event, event.data.overrideId, 'override-review-lapsed'),
    ],
  },
});
