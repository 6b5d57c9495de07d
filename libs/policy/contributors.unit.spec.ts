import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { contributorsOf, excluded, identitiesOf } from '#libs/policy';
import { mostWays } from './contributors.js';
import type { IdentityNode, LineageFacts, LineageNode } from '#libs/policy';

/** The mortgage model: raw data → cleaned data → run by a bot of Ana's → version → evaluation. */
const lineage: LineageFacts = {
  roots: ['model-version:v', 'evaluation:e'],
  requesterId: 'rosa',
  nodes: [
    { node: 'model-version:v', acts: [{ identityId: 'mona', act: 'registered-by' }], from: ['training-run:r'] },
    {
      node: 'training-run:r',
      acts: [{ identityId: 'bot', act: 'started-by' }],
      code: { commit: 'abc1234', authors: ['cody', 'ana-too'] },
      from: ['dataset-version:clean'],
    },
    {
      node: 'dataset-version:clean',
      acts: [{ identityId: 'dana', act: 'sealed-by', onBehalfOf: 'della' }],
      from: ['dataset-version:raw'],
    },
    { node: 'dataset-version:raw', acts: [{ identityId: 'rudi', act: 'sealed-by' }], from: [] },
    { node: 'evaluation:e', acts: [{ identityId: 'evan', act: 'recorded-by' }], from: ['dataset-version:test'] },
    { node: 'dataset-version:test', acts: [{ identityId: 'tess', act: 'sealed-by' }], from: [] },
    { node: 'dataset-version:unused', acts: [{ identityId: 'vera', act: 'sealed-by' }], from: [] },
  ],
  identities: [
    { identityId: 'bot', ownerId: 'ana', linked: [] },
    { identityId: 'ana', linked: ['ana-at-home'] },
  ],
};
const pathOf = (who: string) => contributorsOf(lineage).find(({ identityId }) => identityId === who)?.path;

describe('rule-01 contributors are everybody behind the version', () => {
  test('rule-01 the way leads over data, code, training, evaluation and request', () => {
    expect(pathOf('mona')).toEqual(['model-version:v', 'registered-by']);
    expect(pathOf('cody')).toEqual(['model-version:v', 'training-run:r', 'code:abc1234', 'author']);
    expect(pathOf('rudi')).toEqual([
      'model-version:v',
      'training-run:r',
      'dataset-version:clean',
      'dataset-version:raw',
      'sealed-by',
    ]);
    expect(pathOf('evan')).toEqual(['evaluation:e', 'recorded-by']);
    expect(pathOf('tess')).toEqual(['evaluation:e', 'dataset-version:test', 'sealed-by']);
    expect(pathOf('rosa')).toEqual(['request', 'requested-by']);
  });

  test('rule-01 bots answer with their owners, delegates with their delegators, and all with their other identities', () => {
    expect(pathOf('bot')).toEqual(['model-version:v', 'training-run:r', 'started-by']);
    expect(pathOf('ana')).toEqual(['model-version:v', 'training-run:r', 'started-by', 'service:bot', 'owner']);
    expect(pathOf('ana-at-home')?.slice(-2)).toEqual(['identity:ana', 'linked']);
    expect(pathOf('della')?.slice(-2)).toEqual(['sealed-by', 'on-behalf-of']);
  });

  test('rule-01 who helped in several ways is shown each of them once, the shortest first', () => {
    const by = (act: string) => [{ identityId: 'mona', act }];
    const nodes = [
      { node: 'model-version:v', acts: by('registered-by'), from: ['training-run:r', 'training-run:s'] },
      { node: 'training-run:r', acts: by('started-by'), from: [] },
      { node: 'training-run:s', acts: by('started-by'), from: [] },
    ];
    const facts = { roots: ['model-version:v'], nodes, identities: [], requesterId: 'mona' };
    const ways = contributorsOf(facts);
    expect(ways.map(({ path }) => path)).toEqual([
      ['request', 'requested-by'],
      ['model-version:v', 'registered-by'],
      ['model-version:v', 'training-run:r', 'started-by'],
    ]);
    const many = Array.from({ length: 20 }, (_, index) => ({ identityId: 'mona', act: `act-${index}` }));
    const all = contributorsOf({ ...facts, nodes: [{ node: 'model-version:v', acts: many, from: [] }] });
    expect(all).toHaveLength(mostWays);
  });

  test('rule-01 who had nothing to do with it is none', () => {
    expect(pathOf('vera')).toBeUndefined();
    expect(excluded('vera', contributorsOf(lineage), lineage.identities)).toBeUndefined();
  });

  test('rule-01 a signer is excluded under any identity, with the shortest way', () => {
    const identities: IdentityNode[] = [
      ...lineage.identities,
      { identityId: 'x', linked: ['y'] },
      { identityId: 'rudi', linked: ['y'] },
    ];
    expect(excluded('x', contributorsOf(lineage), identities)?.identityId).toBe('rudi');
    expect(identitiesOf('x', identities)).toEqual(['x', 'y', 'rudi']);
  });

  test('cyclic lineage ends', () => {
    const nodes: LineageNode[] = [
      { node: 'a', acts: [{ identityId: 'ana', act: 'made-by' }], from: ['b'] },
      { node: 'b', acts: [{ identityId: 'ben', act: 'made-by' }], from: ['a', 'b'] },
    ];
    expect(
      contributorsOf({ roots: ['a'], nodes, identities: [{ identityId: 'ana', linked: ['ben', 'ana'] }] }),
    ).toEqual([
      { identityId: 'ana', path: ['a', 'made-by'] },
      { identityId: 'ben', path: ['a', 'b', 'made-by'] },
    ]);
  });

  test('a very long way keeps both ends and counts what lies between', () => {
    const nodes = Array.from({ length: 50 }, (_, index): LineageNode => ({
      node: `n${index}`,
      acts: index === 49 ? [{ identityId: 'ana', act: 'made-by' }] : [],
      from: [`n${index + 1}`],
    }));
    const [contribution] = contributorsOf({ roots: ['n0'], nodes, identities: [] });
    expect(contribution?.path).toHaveLength(22);
    expect(contribution?.path.slice(9, 12)).toEqual(['n9', '… 30 more …', 'n40']);
  });

  test('20,000 nodes in a chain with short cuts take less than two seconds of the processor', () => {
    const nodes = Array.from({ length: 20_000 }, (_, index): LineageNode => ({
      node: `n${index}`,
      acts: [{ identityId: `i${index % 1000}`, act: 'made-by' }],
      from: [`n${index + 1}`, `n${(index * 7) % 20_000}`, 'n0'],
    }));
    const { user } = process.cpuUsage();
    expect(contributorsOf({ roots: ['n0'], nodes, identities: [] })).toHaveLength(1000);
    expect(process.cpuUsage().user - user).toBeLessThan(2_000_000);
  });
});

