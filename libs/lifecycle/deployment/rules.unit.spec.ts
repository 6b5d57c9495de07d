import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { boston, example, id, time } from '../examples.js';
import { by } from '../examples-commands.js';
import type { PermitFacts } from '../facts.js';
import { fold } from '../idempotency.js';
import { specificationOf } from '../specification.js';
import type { DeploymentCommand, StartDeployment } from './commands.js';
import type { DeploymentEvent } from './events.js';
import { deployment, wholeTraffic } from './index.js';

const given = specificationOf(deployment);
const context = by('release', { roles: ['release-manager'] });

const permitOf = (version: string, changes: Partial<PermitFacts> = {}): PermitFacts => ({
  permitId: id(`${version}-permit`),
  status: 'active',
  modelVersionId: id(version),
  environment: 'production',
  validUntil: time(60),
  ...changes,
});
const incumbent = { modelVersionId: id('old'), permitId: id('old-permit') };
const permits = [permitOf('old'), permitOf('new')];

const start = (
  strategy: 'blue-green' | 'canary',
  weight: number,
  facts: Partial<StartDeployment['data']['facts']> = {},
): StartDeployment => ({
  type: 'StartDeployment',
  context,
  data: {
    deploymentId: id('deployment'),
    endpoint: 'mortgage',
    environment: 'production',
    modelId: id('model'),
    modelVersionId: id('new'),
    permitId: id('new-permit'),
    strategy,
    weight,
    salt: 'salt',
    facts: { permit: permitOf('new'), versionModelId: id('model'), incumbent, ...facts },
  },
});
const canary = deployment.decide(start('canary', 1000), deployment.initial);
const started = canary.outcome === 'accepted' ? canary.events : [];

const promote = (version: string, facts: object = {}) =>
  ({
    type: 'PromoteDeployment',
    context,
    data: { deploymentId: id('deployment'), modelVersionId: id(version), facts: { permits, blockedBy: [], ...facts } },
  }) as const;
const shift = (oldWeight: number, newWeight: number, facts: object = {}) =>
  ({
    type: 'ShiftTraffic',
    context,
    data: {
      deploymentId: id('deployment'),
      arms: [
        { modelVersionId: id('old'), weight: oldWeight },
        { modelVersionId: id('new'), weight: newWeight },
      ],
      facts: { permits, blockedBy: [], ...facts },
    },
  }) as const;
const rollBack = (version: string, facts: object = {}) =>
  ({
    type: 'RollBackDeployment',
    context,
    data: {
      deploymentId: id('deployment'),
      modelVersionId: id(version),
      cause: 'override-review-lapsed',
      facts: { permits, ...facts },
    },
  }) as const;
const weights = (events: readonly DeploymentEvent[]) => {
  const state = fold(deployment, events);
  return state.status === 'none' ? [] : state.arms.map((arm) => arm.weight);
};

describe('starting', () => {
  test('blue-green puts the new version beside the old one, without traffic', () => {
    expect(weights(given().when(start('blue-green', 0)).events())).toEqual([10_000, 0]);
    expect(
      weights(
        given()
          .when(start('blue-green', 0, { incumbent: undefined }))
          .events(),
      ),
    ).toEqual([0]);
    given().when(start('blue-green', 1)).thenRefused('InvalidField', { field: 'weight' });
  });

  test('a canary takes its fixed share from the incumbent', () => {
    expect(weights(started)).toEqual([9000, 1000]);
    for (const weight of [0, 10_000, -1, 0.5, NaN])
      given().when(start('canary', weight)).thenRefused('InvalidField', { field: 'weight' });
    given()
      .when(start('canary', 1000, { incumbent: undefined }))
      .thenRefused('NoIncumbent');
  });

  test('rule-21 nothing is deployed without an active permit for this version and environment', () => {
    for (const [changes, rule] of [
      [{ status: 'missing' }, 'missing'],
      [{ status: 'suspended' }, 'suspended'],
      [{ status: 'revoked' }, 'revoked'],
      [{ modelVersionId: id('old') }, 'other-version'],
      [{ environment: 'staging' }, 'other-environment'],
      [{ validUntil: time(0) }, 'expired'],
      [{ permitId: id('another') }, 'missing'],
    ] as const)
      given()
        .when(start('canary', 1000, { permit: permitOf('new', changes) }))
        .thenRefused('NoPermit', { rule });
  });
});

