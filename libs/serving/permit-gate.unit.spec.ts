import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { generateSigningKey, signPermit } from '#libs/signing';
import {
  type GateState,
  type Lease,
  type ListedPermit,
  type Moment,
  checkGate,
  closedGate,
  evolveGate,
  leaseMilliseconds,
  signClosing,
  signLease,
} from '#libs/serving';

const key = generateSigningKey();
const start = Date.parse('2026-05-01T12:00:00Z');
const at = (milliseconds: number, jump = 0): Moment => ({ monotonic: milliseconds, wall: start + milliseconds + jump });
const iso = (milliseconds: number): string => new Date(start + milliseconds).toISOString();
const server = { workspace: 'main', environment: 'production', server: 'server-1', trusted: [key] };
const version = { modelVersionId: 'v2', artifactDigest: 'a'.repeat(64) };

function listed(change: Partial<ListedPermit['permit']> = {}, rest: Partial<ListedPermit> = {}): ListedPermit {
  const permit = {
    permitId: 'permit-2',
    workspace: 'main',
    modelVersionId: 'v2',
    artifactDigest: version.artifactDigest,
    environment: 'production',
    basis: { kind: 'approval' as const, id: 'approval-2' },
    issuedAt: iso(-1000),
    validUntil: iso(3_600_000),
    ...change,
  };
  return { ...signPermit(permit, key), status: 'active', ...rest };
}

function lease(change: Partial<Lease> = {}): Lease {
  return {
    kind: 'lease',
    workspace: 'main',
    environment: 'production',
    server: 'server-1',
    nonce: 'nonce-1',
    position: '100',
    issuedAt: iso(0),
    validForMilliseconds: leaseMilliseconds,
    deployments: [],
    versions: [],
    permits: [listed()],
    ...change,
  };
}

/** A gate that asked at 0 and was answered at `answeredAt`. */
function gateWith(change: Partial<Lease> = {}, answeredAt = 5): GateState {
  const asked = evolveGate(closedGate(server), { type: 'asked', nonce: 'nonce-1' }, at(0)).state;
  const { state, fault } = evolveGate(
    asked,
    { type: 'answered', signed: signLease(lease(change), key) },
    at(answeredAt),
  );
  expect(fault).toBeUndefined();
  return state;
}

const rule = (state: GateState, now: Moment, digest = version.artifactDigest): string => {
  const verdict = checkGate(state, { ...version, artifactDigest: digest }, now);
  return verdict.open ? 'open' : verdict.rule;
};

