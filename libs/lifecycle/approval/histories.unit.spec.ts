import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { digestOf, id, stageExamples, time } from '../examples.js';
import { by, requested, requestExample, requesting, signing } from '../examples-commands.js';
import { instant } from '../time.js';
import type { ApprovalCommand } from './commands.js';
import type { Approval, ApprovalOnlyEvent } from './evolve.js';
import { approval, isSuspended, openStage, stageDeadline } from './index.js';

/** Ana and Cody made it; Ana has a second identity. Everybody else did not. */
const makers = ['ana', 'cody', 'ana-too'];
const people = [...makers, 'vera', 'vito', 'rolf', 'dora'];
const contributors = ['ana', 'cody'].map((name) => ({ identityId: id(name), path: ['code:abc1234', 'author'] }));
const identitiesOf = (name: string) => (name.startsWith('ana') ? [id(name), id('ana'), id('ana-too')] : [id(name)]);

const minutes = fc.integer({ min: 0, max: 200 * 60 });
const person = fc.constantFrom(...people);
const stage = fc.constantFrom('validation' as const, 'risk' as const);
const approvalId = id('approval');
const robot = (at: number) =>
  by('process-manager', { kind: 'service', roles: ['process-manager-service'], minutes: at });
const condition = { conditionId: id('condition'), ownerId: id('vera'), dueAt: time(100 * 60), text: digestOf('text') };

const attempt = fc.tuple(person, stage, minutes, fc.boolean()).map(([name, where, at, conditional]) =>
  signing(name, where, {
    facts: { contributors, signer: { identities: identitiesOf(name) } },
    context: { minutes: at, roles: ['validator', 'risk-officer'] },
    data: conditional ? { condition } : {},
  }),
);

const command: fc.Arbitrary<ApprovalCommand> = fc.oneof(
  { weight: 6, arbitrary: attempt },
  attempt.map(({ context, data: { approvalId, stage, role, meaning, evidenceDigest, facts } }): ApprovalCommand => ({
    type: 'RejectApproval',
    context,
    data: { approvalId, stage, role, meaning, evidenceDigest, facts, reason: digestOf('reason') },
  })),
  attempt.map(({ context, data: { approvalId, stage, role, facts } }): ApprovalCommand => ({
    type: 'AbstainApproval',
    context,
    data: { approvalId, stage, role, facts, reason: digestOf('reason') },
  })),
  fc.tuple(person, minutes).map(([name, at]): ApprovalCommand => ({
    type: 'MeetCondition',
    context: by(name, { minutes: at }),
    data: {
      approvalId,
      conditionId: condition.conditionId,
      evidence: digestOf('x'),
      facts: { actor: { identities: [id(name)] } },
    },
  })),
  minutes.map((at): ApprovalCommand => ({
    type: 'LapseCondition',
    context: robot(at),
    data: { approvalId, conditionId: condition.conditionId },
  })),
  fc
    .tuple(fc.constantFrom('request' as const, 'stage' as const, 'approval' as const), stage, minutes)
    .map(([what, where, at]): ApprovalCommand => ({
      type: 'ExpireApproval',
      context: robot(at * 20),
      data: { approvalId, what, ...(what === 'stage' ? { stage: where } : {}) },
    })),
  minutes.map((at): ApprovalCommand => ({
    type: 'RevokeApproval',
    context: by('rita', { minutes: at }),
    data: { approvalId, reason: digestOf('x') },
  })),
  fc.tuple(person, minutes).map(([name, at]): ApprovalCommand => ({
    type: 'WithdrawApproval',
    context: by(name, { minutes: at }),
    data: { approvalId, facts: { actor: { identities: identitiesOf(name) } } },
  })),
  minutes.map((at): ApprovalCommand => ({
    type: 'VoidApproval',
    context: robot(at),
    data: {
      approvalId,
      cause: 'evidence-changed',
      stream: requestExample.data.facts.evidence[0]!.pin.stream,
      eventId: id('event'),
    },
  })),
  fc.constant(requestExample),
);