describe('rule-01 in general', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const place = fc.constantFrom('n0', 'n1', 'n2', 'n3');
  const node = fc.record({
    node: place,
    acts: fc.array(fc.record({ identityId: name, act: fc.constant('made-by') }), { maxLength: 2 }),
    from: fc.array(place, { maxLength: 3 }),
  });
  const nodes = fc.uniqueArray(node, { selector: (each) => each.node, maxLength: 4 });
  const identities = fc.uniqueArray(
    fc.record({
      identityId: name,
      ownerId: fc.option(name, { nil: undefined }),
      linked: fc.array(name, { maxLength: 2 }),
    }),
    { selector: (each) => each.identityId, maxLength: 6 },
  );
  const facts = (
    all: readonly LineageNode[],
    people: readonly { identityId: string; ownerId: string | undefined; linked: string[] }[],
  ): LineageFacts => ({
    roots: ['n0'],
    nodes: all,
    identities: people.map(({ ownerId, ...rest }) => (ownerId === undefined ? rest : { ...rest, ownerId })),
  });

  test('rule-01 more lineage never excludes fewer people, and order changes nothing', () => {
    fc.assert(
      fc.property(nodes, identities, fc.nat(3), (all, people, drop) => {
        const whole = contributorsOf(facts(all, people));
        const part = contributorsOf(
          facts(
            all.filter((_, index) => index !== drop),
            people,
          ),
        );
        const ids = whole.map(({ identityId }) => identityId);
        for (const { identityId } of part) expect(ids).toContain(identityId);
        const backwards = contributorsOf(facts([...all].reverse(), [...people].reverse()));
        expect(backwards.map(({ identityId }) => identityId)).toEqual(ids);
      }),
    );
  });

  test('rule-01 exclusion is the same for all identities of one person', () => {
    fc.assert(
      fc.property(nodes, identities, name, (all, people, who) => {
        const given = facts(all, people);
        const contributors = contributorsOf(given);
        const out = excluded(who, contributors, given.identities) !== undefined;
        for (const other of identitiesOf(who, given.identities))
          expect(excluded(other, contributors, given.identities) !== undefined).toBe(out);
      }),
    );
  });
});
