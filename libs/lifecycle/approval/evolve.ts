import type { StagePolicy } from '../policy/document.js';
import { after, isDue } from '../time.js';
import type { Id, Slug, Time } from '../values.js';
import type {
  ApprovalConditionSet,
  ApprovalEvent,
  ApprovalRequested,
  ApprovalVoided,
  OverrideUsed,
  Signature,
} from './events.js';

export interface StageProgress {
  readonly policy: StagePolicy;
  /** undefined while an earlier stage is incomplete. */
  readonly openedAt: Time | undefined;
  readonly completedAt: Time | undefined;
  readonly signatures: readonly Signature[];
  readonly abstained: readonly Id[];
}

export type Condition = Omit<ApprovalConditionSet['data'], 'approvalId'> & {
  readonly status: 'open' | 'met' | 'lapsed';
};

interface Requested {
  readonly request: ApprovalRequested['data'];
  readonly stages: readonly StageProgress[];
  readonly conditions: Readonly<Record<Id, Condition>>;
}

export type Approval =
  | { readonly status: 'none' }
  | (Requested & { readonly status: 'pending' })
  | (Requested & {
      readonly status: 'granted';
      readonly validUntil: Time;
      /** Warned of its end so many days before, newest last (rule 11). */
      readonly warned: readonly number[];
    })
  | (Requested & { readonly status: 'rejected'; readonly stage: Slug; readonly signature: Signature })
  | (Requested & { readonly status: 'withdrawn' })
  | (Requested & { readonly status: 'revoked'; readonly revokerId: Id })
  | (Requested & { readonly status: 'voided'; readonly cause: ApprovalVoided['data']['cause'] })
  | (Requested & { readonly status: 'expired'; readonly what: 'request' | 'stage' | 'approval' });

/** The events of an approval that is no override. */
export type ApprovalOnlyEvent = Exclude<ApprovalEvent, OverrideEvent>;
export type OverrideEvent = Extract<ApprovalEvent, { readonly data: { readonly overrideId: Id } }>;

export const noApproval: Approval = { status: 'none' };

export function evolve(state: Approval, event: ApprovalOnlyEvent): Approval {
  if (event.type === 'ApprovalRequested') return requested(event.data);
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'ApprovalSigned': {
      const { stage, signature } = event.data;
      return { ...state, stages: signed(state.stages, stage, signature) };
    }
    case 'ApprovalAbstained': {
      const { stage, signerId } = event.data;
      return {
        ...state,
        stages: state.stages.map((each) =>
          each.policy.id === stage ? { ...each, abstained: [...each.abstained, signerId] } : each,
        ),
      };
    }
    case 'ApprovalConditionSet': {
      const { approvalId: _, ...condition } = event.data;
      return withCondition(state, { ...condition, status: 'open' });
    }
    case 'ApprovalConditionMet':
    case 'ApprovalConditionLapsed': {
      const condition = state.conditions[event.data.conditionId];
      if (!condition) return state;
      return withCondition(state, { ...condition, status: event.type === 'ApprovalConditionMet' ? 'met' : 'lapsed' });
    }
    case 'ApprovalRejected':
      return { ...base(state), status: 'rejected', stage: event.data.stage, signature: event.data.signature };
    case 'ApprovalGranted':
      return { ...base(state), status: 'granted', validUntil: event.data.validUntil, warned: [] };
    case 'ApprovalRevoked':
      return { ...base(state), status: 'revoked', revokerId: event.data.revokerId };
    case 'ApprovalVoided':
      return { ...base(state), status: 'voided', cause: event.data.cause };
    case 'ApprovalExpired':
      return { ...base(state), status: 'expired', what: event.data.what };
    case 'ApprovalExpiryWarned':
      return state.status === 'granted' ? { ...state, warned: [...state.warned, event.data.days] } : state;
    case 'ApprovalWithdrawn':
      return { ...base(state), status: 'withdrawn' };
    default:
      event satisfies never;
      return state;
  }
}

/** The stage that waits for signatures; undefined when all are complete. */
export function openStage(state: Requested): StageProgress | undefined {
  return state.stages.find((stage) => stage.openedAt !== undefined && stage.completedAt === undefined);
}