/** Plays commands in the order of their times, as a server clock would see them, and shows every step. */
function play(
  commands: readonly ApprovalCommand[],
  look: (before: Approval, event: ApprovalOnlyEvent, after: Approval) => void,
): Approval {
  let state = approval.evolve(approval.initial, requested({ contributors }));
  const ordered = [...commands].sort((a, b) => instant(a.context.now) - instant(b.context.now));
  for (const next of ordered) {
    const decision = approval.decide(next, state);
    if (decision.outcome === 'refused') continue;
    for (const event of decision.events) {
      const after = approval.evolve(state, event);
      look(state, event, after);
      state = after;
    }
  }
  return state;
}
const histories = fc.array(command, { maxLength: 25 });
/** By chance alone few histories end in a grant. */
const signed = histories.map((commands) => [
  signing('vera', 'validation'),
  signing('rolf', 'risk', { context: { minutes: 40 } }),
  ...commands,
]);

test('rule-01 whatever the order of things, no contributor ever signs', () => {
  fc.assert(
    fc.property(histories, (commands) => {
      play(commands, (_, event) => {
        if (event.type !== 'ApprovalSigned' && event.type !== 'ApprovalRejected') return;
        expect(makers.map(id)).not.toContain(event.data.signature.signerId);
      });
    }),
    { numRuns: 300 },
  );
});

test('rules 2 and 3: a granted approval was signed by different persons, one for each stage', () => {
  let granted = 0;
  fc.assert(
    fc.property(fc.oneof(histories, signed), (commands) => {
      play(commands, (_, event, after) => {
        if (event.type !== 'ApprovalGranted' || after.status === 'none') return;
        granted += 1;
        const signers = after.stages.flatMap((each) => each.signatures.map(({ signerId }) => signerId));
        expect(new Set(signers).size).toBe(signers.length);
        expect(after.stages.every((each) => each.completedAt !== undefined)).toBe(true);
      });
    }),
    { numRuns: 300 },
  );
  expect(granted).toBeGreaterThan(0);
});

test('rule-25 stages open one after another, deadlines never run backwards, and what has ended stays so', () => {
  const ended = ['rejected', 'withdrawn', 'revoked', 'voided', 'expired'];
  fc.assert(
    fc.property(histories, (commands) => {
      play(commands, (before, event, after) => {
        if (after.status === 'none') throw new Error('an approval does not disappear');
        if (ended.includes(before.status)) throw new Error(`${event.type} after ${before.status}`);
        expect(isSuspended(after) && after.status !== 'granted').toBe(false);
        const [was, is] = [before, after].map((state) => (state.status === 'pending' ? openStage(state) : undefined));
        if (!was || !is) return;
        expect(instant(stageDeadline(is)!)).toBeGreaterThanOrEqual(instant(stageDeadline(was)!));
      });
    }),
    { numRuns: 300 },
  );
});

test('rule-11 the expiry of an approval is monotone: due once, due for ever', () => {
  const granted = play(
    [signing('vera', 'validation'), signing('rolf', 'risk', { context: { minutes: 40 } })],
    () => undefined,
  );
  expect(granted.status).toBe('granted');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 * 24 * 60 }), fc.nat(100 * 24 * 60), (at, later) => {
      const isDue = (minute: number) =>
        approval.decide(
          { type: 'ExpireApproval', context: robot(minute), data: { approvalId, what: 'approval' } },
          granted,
        ).outcome === 'accepted';
      if (isDue(at)) expect(isDue(at + later)).toBe(true);
      expect(isDue(at)).toBe(at >= 40 + 90 * 24 * 60);
    }),
  );
});

test('a tier with more hours never times out sooner', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8784 }), fc.integer({ min: 1, max: 8784 }), (hours, more) => {
      const expiry = (timeoutHours: number) => {
        const stages = stageExamples.map((each) => ({ ...each, timeoutHours }));
        const decision = approval.decide(
          requesting({}, { tierPolicy: { stages, approvalValidDays: 90 } }),
          approval.initial,
        );
        const [event] = decision.outcome === 'accepted' ? decision.events : [];
        return event?.type === 'ApprovalRequested' ? instant(event.data.expiresAt) : NaN;
      };
      expect(expiry(hours + more)).toBeGreaterThan(expiry(hours));
    }),
  );
});
