import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import { after } from '../time.js';
import type { RequestApproval } from './commands.js';
import { evidenceDigest, refuseFailed, refuseUnfit } from './evidence.js';
import type { Approval, ApprovalOnlyEvent } from './evolve.js';

/** A request stands on evidence that exists, is fresh and has passed every gate; it says why it is made (rule 12). */
export function requestApproval({ data, context }: RequestApproval, state: Approval): Decision<ApprovalOnlyEvent> {
  const { facts, tierPolicy, ...request } = data;
  if (state.status !== 'none') return refuse('AlreadyExists', { approvalId: data.approvalId });
  if (facts.modelVersion === 'missing') return refuse('NotFound', { modelVersionId: data.modelVersionId });
  if (facts.modelVersion === 'retired') return refuse('Retired', { modelVersionId: data.modelVersionId });
  if (facts.pending.length > 0) return refuse('AlreadyPending', { approvals: facts.pending });
  if (tierPolicy.stages.length === 0) return refuse('InvalidPolicy', { field: `/tiers/${facts.tier}/stages` });
  const failed = refuseFailed(facts.verdicts);
  if (failed) return failed;
  const missing = facts.requiredGates.filter((gate) => !facts.verdicts.some(({ gateId }) => gateId === gate));
  if (missing.length > 0) return refuse('GateMissing', { gates: missing });
  if (facts.evidence.length === 0) return refuse('EvidenceMissing');
  const unfit = refuseUnfit(facts.evidence, context.now);
  if (unfit) return unfit;
  const hours = tierPolicy.stages.reduce((sum, stage) => sum + stage.timeoutHours, 0);
  const pins = facts.evidence.map(({ pin }) => pin);
  return accept({
    type: 'ApprovalRequested',
    data: {
      ...request,
      requesterId: context.actor.id,
      policyId: facts.policyId,
      policyVersion: facts.policyVersion,
      tier: facts.tier,
      stages: tierPolicy.stages,
      approvalValidDays: tierPolicy.approvalValidDays,
      pins,
      evidenceDigest: evidenceDigest(pins),
      contributors: facts.contributors,
      expiresAt: after(context.now, { hours }),
    },
  });
}
