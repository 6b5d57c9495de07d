import type { Decider } from '../kernel.js';
import type { ApprovalCommand, OverrideCommand } from './commands.js';
import { decide } from './decide.js';
import {
  evolve,
  evolveOverride,
  noApproval,
  noOverride,
  type Approval,
  type ApprovalOnlyEvent,
  type Override,
  type OverrideEvent,
} from './evolve.js';
import { decideOverride } from './override.js';

export { evidenceDigest } from './evidence.js';
export { expiryWarningDays, isSuspended, missingSignatures, openStage, openWarnings, stageDeadline } from './evolve.js';
export type { Approval, ApprovalOnlyEvent, Condition, Override, OverrideEvent, StageProgress } from './evolve.js';
export { exclusionOf } from './exclusion.js';
export { signingNonce } from './nonce.js';

export const approval: Decider<ApprovalCommand, ApprovalOnlyEvent, Approval> = {
  initial: noApproval,
  decide,
  evolve,
};
/** Overrides lie in streams of the same kind, each in one of its own; an override is never an approval. */
export const override: Decider<OverrideCommand, OverrideEvent, Override> = {
  initial: noOverride,
  decide: decideOverride,
  evolve: evolveOverride,
};
