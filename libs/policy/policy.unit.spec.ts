import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { GroupCount, Measurement, PolicyDocument } from '#libs/lifecycle';
import {
  decidedGates,
  decideGates,
  InvalidPolicyDocument,
  parsePolicyDocument,
  riskInputs,
  riskTier,
} from '#libs/policy';
import { repositoryRoot } from '#libs/runtime';
import { id } from '../lifecycle/examples-values.js';

const mortgage = JSON.parse(
  readFileSync(join(repositoryRoot(), 'examples/boston-mortgage/policy.json'), 'utf8'),
) as PolicyDocument;

const count = (group: string, n: number): GroupCount => ({
  group: { afam: group },
  n,
  truePositives: n,
  falsePositives: 0,
  trueNegatives: 0,
  falseNegatives: 0,
});
const groups = [count('no', 2041), count('yes', 339)];

const ratio = (value: number | null, changes: Partial<Measurement> = {}): Measurement => ({
  definition: 'demographic_parity_ratio@fairlearn',
  value,
  n: 2380,
  group: { afam: '*' },
  interval: { method: 'koopman@assay', level: 0.95, low: 0.75, high: 0.9 },
  ...changes,
});

const bound: PolicyDocument = { ...mortgage, gates: [{ ...mortgage.gates[0]!, reads: 'bound' }] };

const verdictOf = (document: PolicyDocument, measurements: readonly Measurement[], counted = groups) =>
  decideGates(document, measurements, counted).map(({ verdict, reasons }) => [verdict, ...reasons]);

describe('the mortgage policy of the play', () => {
  test('is a valid document', () => {
    expect(parsePolicyDocument(mortgage)).toBe(mortgage);
  });

  test('fails the first model, passes the second, by the point ratio', () => {
    expect(verdictOf(mortgage, [ratio(0.69)])).toEqual([['fail', '0.69 < 0.8']]);
    expect(verdictOf(mortgage, [ratio(0.83)])).toEqual([['pass', '0.83 >= 0.8']]);
    expect(verdictOf(mortgage, [ratio(0.8)])).toEqual([['pass', '0.8 >= 0.8']]);
  });
});

