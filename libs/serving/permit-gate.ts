import { type VerifyingKey, canonicalJson, verifyPermit } from '#libs/signing';
import type { ListedDeployment, ListedPermit, ListedVersion, PermitStatus } from './directory.js';
import { type SignedClosing, type SignedLease, closingFault, leaseFault, leaseMilliseconds } from './lease.js';

/**
 * The permit gate (design rule 3), a pure state machine: time comes in with every call and nothing is read or sent.
 * It opens for a version only while everything can be shown: a lease that answers this server's own fresh question,
 * not older than 30 s, and a signed permit in it for exactly this version, environment and artifact that has neither
 * expired nor been suspended or revoked. Every doubt closes it.
 */
export interface GateState {
  readonly workspace: string;
  readonly environment: string;
  readonly server: string;
  readonly trusted: readonly VerifyingKey[];
  /** Questions under way: nonce → the moment of sending. */
  readonly asked: ReadonlyMap<string, Moment>;
  readonly lease?: HeldLease;
  /** Permits closed by push, with the position of the closing event: an older lease does not bring them back. */
  readonly closed: ReadonlyMap<
    string,
    { readonly status: PermitStatus; readonly cause?: string; readonly position: bigint }
  >;
  /** Latest wall time seen, milliseconds since 1970: a wall clock that is put back extends nothing. */
  readonly latestWall: number;
}

export interface HeldLease {
  readonly position: bigint;
  readonly asked: Moment;
  readonly received: Moment;
  /** The issuer's wall clock when it signed, milliseconds since 1970. */
  readonly issuedAt: number;
  readonly validForMilliseconds: number;
  readonly deployments: readonly ListedDeployment[];
  readonly versions: ReadonlyMap<string, ListedVersion>;
  readonly permits: readonly HeldPermit[];
}

/** A permit whose signature was looked at; `text` is what was looked at, so that the next lease need not repeat it. */
export interface HeldPermit extends ListedPermit {
  readonly holds: boolean;
  readonly text: string;
}

/** One moment on both clocks, milliseconds. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

export type GateEvent =
  | { readonly type: 'asked'; readonly nonce: string }
  | { readonly type: 'answered'; readonly signed: SignedLease }
  | { readonly type: 'closed'; readonly signed: SignedClosing };

/** Why an answer or a push was not taken. */
export type GateFault = 'UnknownKey' | 'BadSignature' | 'NotAsked' | 'OtherServer' | 'OlderPosition' | 'MalformedLease';

/** Why the gate is closed. The first group is for a person to solve (403), the second passes by itself (503). */
export type ClosedRule =
  | 'NoPermit'
  | 'PermitSignature'
  | 'PermitSuspended'
  | 'PermitRevoked'
  | 'PermitExpired'
  | 'ArtifactMismatch'
  | 'NoLease'
  | 'LeaseExpired';

export type GateVerdict =
  | { readonly open: true; readonly permitId: string }
  | { readonly open: false; readonly rule: ClosedRule; readonly cause?: string };

/** Answers that are waited for at a time; the oldest question is given up first. */
const questionLimit = 16;

export function closedGate(server: Pick<GateState, 'workspace' | 'environment' | 'server' | 'trusted'>): GateState {
  return { ...server, asked: new Map(), closed: new Map(), latestWall: 0 };
}

export function evolveGate(
  state: GateState,
  event: GateEvent,
  now: Moment,
): { readonly state: GateState; readonly fault?: GateFault } {
  const seen = { ...state, latestWall: Math.max(state.latestWall, now.wall) };
  switch (event.type) {
    case 'asked': {
      const asked = [...seen.asked, [event.nonce, now] as const].slice(-questionLimit);
      return { state: { ...seen, asked: new Map(asked) } };
    }
    case 'answered':
      return takeLease(seen, event.signed, now);
    case 'closed': {
      const fault = closingFault(event.signed, seen.trusted);
      if (fault) return { state: seen, fault };
      const { permitId, status, cause, position } = event.signed.closing;
      if (!/^\d{1,20}$/.test(position)) return { state: seen, fault: 'MalformedLease' };
      const entry = { status, position: BigInt(position), ...(cause === undefined ? {} : { cause }) };
      return { state: { ...seen, closed: new Map([...seen.closed, [permitId, entry]]) } };
    }
  }
}