describe('rule-21 traffic follows permits', () => {
  test('rule-21 a promotion needs a live permit', () => {
    given(...started)
      .when(promote('new'))
      .thenEvents('DeploymentPromoted');
    expect(
      weights([
        ...started,
        ...given(...started)
          .when(promote('new'))
          .events(),
      ]),
    ).toEqual([0, 10_000]);
    given(...started)
      .when(promote('new', { permits: [permitOf('old'), permitOf('new', { status: 'revoked' })] }))
      .thenRefused('NoPermit', { rule: 'revoked' });
    given(...started)
      .when(promote('third'))
      .thenRefused('NotAnArm');
  });

  test('rule-21 an arm gets traffic only with a permit', () => {
    given(...started)
      .when(shift(5000, 5000))
      .thenEvents('TrafficShifted');
    given(...started)
      .when(shift(5000, 5000, { permits: [permitOf('old')] }))
      .thenRefused('NoPermit');
    given(...started)
      .when(shift(10_000, 0, { permits: [permitOf('old')] }))
      .thenEvents('TrafficShifted');
    given(...started)
      .when(shift(0, 0, { permits: [] }))
      .thenEvents('TrafficShifted');
  });

  test('going back always works; without a permit nothing serves', () => {
    expect(
      weights([
        ...started,
        ...given(...started)
          .when(rollBack('old'))
          .events(),
      ]),
    ).toEqual([10_000, 0]);
    expect(
      weights([
        ...started,
        ...given(...started)
          .when(rollBack('old', { permits: [] }))
          .events(),
      ]),
    ).toEqual([0, 0]);
  });
});

describe('rule-18 an overdue override review blocks the next promotion', () => {
  const blockedBy = [
    { code: 'override-review-overdue', id: id('override'), stream: `approval-${boston}.${id('override')}` },
  ];

  test('rule-18 the promotion is refused and names the override', () =>
    given(...started)
      .when(promote('new', { blockedBy }))
      .thenRefused('PromotionBlocked', { blockedBy }));

  test('rule-18 so is more traffic for the newcomer, but not less, and not a roll-back', () => {
    given(...started)
      .when(shift(8000, 2000, { blockedBy }))
      .thenRefused('PromotionBlocked');
    given(...started)
      .when(shift(9500, 500, { blockedBy }))
      .thenEvents('TrafficShifted');
    given(...started)
      .when(rollBack('old'))
      .thenEvents('DeploymentRolledBack');
  });
});

test('weights that are no split are refused', () => {
  for (const [a, b] of [
    [5000, 4999],
    [10_001, -1],
    [0.5, 9999.5],
    [NaN, 10_000],
  ] as const)
    given(...started)
      .when(shift(a, b))
      .thenRefused('InvalidField', { field: 'arms' });
  const [arm] = shift(10_000, 0).data.arms;
  given(...started)
    .when({ ...shift(0, 0), data: { ...shift(0, 0).data, arms: [arm!] } })
    .thenRefused('InvalidField');
  given(...started)
    .when({ ...shift(0, 0), data: { ...shift(0, 0).data, arms: [arm!, arm!] } })
    .thenRefused('InvalidField');
});

test('a stopped deployment serves nothing and does nothing more', () => {
  const stop = { type: 'StopDeployment', context, data: { deploymentId: id('deployment'), cause: 'retired' } } as const;
  const history = [...started, example('DeploymentStopped')];
  given(...started)
    .when(stop)
    .thenEvents('DeploymentStopped');
  given(...history)
    .when(stop)
    .thenNothing();
  given(...history)
    .when(promote('new'))
    .thenRefused('Stopped');
  expect(weights(history)).toEqual([0, 0]);
});

test('whatever is tried, the weights sum to 10,000 or are all 0, and no arm serves without a permit', () => {
  const version = fc.constantFrom('old', 'new', 'third');
  const facts = fc.record({
    permits: fc.subarray(permits).map((all) => [...all]),
    blockedBy: fc.constantFrom([], [{ code: 'override-review-overdue', id: id('override') }]),
  });
  const weight = fc.oneof(fc.constantFrom(0, 5000, wholeTraffic), fc.integer({ min: -10, max: 10_010 }));
  const command: fc.Arbitrary<DeploymentCommand> = fc.oneof(
    fc
      .tuple(fc.constantFrom('blue-green' as const, 'canary' as const), weight)
      .map(([kind, share]) => start(kind, share)),
    fc.tuple(version, facts).map(([name, given]) => promote(name, given)),
    fc.tuple(weight, facts).map(([share, given]) => shift(wholeTraffic - share, share, given)),
    fc.tuple(weight, weight, facts).map(([one, other, given]) => shift(one, other, given)),
    fc.tuple(version, facts).map(([name, given]) => rollBack(name, given)),
    fc.constant({ type: 'StopDeployment', context, data: { deploymentId: id('deployment'), cause: 'test' } } as const),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
      let state = deployment.initial;
      for (const next of commands) {
        const decision = deployment.decide(next, state);
        if (decision.outcome === 'refused') continue;
        state = decision.events.reduce(deployment.evolve, state);
        if (state.status === 'none') continue;
        const sum = state.arms.reduce((total, arm) => total + arm.weight, 0);
        expect([0, wholeTraffic]).toContain(sum);
        if (next.type === 'PromoteDeployment' || next.type === 'ShiftTraffic' || next.type === 'RollBackDeployment')
          for (const arm of state.arms)
            if (arm.weight > 0)
              expect(next.data.facts.permits.map((permit) => permit.permitId)).toContain(arm.permitId);
      }
    }),
    { numRuns: 300 },
  );
});
