import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { AssayEvent } from '#libs/lifecycle';
import { isSuspended } from '#libs/lifecycle/approval';
import { example, examples, id, time } from '../../libs/lifecycle/examples.js';
import { plan, type Intent } from './plan.js';
import { given, type FedView } from './testing.js';

/** What the application writes when it accepts the command. */
function eventOf(intent: Intent, view: FedView): AssayEvent | undefined {
  switch (intent.name) {
    case 'VoidApproval':
      return { type: 'ApprovalVoided', data: intent.input } as AssayEvent;
    case 'ExpireApproval':
      return { type: 'ApprovalExpired', data: intent.input } as AssayEvent;
    case 'WarnOfExpiry': {
      const { approvalId, days } = intent.input;
      const approval = view.approvals.get(approvalId)?.state;
      if (approval?.status !== 'granted') throw new Error('warned of an approval that is not granted');
      return { type: 'ApprovalExpiryWarned', data: { approvalId, validUntil: approval.validUntil, days } };
    }
    case 'LapseCondition': {
      const { onLapse: effect } = view.approvals.get(intent.input.approvalId)!.state.conditions[
        intent.input.conditionId
      ]!;
      return { type: 'ApprovalConditionLapsed', data: { ...intent.input, effect } };
    }
    case 'LapseOverrideReview':
      return { type: 'OverrideReviewLapsed', data: intent.input };
    case 'IssuePermit': {
      const { permitId, basis } = intent.input;
      const approval = view.approvals.get(basis.id)?.state;
      const validUntil = approval?.status === 'granted' ? approval.validUntil : examples.OverrideUsed.validUntil;
      const permit = { ...examples.PermitIssued.permit, permitId, basis, validUntil };
      return { type: 'PermitIssued', data: { ...examples.PermitIssued, permit } };
    }
    case 'SuspendPermit':
      return { type: 'PermitSuspended', data: intent.input };
    case 'ResumePermit':
      return { type: 'PermitResumed', data: intent.input };
    case 'RevokePermit':
      return { type: 'PermitRevoked', data: intent.input };
    case 'ExpirePermit':
      return { type: 'PermitExpired', data: intent.input };
    case 'ExpireAccess':
      return { type: 'AccessExpired', data: intent.input };
    case 'OpenIncident':
      return { type: 'IncidentOpened', data: intent.input } as AssayEvent;
    case 'StopDeployment':
      return example('DeploymentStopped', { deploymentId: intent.input.deploymentId });
    case 'RollBackDeployment': {
      const { deploymentId, modelVersionId } = intent.input;
      const arms = examples.DeploymentStarted.arms.map((arm) => ({
        ...arm,
        weight: arm.modelVersionId === modelVersionId ? 10_000 : 0,
      }));
      return example('DeploymentRolledBack', { deploymentId, modelVersionId, arms });
    }
    default:
      return undefined;
  }
}

const riskSignature = { ...examples.ApprovalSigned.signature, signerId: id('rita'), role: 'risk-officer' as const };
const overridePermit = id('override-permit');
const happenings: readonly AssayEvent[] = [
  example('ApprovalSigned'),
  example('ApprovalSigned', { stage: 'risk', signature: riskSignature }),
  example('ApprovalGranted'),
  example('ApprovalConditionSet'),
  example('ApprovalConditionSet', { onLapse: 'escalate', conditionId: id('other-condition') }),
  example('ApprovalConditionMet'),
  example('ApprovalRevoked'),
  example('ApprovalRejected'),
  example('ApprovalWithdrawn'),
  example('EvaluationAmended'),
  example('EvaluationWithdrawn'),
  example('IdentityLinked', { identityId: id('vera'), linkedId: id('ana') }),
  example('ModelVersionRetired'),
  example('OverrideUsed'),
  example('OverrideReviewed'),
  example('DeploymentStarted', {
    arms: examples.DeploymentStarted.arms.map((arm, index) =>
      index === 0 ? { ...arm, permitId: overridePermit } : arm,
    ),
  }),
  example('AccessGranted', { validUntil: time(500) }),
];

/** Acts until nothing is left to do; throws when it does not end, or asks for the same twice. */
function converge(view: FedView, now: number, done: Set<string>): void {
  for (let round = 0; ; round += 1) {
    const { intents, settled } = plan(view, now);
    for (const basis of settled) view.settle(basis);
    if (intents.length === 0) return;
    if (round > 20) throw new Error(`no end: ${JSON.stringify(intents)}`);
    for (const intent of intents) {
      if (done.has(intent.commandId)) throw new Error(`twice: ${JSON.stringify(intent)}`);
      done.add(intent.commandId);
      const event = eventOf(intent, view);
      if (!event) throw new Error(`unexpected ${intent.name}`);
      view.feed(event);
      break; // As the manager does: one act, then its event, then a new plan.
    }
  }
}

test('property: whatever happens, the acts come to an end, and every permit left open still has its ground', () => {
  let open = 0;
  fc.assert(
    fc.property(
      // Each happens at most once, in any order.
      fc.shuffledSubarray([...happenings]),
      fc.array(fc.integer({ min: 0, max: 60 * 24 * 30 }), {
        minLength: happenings.length,
        maxLength: happenings.length,
      }),
      fc.constantFrom('justified', 'not-justified'),
      (events, waits, verdict) => {
        const view = given(example('EvaluationRecorded'), example('GateDecided'), example('ApprovalRequested'));
        const done = new Set<string>();
        let minutes = 40;
        for (const [step, event] of events.entries()) {
          view.feed(event.type === 'OverrideReviewed' ? example('OverrideReviewed', { verdict }) : event);
          minutes += waits[step]!;
          converge(view, Date.parse(time(minutes)), done);
          const now = Date.parse(time(minutes));
          for (const permitId of view.livePermits) {
            const { permit, status } = view.serving.permit(permitId)!;
            expect(Date.parse(permit.validUntil)).toBeGreaterThan(now);
            expect(view.retired.has(permit.modelVersionId)).toBe(false);
            if (status !== 'active') continue;
            open += 1;
            const approval = view.approvals.get(permit.basis.id);
            const override = view.overrides.get(permit.basis.id);
            if (permit.basis.kind === 'approval') {
              expect(approval?.state.status).toBe('granted');
              expect(approval?.moved).toBeUndefined();
              expect(isSuspended(approval!.state)).toBe(false);
            } else if (override?.state.status === 'used') {
              expect(Date.parse(override.state.reviewDueAt)).toBeGreaterThan(now);
            } else if (override) expect(override.state).toMatchObject({ status: 'reviewed', verdict: 'justified' });
            else expect(verdict).toBe('justified'); // Settled: its permit runs out by itself.
          }
        }
      },
    ),
    { numRuns: 400 },
  );
  expect(open).toBeGreaterThan(20);
});