describe('a gate', () => {
  test('never passes on what is undefined, and says why', () => {
    const undefinedRatio = ratio(null, { undefined: 'highest-rate-is-zero' });
    expect(verdictOf(mortgage, [undefinedRatio])).toEqual([['undefined', 'highest-rate-is-zero']]);
    expect(verdictOf(mortgage, [ratio(NaN)])).toEqual([['undefined', 'no value']]);
    expect(verdictOf(mortgage, [ratio(0.9), ratio(0.7)])).toEqual([['undefined', 'measured 2 times']]);
  });

  test('has no verdict where nothing was measured for it', () => {
    expect(verdictOf(mortgage, [])).toEqual([]);
    expect(verdictOf(mortgage, [ratio(0.9, { group: { single: '*' } })])).toEqual([]);
    expect(verdictOf(mortgage, [ratio(0.9, { group: { afam: 'yes' } })])).toEqual([]);
    expect(verdictOf(mortgage, [ratio(0.9, { group: { afam: '*', single: '*' } })])).toEqual([]);
  });

  test('is insufficient over small, single or uncounted groups', () => {
    expect(verdictOf(mortgage, [ratio(0.9)], [count('no', 2041), count('yes', 29)])).toEqual([
      ['insufficient', 'smallest group 29 < 30'],
    ]);
    expect(verdictOf(mortgage, [ratio(0.9)], [count('no', 2041), count('yes', 30)])[0]?.[0]).toBe('pass');
    expect(verdictOf(mortgage, [ratio(0.9)], [count('no', 2041)])[0]?.[0]).toBe('insufficient');
    expect(verdictOf(mortgage, [ratio(0.9)], [])[0]?.[0]).toBe('insufficient');
  });

  test('does not pass on a number that its own counts contradict', () => {
    const selected = (group: string, n: number, favourable: number): GroupCount => ({
      ...count(group, n),
      truePositives: favourable,
      trueNegatives: n - favourable,
    });
    const counted = [selected('no', 2000, 1800), selected('yes', 300, 186)];
    expect(verdictOf(mortgage, [ratio(0.9)], counted)[0]).toEqual([
      'undefined',
      expect.stringMatching(/^the counts give 0\.6888\d* < 0\.8$/),
    ]);
    expect(verdictOf(mortgage, [ratio(186 / 300 / 0.9)], counted)[0]?.[0]).toBe('fail');
    expect(verdictOf(mortgage, [ratio(0.9)], [selected('no', 2000, 0), selected('yes', 300, 0)])).toEqual([
      ['undefined', 'the counts give no ratio'],
    ]);
  });

  test('that reads the bound passes on the worse bound alone', () => {
    const interval = (low: number | null) => ({ method: 'koopman@assay', level: 0.95, low, high: 0.95 });
    expect(verdictOf(bound, [ratio(0.85, { interval: interval(0.81) })])).toEqual([['pass', '0.81 >= 0.8']]);
    expect(verdictOf(bound, [ratio(0.85, { interval: interval(0.79) })])).toEqual([['insufficient', '0.79 < 0.8']]);
    expect(verdictOf(bound, [ratio(0.7, { interval: interval(0.6) })])).toEqual([['fail', '0.7 < 0.8']]);
    expect(verdictOf(bound, [ratio(0.85, { interval: interval(null) })])[0]?.[0]).toBe('undefined');
    const { interval: _, ...without } = ratio(0.85);
    expect(verdictOf(bound, [without])[0]?.[0]).toBe('undefined');
  });

  test('with `<=` reads the upper bound', () => {
    const drift = { id: 'drift', measure: 'psi@evidently', operator: '<=', threshold: 0.1, reads: 'bound' } as const;
    const measured = { definition: 'psi@evidently', value: 0.08, n: 100 };
    const high = (value: number) => ({
      ...measured,
      interval: { method: 'bootstrap@assay', level: 0.95, low: 0, high: value },
    });
    expect(verdictOf({ ...mortgage, gates: [drift] }, [high(0.09)])).toEqual([['pass', '0.09 <= 0.1']]);
    expect(verdictOf({ ...mortgage, gates: [drift] }, [high(0.12)])).toEqual([['insufficient', '0.12 > 0.1']]);
  });

  test('passes nothing that does not hold, whatever the numbers', () => {
    fc.assert(
      fc.property(
        fc.double(),
        fc.option(fc.double(), { nil: null }),
        fc.constantFrom('point' as const, 'bound' as const),
        fc.nat(100),
        (value, low, reads, smallest) => {
          const document = { ...mortgage, gates: [{ ...mortgage.gates[0]!, reads }] };
          const interval = { method: 'koopman@assay', level: 0.95, low, high: 1 };
          const [verdict] = decideGates(
            document,
            [ratio(value, { interval })],
            [count('no', 500), count('yes', smallest)],
          );
          if (verdict?.verdict !== 'pass') return;
          expect(value).toBeGreaterThanOrEqual(reads === 'point' ? 0.8 : -Infinity);
          if (reads === 'bound') expect(low).toBeGreaterThanOrEqual(0.8);
          expect(smallest).toBeGreaterThanOrEqual(30);
        },
      ),
    );
  });
});

test('rule-23 the decision of a gate is logged with policy version, inputs digest, result and reasons', () => {
  const policy = { policyId: id('policy'), version: 3, document: mortgage };
  const [gate] = decidedGates(policy, [ratio(0.69)], groups);
  expect(gate).toMatchObject({
    gateId: 'four-fifths-afam',
    verdict: 'fail',
    decision: { policyId: id('policy'), policyVersion: 3, result: 'fail', reasons: ['0.69 < 0.8'] },
  });
  const [same] = decidedGates(policy, [ratio(0.69)], groups);
  const [other] = decidedGates(policy, [ratio(0.69)], [count('no', 2041), count('yes', 340)]);
  expect(same?.decision.inputsDigest).toBe(gate?.decision.inputsDigest);
  expect(other?.decision.inputsDigest).not.toBe(gate?.decision.inputsDigest);
});

