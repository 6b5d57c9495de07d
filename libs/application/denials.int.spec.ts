import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { anonymous } from '#libs/identity';
import { ManualClock, newId } from '#libs/runtime';
import { testStore, type TestStore } from '../event-store/testing.js';
import { createDenialLog, refusalDetails, type Denial } from './denials.js';

let ledger: TestStore;
beforeAll(async () => {
  ledger = await testStore();
});
afterAll(() => ledger?.close());

const person = (id = newId()): Denial['actor'] => ({ ...anonymous('2026-11-22T12:00:00Z'), id, kind: 'person' });
const denial = (changes: Partial<Denial> = {}): Denial => ({
  workspace: 'w',
  actor: person(),
  rule: 'Contributor',
  action: 'SignApproval',
  ...changes,
});

async function counts(
  actorId: string,
  day = '2026-11-22',
): Promise<readonly { minute: string; rule: string; count: number }[]> {
  const found = [];
  for await (const { data } of ledger.store.readStream(`denial-w.${actorId}.${day}`))
    found.push(JSON.parse(Buffer.from(data).toString('utf8')) as { minute: string; rule: string; count: number });
  return found.map(({ minute, rule, count }) => ({ minute, rule, count }));
}

test('the first of a minute is written at once with its position, the rest of the minute as one count', async () => {
  const clock = new ManualClock('2026-11-22T12:00:30Z');
  const log = createDenialLog(ledger.store, clock);
  const actor = person();
  expect(await log.count(denial({ actor }))).toBeGreaterThan(-1n);
  for (let n = 0; n < 1000; n++) expect(await log.count(denial({ actor }))).toBeUndefined();
  expect(await counts(actor.id)).toEqual([{ minute: '2026-11-22T12:00:00.000Z', rule: 'Contributor', count: 1 }]);
  clock.advance(30_000);
  await log.flush();
  expect((await counts(actor.id)).at(-1)).toEqual({
    minute: '2026-11-22T12:00:00.000Z',
    rule: 'Contributor',
    count: 1000,
  });
  await log.count(denial({ actor }));
  expect((await counts(actor.id)).at(-1)).toEqual({
    minute: '2026-11-22T12:01:00.000Z',
    rule: 'Contributor',
    count: 1,
  });
  await log.close();
  expect((await counts(actor.id)).reduce((sum, { count }) => sum + count, 0)).toBe(1002);
});

test('each rule and each actor is counted for itself', async () => {
  const log = createDenialLog(ledger.store, new ManualClock('2026-11-22T12:00:00Z'));
  const [ana, ben] = [person(), person()];
  for (const actor of [ana, ben])
    for (const rule of ['Contributor', 'RoleNotHeld']) await log.count(denial({ actor, rule }));
  await log.close();
  expect((await counts(ana.id)).map(({ rule }) => rule)).toEqual(['Contributor', 'RoleNotHeld']);
  expect(await counts(ben.id)).toHaveLength(2);
});

test('a flood of anonymous refusals leaves two events a rule and a minute, in one stream a day', async () => {
  const clock = new ManualClock('2026-11-23T09:00:00Z');
  const log = createDenialLog(ledger.store, clock);
  const actor = anonymous(clock.now().toISOString());
  await Promise.all(
    Array.from({ length: 5000 }, () => log.count(denial({ actor, rule: 'BadSignature', action: 'sign-in' }))),
  );
  await log.close();
  expect((await counts('anonymous', '2026-11-23')).map(({ count }) => count)).toEqual([1, 4999]);
});

test('shutting down in the middle of a minute loses no count', async () => {
  const log = createDenialLog(ledger.store, new ManualClock('2026-11-22T12:00:00Z'));
  const actor = person();
  for (let n = 0; n < 7; n++) await log.count(denial({ actor }));
  await log.close();
  expect((await counts(actor.id)).map(({ count }) => count)).toEqual([1, 6]);
});

test('a store that is away does not turn a refusal into an error', async () => {
  const faults: string[] = [];
  const away = { ...ledger.store, append: () => Promise.reject(new Error('away')) };
  const log = createDenialLog(away, new ManualClock('2026-11-22T12:00:00Z'), (what) => faults.push(what));
  expect(await log.count(denial())).toBeUndefined();
  expect(faults).toEqual(['a denial could not be written']);
});

test('counts that could not be written are written when the store is back', async () => {
  const clock = new ManualClock('2026-11-22T12:00:00Z');
  let away = false;
  const { store } = ledger;
  const log = createDenialLog(
    { ...store, append: (...args) => (away ? Promise.reject(new Error('away')) : store.append(...args)) },
    clock,
  );
  const actor = person();
  for (let n = 0; n < 5; n++) await log.count(denial({ actor }));
  away = true;
  await log.flush();
  away = false;
  await log.close();
  expect((await counts(actor.id)).map(({ count }) => count)).toEqual([1, 4]);
});

test('details are made fit for an event: no bigint, nothing long, nothing invisible, nothing deep', async () => {
  const deep: Record<string, unknown> = {};
  deep['self'] = deep;
  const details = refusalDetails({
    position: 2n ** 63n,
    ratio: Number.NaN,
    text: `a\u202eb\0${'x'.repeat(1000)}`,
    list: Array.from({ length: 500 }, (_, n) => n),
    'a key with spaces': 1,
    nothing: undefined,
    deep,
  });
  expect(details).toMatchObject({ position: '9223372036854775808', ratio: 'NaN' });
  expect(details).not.toHaveProperty('a key with spaces');
  expect(details).not.toHaveProperty('nothing');
  expect((details['text'] as string).length).toBe(300);
  expect((details['list'] as number[]).length).toBe(100);
  const log = createDenialLog(ledger.store, new ManualClock('2026-11-22T12:00:00Z'));
  expect(await log.count(denial({ details }))).toBeGreaterThan(-1n);
});
