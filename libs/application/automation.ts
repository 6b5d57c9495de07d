import { override } from '#libs/lifecycle/approval';
import { approval } from '#libs/lifecycle/approval';
import type { Id } from '#libs/lifecycle';
import { requested } from './approvals.js';
import { decide, fold, perform, Refusal, type Call } from './call.js';
import type { Handlers } from './handlers.js';

/** What follows from events and timers. The process manager asks, under its own grants; each decider says whether it is due. */
export const automation: Pick<
  Handlers,
  'VoidApproval' | 'ExpireApproval' | 'WarnOfExpiry' | 'LapseCondition' | 'LapseOverrideReview'
> = {
  async VoidApproval(call, input) {
    await authorizeApproval(call, input.approvalId);
    return perform(call, approval, 'approval', input.approvalId, 'VoidApproval', () => input);
  },

  async ExpireApproval(call, input) {
    await authorizeApproval(call, input.approvalId);
    return perform(call, approval, 'approval', input.approvalId, 'ExpireApproval', () => input);
  },

  async WarnOfExpiry(call, input) {
    await authorizeApproval(call, input.approvalId);
    return perform(call, approval, 'approval', input.approvalId, 'WarnOfExpiry', () => input);
  },

  async LapseCondition(call, input) {
    await authorizeApproval(call, input.approvalId);
    return perform(call, approval, 'approval', input.approvalId, 'LapseCondition', () => input);
  },

  async LapseOverrideReview(call, { overrideId }) {
    const loaded = await call.load('approval', overrideId);
    const [used] = loaded.events;
    if (used?.type !== 'OverrideUsed') throw new Refusal('NotFound', { overrideId }, loaded.stream);
    call.authorize('automate', 'Approval', { modelId: used.data.modelId });
    const before = await call.repeated(loaded);
    if (before) return before;
    const events = decide(call, override, loaded, fold(override, loaded), 'LapseOverrideReview', { overrideId });
    if (events.length > 0) await call.append(loaded, events);
    return call.accepted(loaded);
  },
};

async function authorizeApproval(call: Call, approvalId: Id): Promise<void> {
  const { state } = await requested(call, approvalId);
  call.authorize('automate', 'Approval', { modelId: state.request.modelId });
}