describe('the permit gate', () => {
  test('rule-21 it opens only with a lease, and only for the artifact that the permit names', () => {
    expect(rule(closedGate(server), at(0))).toBe('NoLease');
    expect(rule(gateWith(), at(10))).toBe('open');
    expect(rule(gateWith(), at(10), 'b'.repeat(64))).toBe('ArtifactMismatch');
    expect(rule(gateWith({ permits: [] }), at(10))).toBe('NoPermit');
    expect(rule(gateWith({ permits: [listed({ modelVersionId: 'v1' })] }), at(10))).toBe('NoPermit');
    expect(rule(gateWith({ permits: [listed({ environment: 'staging' })] }), at(10))).toBe('NoPermit');
    expect(rule(gateWith({ permits: [listed({ workspace: 'other' })] }), at(10))).toBe('NoPermit');
  });

  test('the lease lives 30 s from the moment of asking, not of the answer', () => {
    const late = gateWith({}, 20_000);
    expect(rule(late, at(29_999))).toBe('open');
    expect(rule(late, at(30_000))).toBe('LeaseExpired');
    expect(rule(gateWith({ validForMilliseconds: 10_000_000 }), at(30_000))).toBe('LeaseExpired');
    expect(rule(gateWith({ validForMilliseconds: 5_000 }), at(5_000))).toBe('LeaseExpired');
  });

  test('a permit that a trusted key did not sign opens nothing, though the lease is signed', () => {
    const forged = { ...signPermit(listed().permit, generateSigningKey()), status: 'active' as const };
    expect(rule(gateWith({ permits: [forged] }), at(10))).toBe('PermitSignature');
    const stretched = { ...listed(), permit: { ...listed().permit, validUntil: iso(9e9) } };
    expect(rule(gateWith({ permits: [stretched] }), at(10))).toBe('PermitSignature');
    // A signature seen once is not taken for another permit.
    const honest = gateWith();
    const asked = evolveGate(honest, { type: 'asked', nonce: 'n2' }, at(20)).state;
    const second = signLease(lease({ nonce: 'n2', permits: [stretched] }), key);
    expect(rule(evolveGate(asked, { type: 'answered', signed: second }, at(30)).state, at(40))).toBe('PermitSignature');
  });

  test('suspended, revoked and expired permits close it, each under its own name', () => {
    const cause = 'condition-lapsed';
    const suspended = gateWith({ permits: [listed({}, { status: 'suspended', cause })] });
    expect(checkGate(suspended, version, at(10))).toEqual({ open: false, rule: 'PermitSuspended', cause });
    expect(rule(gateWith({ permits: [listed({}, { status: 'revoked' })] }), at(10))).toBe('PermitRevoked');
    expect(rule(gateWith({ permits: [listed({}, { status: 'expired' })] }), at(10))).toBe('PermitExpired');
    expect(rule(gateWith({ permits: [listed({ validUntil: iso(20_000) })] }), at(20_000))).toBe('PermitExpired');
    expect(rule(gateWith({ permits: [listed({ validUntil: 'never' })] }), at(10))).toBe('PermitExpired');
  });

  test('a second permit for the same version opens where the first is over', () => {
    const permits = [listed({}, { status: 'revoked' }), listed({ permitId: 'permit-3' })];
    expect(checkGate(gateWith({ permits }), version, at(10))).toEqual({ open: true, permitId: 'permit-3' });
  });

  test('a pushed closing closes at once, and no answer from before it opens again', () => {
    const closing = signClosing({ kind: 'closing', permitId: 'permit-2', status: 'revoked', position: '120' }, key);
    let { state } = evolveGate(gateWith(), { type: 'closed', signed: closing }, at(100));
    expect(rule(state, at(101))).toBe('PermitRevoked');
    state = evolveGate(state, { type: 'asked', nonce: 'n2' }, at(200)).state;
    state = evolveGate(
      state,
      { type: 'answered', signed: signLease(lease({ nonce: 'n2', position: '119' }), key) },
      at(210),
    ).state;
    expect(rule(state, at(211))).toBe('PermitRevoked');
    const forged = signClosing(
      { kind: 'closing', permitId: 'permit-2', status: 'revoked', position: '120' },
      generateSigningKey(),
    );
    expect(evolveGate(gateWith(), { type: 'closed', signed: forged }, at(1)).fault).toBe('UnknownKey');
  });

  test('answers to nobody, to somebody else, played again, older or malformed are not taken', () => {
    const asked = evolveGate(gateWith(), { type: 'asked', nonce: 'n2' }, at(100)).state;
    const fault = (change: Partial<Lease>, signer = key): string | undefined =>
      evolveGate(asked, { type: 'answered', signed: signLease(lease({ nonce: 'n2', ...change }), signer) }, at(110))
        .fault;
    expect(fault({ nonce: 'never-asked' })).toBe('NotAsked');
    expect(fault({ nonce: 'nonce-1' })).toBe('NotAsked'); // The question of nonce-1 has had its answer.
    expect(fault({ server: 'server-2' })).toBe('OtherServer');
    expect(fault({ environment: 'staging' })).toBe('OtherServer');
    expect(fault({ position: '99' })).toBe('OlderPosition');
    expect(fault({ position: '-1' })).toBe('MalformedLease');
    expect(fault({ issuedAt: 'soon' })).toBe('MalformedLease');
    expect(fault({ validForMilliseconds: 0 })).toBe('MalformedLease');
    expect(fault({}, generateSigningKey())).toBe('UnknownKey');
    const signed = signLease(lease({ nonce: 'n2' }), key);
    const altered = { ...signed, lease: { ...signed.lease, validForMilliseconds: 29_000 } };
    expect(evolveGate(asked, { type: 'answered', signed: altered }, at(110)).fault).toBe('BadSignature');
    expect(evolveGate(asked, { type: 'answered', signed: {} as never }, at(110)).fault).toBe('BadSignature');
  });

  test('a jump of the wall clock can close, never open', () => {
    const permits = [listed({ validUntil: iso(10_000) })];
    expect(rule(gateWith({ permits }), at(10_001, -3_600_000))).toBe('PermitExpired');
    expect(rule(gateWith(), at(10, 60_000))).toBe('LeaseExpired');
    expect(rule(gateWith(), at(30_001, -3_600_000))).toBe('LeaseExpired');
    // This machine's clock is an hour behind from the start: the issuer's time counts.
    const behind = evolveGate(closedGate(server), { type: 'asked', nonce: 'nonce-1' }, at(0, -3_600_000)).state;
    const signed = signLease(lease({ permits }), key);
    const { state } = evolveGate(behind, { type: 'answered', signed }, at(5, -3_600_000));
    expect(rule(state, at(9_999, -3_600_000))).toBe('open');
    expect(rule(state, at(10_005, -3_600_000))).toBe('PermitExpired');
  });

  test('property: whatever the network and the clocks do, it is never open 30 s after the revocation', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 12_000 }),
      jump: fc.oneof(fc.constant(0), fc.integer({ min: -7_200_000, max: 7_200_000 })),
      /** Ask, deliver one of the answers that are under way (any order, also twice), or revoke. */
      act: fc.oneof(
        fc.constant({ kind: 'ask' as const }),
        fc.record({ kind: fc.constant('deliver' as const), which: fc.nat(20) }),
        fc.constant({ kind: 'revoke' as const }),
        fc.constant({ kind: 'push' as const }),
      ),
    });
    let opened = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let state = closedGate(server);
        let time = 0;
        let jump = 0;
        let revokedAt: number | undefined;
        let pushed = false;
        let asked = 0;
        const answers: ReturnType<typeof signLease>[] = [];
        for (const { wait, jump: by, act } of steps) {
          time += wait;
          jump += by;
          const now = at(time, jump);
          if (act.kind === 'ask') {
            asked += 1;
            state = evolveGate(state, { type: 'asked', nonce: `n${asked}` }, now).state;
            const over = revokedAt !== undefined;
            const permits = [listed({}, over ? { status: 'revoked' } : {})];
            const issuedAt = iso(time);
            answers.push(
              signLease(lease({ nonce: `n${asked}`, position: over ? '200' : '100', issuedAt, permits }), key),
            );
          } else if (act.kind === 'deliver' && answers.length > 0) {
            state = evolveGate(state, { type: 'answered', signed: answers[act.which % answers.length]! }, now).state;
          } else if (act.kind === 'revoke') revokedAt ??= time;
          else if (act.kind === 'push' && revokedAt !== undefined) {
            const closing = { kind: 'closing', permitId: 'permit-2', status: 'revoked', position: '200' } as const;
            state = evolveGate(state, { type: 'closed', signed: signClosing(closing, key) }, now).state;
            pushed = true;
          }
          const { open } = checkGate(state, version, now);
          if (open) opened += 1;
          if (open && pushed) throw new Error('open after the push');
          if (open && revokedAt !== undefined && time - revokedAt >= leaseMilliseconds)
            throw new Error('open after 30 s');
        }
      }),
      { numRuns: 150 },
    );
    expect(opened).toBeGreaterThan(0);
  });
});