/** When the open stage times out (rule 25); never after the request itself. */
export function stageDeadline(stage: StageProgress): Time | undefined {
  return stage.openedAt === undefined ? undefined : after(stage.openedAt, { hours: stage.policy.timeoutHours });
}

/** Days before its end at which a granted approval is announced to end (rule 11). */
export const expiryWarningDays = [90, 30, 7] as const;

/**
 * The warnings that are still to be given, each with its time: none whose time came before the last signature, and none
 * further from the end than one that was given.
 */
export function openWarnings(state: Extract<Approval, { readonly status: 'granted' }>) {
  const granted = state.stages.flatMap(({ completedAt }) => completedAt ?? []).reduce((a, b) => (a > b ? a : b), '');
  const nearest = Math.min(...state.warned, Infinity);
  return expiryWarningDays
    .map((days) => ({ days, at: after(state.validUntil, { days: -days }) }))
    .filter(({ days, at }) => days < nearest && !(granted !== '' && isDue(at, granted)));
}

/** Signatures that the stage still needs, by role. */
export function missingSignatures(
  stage: StageProgress,
): readonly { readonly role: string; readonly missing: number }[] {
  return stage.policy.quorum
    .map(({ role, minimum }) => ({
      role,
      missing: minimum - stage.signatures.filter((signature) => signature.role === role).length,
    }))
    .filter(({ missing }) => missing > 0);
}

/** Granted, but a lapsed condition holds it back (rule 10). */
export function isSuspended(state: Approval): boolean {
  return (
    state.status === 'granted' &&
    Object.values(state.conditions).some(({ status, onLapse }) => status === 'lapsed' && onLapse === 'suspend')
  );
}

/** `stages` with one more signature; a complete quorum closes the stage and opens the next. */
export function signed(
  stages: readonly StageProgress[],
  stageId: Slug,
  signature: Signature,
): readonly StageProgress[] {
  const index = stages.findIndex((stage) => stage.policy.id === stageId);
  const stage = stages[index];
  if (!stage) return stages;
  const next = { ...stage, signatures: [...stage.signatures, signature] };
  const complete = missingSignatures(next).length === 0;
  return stages.map((each, at) => {
    if (at === index) return complete ? { ...next, completedAt: signature.signedAt } : next;
    return complete && at === index + 1 ? { ...each, openedAt: signature.signedAt } : each;
  });
}

function requested(request: ApprovalRequested['data']): Approval {
  // The request expires when all its stages would have: its beginning is that many hours earlier.
  const hours = request.stages.reduce((sum, stage) => sum + stage.timeoutHours, 0);
  const openedAt = after(request.expiresAt, { hours: -hours });
  return {
    status: 'pending',
    request,
    conditions: {},
    stages: request.stages.map((policy, index) => ({
      policy,
      openedAt: index === 0 ? openedAt : undefined,
      completedAt: undefined,
      signatures: [],
      abstained: [],
    })),
  };
}

function base({ request, stages, conditions }: Requested): Requested {
  return { request, stages, conditions };
}

function withCondition<State extends Requested>(state: State, condition: Condition): State {
  return { ...state, conditions: { ...state.conditions, [condition.conditionId]: condition } };
}

/** An emergency override: never an approval (rule 18). */
export type Override =
  | { readonly status: 'none' }
  | ({ readonly status: 'used' | 'lapsed' } & OverrideUsed['data'])
  | ({
      readonly status: 'reviewed';
      readonly verdict: 'justified' | 'not-justified';
      /** The review came after its due time. */
      readonly late: boolean;
    } & OverrideUsed['data']);

export const noOverride: Override = { status: 'none' };

export function evolveOverride(state: Override, event: OverrideEvent): Override {
  if (event.type === 'OverrideUsed') return { status: 'used', ...event.data };
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'OverrideReviewed':
      return { ...state, status: 'reviewed', verdict: event.data.verdict, late: state.status === 'lapsed' };
    case 'OverrideReviewLapsed':
      return state.status === 'used' ? { ...state, status: 'lapsed' } : state;
    default:
      event satisfies never;
      return state;
  }
}