describe('the risk tier', () => {
  const tier = (biasPotential: number | null, performanceVariability: number | null) =>
    riskTier('bias-and-variability@1', { biasPotential, performanceVariability });

  test('follows the worse of bias potential and performance variability', () => {
    expect(tier(0.05, 0.02)).toBe('low');
    expect(tier(0.1, 0.02)).toBe('medium');
    expect(tier(0.05, 0.05)).toBe('medium');
    expect(tier(0.2, 0.02)).toBe('high');
    expect(tier(0.05, 0.1)).toBe('high');
  });

  test('is high where an input is unknown or impossible', () => {
    for (const unknown of [null, NaN, -0.1, 1.1, Infinity]) {
      expect(tier(unknown, 0.01)).toBe('high');
      expect(tier(0.01, unknown)).toBe('high');
    }
  });

  test('never falls when an input rises', () => {
    const order = ['low', 'medium', 'high'];
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, share, (bias, more, variability) => {
        const [low, high] = [Math.min(bias, more), Math.max(bias, more)];
        expect(order.indexOf(tier(low, variability))).toBeLessThanOrEqual(order.indexOf(tier(high, variability)));
        expect(order.indexOf(tier(variability, low))).toBeLessThanOrEqual(order.indexOf(tier(variability, high)));
      }),
    );
  });

  test('takes its inputs from the worst ratio and the doubt of the accuracy', () => {
    const accuracy: Measurement = {
      definition: 'accuracy_score@sklearn',
      value: 0.88,
      n: 2380,
      interval: { method: 'wilson@assay', level: 0.95, low: 0.86, high: 0.89 },
    };
    const inputs = riskInputs([ratio(0.83), ratio(0.95, { group: { single: '*' } }), accuracy]);
    expect(inputs.biasPotential).toBeCloseTo(0.17, 12);
    expect(inputs.performanceVariability).toBeCloseTo(0.03, 12);
    expect(riskInputs([])).toEqual({ biasPotential: null, performanceVariability: null });
    expect(riskInputs([ratio(0.9), ratio(null)]).biasPotential).toBeNull();
  });

  test('is of a function that exists', () => {
    expect(() => riskTier('toString', { biasPotential: 0, performanceVariability: 0 })).toThrow('no risk function');
  });
});

describe('a policy document from outside', () => {
  const faultsOf = (value: unknown): readonly string[] => {
    try {
      parsePolicyDocument(value);
      return [];
    } catch (error) {
      if (!(error instanceof InvalidPolicyDocument)) throw error;
      return error.faults.map(({ field }) => field);
    }
  };
  const stage = mortgage.tiers.high.stages[0]!;
  const withStages = (...stages: readonly unknown[]) => ({
    ...mortgage,
    tiers: { ...mortgage.tiers, high: { ...mortgage.tiers.high, stages } },
  });

  test.each([
    ['no object', [], ''],
    ['a member that is missing', { ...mortgage, override: undefined, gates: undefined }, '/override'],
    ['a member that no policy has', { ...mortgage, note: 'x' }, '/note'],
    ['a threshold above 1', { ...mortgage, decision: { ...mortgage.decision, threshold: 1.1 } }, '/decision/threshold'],
    [
      'scores of the favourable value',
      { ...mortgage, decision: { ...mortgage.decision, scored: 'no' } },
      '/decision/scored',
    ],
    ['no gate', { ...mortgage, gates: [] }, '/gates'],
    ['a gate twice', { ...mortgage, gates: [mortgage.gates[0], mortgage.gates[0]] }, '/gates/1/id'],
    [
      'an infinite threshold',
      { ...mortgage, gates: [{ ...mortgage.gates[0], threshold: Infinity }] },
      '/gates/0/threshold',
    ],
    ['an unknown risk function', { ...mortgage, riskFunction: 'guess@1' }, '/riskFunction'],
    [
      'approval for ever',
      { ...mortgage, tiers: { ...mortgage.tiers, low: { ...mortgage.tiers.low, approvalValidDays: 1e9 } } },
      '/tiers/low/approvalValidDays',
    ],
    ['a tier without stages', withStages(), '/tiers/high/stages'],
    ['a stage twice', withStages(stage, stage), '/tiers/high/stages/1/id'],
    ['no acr at all', withStages({ ...stage, acr: [] }), '/tiers/high/stages/0/acr'],
    [
      'an administrator who signs',
      withStages({ ...stage, quorum: [{ role: 'administrator', minimum: 1 }] }),
      '/tiers/high/stages/0/quorum/0/role',
    ],
    [
      'a service that signs',
      withStages({ ...stage, quorum: [{ role: 'process-manager-service', minimum: 1 }] }),
      '/tiers/high/stages/0/quorum/0/role',
    ],
    [
      'a quorum of nobody',
      withStages({ ...stage, quorum: [{ role: 'validator', minimum: 0 }] }),
      '/tiers/high/stages/0/quorum/0/minimum',
    ],
    [
      'repeated signers of a later stage',
      withStages({ ...stage, mayRepeatSignersOf: ['risk'] }),
      '/tiers/high/stages/0/mayRepeatSignersOf/0',
    ],
  ])('%s is refused by its field', (_, document, field) => {
    expect(faultsOf(document)).toContain(field);
  });
});
