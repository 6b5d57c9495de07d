import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AbilityBuilder, createMongoAbility, subject } from '@casl/ability';
import * as fc from 'fast-check';
import { roles, type Role } from '#libs/lifecycle';
import { createPool, type Pool } from '#libs/postgres';
import { testDatabase, type TestDatabase } from '../postgres/testing.js';
import { abilityFor, mayDo, type AssayAbility, type Resource } from './ability.js';
import { conditionSql, UnsupportedCondition } from './condition-sql.js';
import { actions, subjectTypes } from './permissions.js';

const ids = ['ana', 'ben', 'cem'] as const;
const models = ['m', 'n'] as const;
const columns = {
  modelId: 'r.model_id',
  requesterId: 'r.requester_id',
  contributorIds: { array: 'r.contributor_ids' },
  identityId: 'r.identity_id',
};
let database: TestDatabase;
let pool: Pool;
/** Every combination of values, missing ones included: the rules have nowhere to hide. */
const rows: (Required<Resource> & { readonly id: number })[] = [];

beforeAll(async () => {
  database = await testDatabase();
  pool = createPool(database.url);
  await pool.query(
    'CREATE TABLE r (id int, model_id text, requester_id text, contributor_ids text[], identity_id text)',
  );
  for (const modelId of [null, ...models])
    for (const requesterId of [null, ...ids])
      for (const contributorIds of [[], ['ana'], ['ben', 'cem']])
        for (const identityId of [null, 'ana', 'ben'])
          rows.push({ id: rows.length, modelId, requesterId, contributorIds, identityId });
  for (const { id, modelId, requesterId, contributorIds, identityId } of rows)
    await pool.query('INSERT INTO r VALUES ($1, $2, $3, $4, $5)', [
      id,
      modelId,
      requesterId,
      contributorIds,
      identityId,
    ]);
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

async function selected(
  ability: AssayAbility,
  action: (typeof actions)[number],
  type: (typeof subjectTypes)[number],
): Promise<number[]> {
  const { text, values } = conditionSql(ability, action, type, columns, 2);
  const sql = `SELECT id FROM r WHERE id >= $1 AND ${text} ORDER BY id`;
  // Its negation must give the others: a condition that is NULL for a row would lose it in both.
  const inverse = `SELECT id FROM r WHERE id >= $1 AND NOT ${text} ORDER BY id`;
  const [yes, no] = await Promise.all([pool.query(sql, [0, ...values]), pool.query(inverse, [0, ...values])]);
  expect(yes.rows.length + no.rows.length).toBe(rows.length);
  return yes.rows.map(({ id }: { id: number }) => id);
}

test('a list filtered by SQL holds exactly what the decision in memory allows', async () => {
  const grant = fc.record({
    role: fc.constantFrom<Role>(...roles),
    scope: fc.option(fc.constantFrom(...models), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ids),
      fc.constantFrom('person', 'service', 'anonymous'),
      fc.array(grant, { maxLength: 4 }),
      fc.subarray([...ids]),
      fc.constantFrom(...actions),
      fc.constantFrom(...subjectTypes),
      async (id, kind, held, linked, action, type) => {
        const grants = held.map(({ role, scope }) => ({ role, ...(scope !== undefined && { scope }) }));
        const ability = abilityFor({ id, kind }, grants, linked);
        const inMemory = rows.filter((row) => mayDo(ability, action, type, row)).map((row) => row.id);
        expect(await selected(ability, action, type)).toEqual(inMemory);
      },
    ),
    { numRuns: 400 },
  );
});

test('the same holds for rules with every operator that may be written, missing values included', async () => {
  const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
    fc.record(shape, { noNullPrototype: true }) as fc.Arbitrary<T>;
  const value = fc.option(fc.constantFrom(...ids), { nil: null });
  const condition = fc.oneof(
    record({ requesterId: value }),
    record({ requesterId: record({ $ne: value }) }),
    record({ requesterId: record({ $in: fc.array(fc.constantFrom(...ids)) }) }),
    record({ requesterId: record({ $nin: fc.array(fc.constantFrom(...ids)) }) }),
    record({ contributorIds: record({ $in: fc.array(fc.constantFrom(...ids)) }) }),
    record({ contributorIds: record({ $nin: fc.array(fc.constantFrom(...ids)) }) }),
    record({ requesterId: value, modelId: fc.constantFrom(...models) }),
  );
  const rule = fc.record({ inverted: fc.boolean(), condition: fc.option(condition, { nil: undefined }) });
  await fc.assert(
    fc.asyncProperty(fc.array(rule, { maxLength: 5 }), async (rules) => {
      const { can, cannot, build } = new AbilityBuilder<AssayAbility>(createMongoAbility);
      for (const { inverted, condition: where } of rules) (inverted ? cannot : can)('sign', 'Approval', where as never);
      const ability = build();
      const inMemory = rows.filter((row) => ability.can('sign', subject('Approval', { ...row }))).map(({ id }) => id);
      expect(await selected(ability, 'sign', 'Approval')).toEqual(inMemory);
    }),
    { numRuns: 300 },
  );
});

test('what cannot be asked of the table is refused, not shown', () => {
  const { can, build } = new AbilityBuilder<AssayAbility>(createMongoAbility);
  can('read', 'Model', { modelId: { $gt: 'a' } } as never);
  expect(() => conditionSql(build(), 'read', 'Model', columns)).toThrow(UnsupportedCondition);
  const scoped = abilityFor({ id: 'ana', kind: 'person' }, [{ role: 'viewer', scope: 'm' }]);
  expect(() => conditionSql(scoped, 'read', 'Model', {})).toThrow('no column for modelId');
});