function takeLease(state: GateState, signed: SignedLease, now: Moment): { state: GateState; fault?: GateFault } {
  const fault = leaseFault(signed, state.trusted);
  if (fault) return { state, fault };
  const { lease } = signed;
  if (lease.workspace !== state.workspace || lease.environment !== state.environment || lease.server !== state.server)
    return { state, fault: 'OtherServer' };
  const asked = state.asked.get(lease.nonce);
  if (!asked) return { state, fault: 'NotAsked' };
  const issuedAt = Date.parse(lease.issuedAt);
  if (!/^\d{1,20}$/.test(lease.position) || Number.isNaN(issuedAt) || !(lease.validForMilliseconds > 0))
    return { state, fault: 'MalformedLease' };
  const position = BigInt(lease.position);
  const open = new Map([...state.asked].filter(([nonce]) => nonce !== lease.nonce));
  if (state.lease && position < state.lease.position)
    return { state: { ...state, asked: open }, fault: 'OlderPosition' };
  const held: HeldLease = {
    position,
    asked,
    received: now,
    issuedAt,
    validForMilliseconds: Math.min(lease.validForMilliseconds, leaseMilliseconds),
    deployments: lease.deployments,
    versions: new Map(lease.versions.map((version) => [version.modelVersionId, version])),
    permits: checkPermits(lease.permits, state),
  };
  const closed = new Map([...state.closed].filter(([, entry]) => entry.position > position));
  return { state: { ...state, asked: open, lease: held, closed } };
}

function checkPermits(permits: readonly ListedPermit[], { lease, trusted }: GateState): readonly HeldPermit[] {
  const known = new Map((lease?.permits ?? []).map((held) => [held.text, held.holds]));
  return permits.map((listed) => {
    const { permit, signature, keyId } = listed;
    const text = canonicalJson({ permit, signature, keyId });
    return {
      ...listed,
      text,
      holds: known.get(text) ?? verifyPermit({ permit, signature, keyId }, trusted) === undefined,
    };
  });
}

/** Whether a version may be served at this moment. `artifactDigest` is the SHA-256 of the bytes that were loaded. */
export function checkGate(
  state: GateState,
  version: { readonly modelVersionId: string; readonly artifactDigest: string },
  now: Moment,
): GateVerdict {
  const { lease } = state;
  if (!lease) return closed('NoLease');
  if (!isAlive(lease, now)) return closed('LeaseExpired');
  const permits = lease.permits.filter(({ permit }) => permit.modelVersionId === version.modelVersionId);
  let reason: GateVerdict = closed('NoPermit');
  for (const permit of permits) {
    const verdict = checkPermit(state, permit, version.artifactDigest, gateTime(state, lease, now));
    if (verdict.open) return verdict;
    reason = verdict; // The newest live one is last: what stands in its way is the answer.
  }
  return reason;
}

/** Whether the lease still lives: by the monotonic clock, and by the wall clock where that one says it is over sooner. */
export function isAlive(lease: HeldLease, now: Moment): boolean {
  return (
    now.monotonic - lease.asked.monotonic < lease.validForMilliseconds &&
    now.wall - lease.asked.wall < lease.validForMilliseconds
  );
}

function checkPermit(state: GateState, held: HeldPermit, artifactDigest: string, time: number): GateVerdict {
  const { permit, status, cause } = held;
  if (!held.holds) return closed('PermitSignature');
  if (permit.workspace !== state.workspace || permit.environment !== state.environment) return closed('NoPermit');
  const pushed = state.closed.get(permit.permitId);
  const effective = pushed ?? { status, cause };
  if (effective.status === 'revoked') return closed('PermitRevoked', effective.cause);
  if (effective.status === 'suspended') return closed('PermitSuspended', effective.cause);
  if (effective.status !== 'active' || !(time < Date.parse(permit.validUntil))) return closed('PermitExpired');
  if (permit.artifactDigest !== artifactDigest) return closed('ArtifactMismatch');
  return { open: true, permitId: permit.permitId };
}

/** The latest that any clock says: the own wall clock's maximum, and its and the issuer's time carried on monotonically. */
function gateTime(state: GateState, { asked, received, issuedAt }: HeldLease, now: Moment): number {
  return Math.max(
    state.latestWall,
    now.wall,
    asked.wall + (now.monotonic - asked.monotonic),
    issuedAt + (now.monotonic - received.monotonic),
  );
}

function closed(rule: ClosedRule, cause?: string): GateVerdict {
  return cause === undefined ? { open: false, rule } : { open: false, rule, cause };
}
