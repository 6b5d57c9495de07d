import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { newId } from '#libs/runtime';
import { mortgagePolicy } from './testing-lifecycle.js';
import { splitTexts } from './texts.js';
import { commandNames, isCommandName, issuesOf } from './validation.js';

const fieldsOf = (name: (typeof commandNames)[number], input: unknown): string[] =>
  issuesOf(name, input).map(({ field }) => field);

test('whatever comes in is answered with issues and never with an error', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...commandNames),
      fc.anything({ withNullPrototype: true, withBigInt: true }),
      (name, input) => {
        for (const { field, rule } of issuesOf(name, input)) {
          expect(typeof rule).toBe('string');
          expect(field).toMatch(/^[\w$.\-[\]? ()]*$/);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('no command takes an empty input or a field that it does not know, and the answer repeats no value', () => {
  for (const name of commandNames) {
    expect(issuesOf(name, {}).length).toBeGreaterThan(0);
    const issues = issuesOf(name, JSON.parse('{"__proto__": 1, "constructor": 2, "<zzyzx>": "zzyzx"}'));
    expect(issues.map(({ rule }) => rule)).toContain('is not a known field');
    expect(JSON.stringify(issues)).not.toContain('zzyzx');
  }
  for (const hostile of ['__proto__', 'constructor', 'toString', '']) expect(isCommandName(hostile)).toBe(false);
});

describe('numbers and times', () => {
  const measured = (value: unknown): string[] =>
    fieldsOf('CompleteTraining', {
      trainingRunId: newId(),
      artifact: { digest: 'a'.repeat(64), bytes: 1, mediaType: 'text/plain' },
      environment: 'b'.repeat(64),
      measurements: [{ definition: 'accuracy_score@sklearn', value, n: 3 }],
    });

  test('NaN, infinities and texts are no measurements; null is', () => {
    for (const value of [Number.NaN, Infinity, -Infinity, '0.8', 1n, undefined])
      expect(measured(value)).toEqual(['measurements[0].value']);
    for (const value of [0.8, -0, Number.MAX_VALUE, Number.MIN_VALUE, null]) expect(measured(value)).toEqual([]);
  });

  test.each([
    ['2026-02-28T23:59:59Z', true],
    ['2028-02-29T00:00:00.123456789+14:00', true],
    ['2026-02-29T00:00:00Z', false],
    ['2026-02-28T24:00:00Z', false],
    ['2026-02-28T23:59:60Z', false],
    ['2026-02-28T23:59:59', false],
    ['2026-02-28 23:59:59Z', false],
    ['2026-13-01T00:00:00Z', false],
    ['٢٠٢٦-02-28T23:59:59Z', false],
  ])('%s is a time: %s', (awareAt, fine) => {
    const fields = fieldsOf('OpenIncident', { incidentId: newId(), kind: 'drift', awareAt });
    expect(fields).toEqual(fine ? [] : ['awareAt']);
  });
});

test('lists are bounded and hold nothing twice where that would count twice', () => {
  const start = (datasetVersionIds: readonly string[]): string[] =>
    fieldsOf('StartTraining', {
      trainingRunId: newId(),
      modelId: newId(),
      datasetVersionIds,
      engine: 'external',
      algorithm: 'x',
      job: { digest: 'a'.repeat(64), bytes: 1, mediaType: 'application/json' },
      code: { repository: 'https://example.org', commit: 'abcdef1', authors: [] },
      seed: 1,
      grade: 'imported',
    });
  const id = newId();
  expect(start([id])).toEqual([]);
  expect(start([id, id])).toEqual(['datasetVersionIds']);
  expect(start([])).toEqual(['datasetVersionIds']);
  expect(start(Array.from({ length: 101 }, newId))).toEqual(['datasetVersionIds']);
});

describe('policies', () => {
  const publish = (document: unknown): string[] =>
    fieldsOf('PublishPolicy', { policyId: newId(), name: 'mortgage', document });

  test('the example is one', () => expect(publish(mortgagePolicy())).toEqual([]));

  test('two gates of one id, a stage that repeats later ones, a role that signs nothing', () => {
    const policy = mortgagePolicy();
    const [gate] = policy.gates;
    expect(publish({ ...policy, gates: [gate, gate] })).toEqual(['document.gates']);
    const [first, second] = policy.tiers.low.stages;
    const low = (stages: readonly object[]): object => ({
      ...policy,
      tiers: { ...policy.tiers, low: { ...policy.tiers.low, stages } },
    });
    expect(publish(low([{ ...first, mayRepeatSignersOf: ['risk'] }, second!]))).toEqual([
      'document.tiers.low.stages[0].mayRepeatSignersOf',
    ]);
    expect(publish(low([{ ...first, quorum: [{ role: 'administrator', minimum: 1 }] }]))).toEqual([
      'document.tiers.low.stages[0].quorum[0].role',
    ]);
  });
});

test('what people wrote, and who they are, is in no part of a command that a digest is made of', () => {
  const secret = 'Ana Núñez';
  for (const [name, input] of [
    ['RegisterPerson', { identityId: newId(), issuer: secret, subject: secret, displayName: secret }],
    ['SignApproval', { approvalId: newId(), comment: secret, condition: { conditionId: newId(), text: secret } }],
    ['RetireModelVersion', { modelVersionId: newId(), reason: secret }],
    ['FailTraining', { trainingRunId: newId(), code: 'x', detail: secret }],
    ['RegisterDataset', { datasetId: newId(), name: 'x', description: secret }],
  ] as const) {
    const { digestible, texts } = splitTexts(name, input);
    expect(JSON.stringify(digestible)).not.toContain(secret);
    expect([...texts.values()].join(' ')).toContain(secret);
  }
});
