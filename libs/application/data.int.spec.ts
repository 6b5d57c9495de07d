import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Actor } from '#libs/lifecycle';
import { newId } from '#libs/runtime';
import { testApplication, type TestApplication } from './testing.js';
import type { CommandInputs } from './contract.js';

let app: TestApplication;
let steward: Actor;

beforeAll(async () => {
  app = await testApplication();
  steward = await app.person(['data-steward']);
});
afterAll(() => app?.close());

const dataset = (changes: Partial<CommandInputs['RegisterDataset']> = {}): CommandInputs['RegisterDataset'] => ({
  datasetId: newId(),
  name: `set ${newId()}`,
  purpose: 'credit decisions',
  legalBasis: 'GDPR 6(1)(b)',
  ...changes,
});

const sealed = (datasetId: string, derivedFrom: string[] = []): CommandInputs['SealDatasetVersion'] => ({
  datasetVersionId: newId(),
  datasetId,
  content: { digest: 'a'.repeat(64), bytes: 10, mediaType: 'text/csv' },
  rowDigest: 'ab'.repeat(32),
  rows: 3,
  columns: [{ name: 'deny', type: 'string', nulls: 0, role: 'label' }],
  derivedFrom,
  grade: 'measured',
});

test('a data set is registered once, and a repeat of the command returns the old position', async () => {
  const input = dataset({ description: 'collected by Ana Núñez' });
  const commandId = newId();
  const first = await app.execute(steward, 'RegisterDataset', input, { commandId });
  expect(first).toMatchObject({ outcome: 'accepted', repeated: false });
  const again = await app.execute(steward, 'RegisterDataset', input, { commandId });
  expect(again).toMatchObject({ outcome: 'accepted', repeated: true });
  expect(again).toHaveProperty('position', (first as { position: bigint }).position);
});

test('the same command id with other content is refused, also when only a text differs', async () => {
  const input = dataset({ description: 'one' });
  const commandId = newId();
  await app.execute(steward, 'RegisterDataset', input, { commandId });
  for (const other of [{ ...input, description: 'two' }, { ...input, purpose: 'other' }, dataset()])
    expect(await app.execute(steward, 'RegisterDataset', other, { commandId })).toMatchObject({
      outcome: 'refused',
      code: 'IdempotencyConflict',
    });
});

test('no text and no person is in the bytes of the store', async () => {
  await app.done(steward, 'RegisterDataset', dataset({ description: 'collected by Ana Núñez' }));
  for await (const { data, metadata } of app.ledger.store.readAll()) {
    const bytes = Buffer.concat([data, metadata]).toString('utf8');
    expect(bytes).not.toContain('Núñez');
    expect(bytes).not.toContain('person-');
  }
});

test('a name is taken once, by letter case and composition', async () => {
  const input = dataset({ name: 'Boston HMDA é' });
  await app.done(steward, 'RegisterDataset', input);
  const results = await Promise.all(
    ['boston hmda É', 'BOSTON HMDA É'].map((name) => app.execute(steward, 'RegisterDataset', dataset({ name }))),
  );
  for (const result of results) expect(result).toMatchObject({ outcome: 'refused', code: 'NameTaken' });
});

test('two that take one name at once: one gets it', async () => {
  const name = `contested ${newId()}`;
  const results = await Promise.all(
    Array.from({ length: 5 }, () => app.execute(steward, 'RegisterDataset', dataset({ name }))),
  );
  expect(results.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
});

describe('versions', () => {
  test('are numbered without a double when they are sealed at once', async () => {
    const { datasetId, ...rest } = dataset();
    await app.done(steward, 'RegisterDataset', { datasetId, ...rest });
    const inputs = Array.from({ length: 6 }, () => sealed(datasetId));
    await Promise.all(inputs.map((input) => app.done(steward, 'SealDatasetVersion', input)));
    const numbers: number[] = [];
    for (const { datasetVersionId } of inputs)
      for await (const event of app.ledger.store.readStream(`datasetVersion-${app.workspace}.${datasetVersionId}`))
        numbers.push((JSON.parse(Buffer.from(event.data).toString()) as { number: number }).number);
    expect(numbers.sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('are derived from what is there and not from themselves', async () => {
    const input = dataset();
    await app.done(steward, 'RegisterDataset', input);
    const parent = sealed(input.datasetId);
    await app.done(steward, 'SealDatasetVersion', parent);
    await app.done(steward, 'SealDatasetVersion', sealed(input.datasetId, [parent.datasetVersionId]));
    const itself = sealed(input.datasetId);
    const cyclic = { ...itself, derivedFrom: [itself.datasetVersionId] };
    expect(await app.execute(steward, 'SealDatasetVersion', cyclic)).toMatchObject({ outcome: 'refused' });
    expect(await app.execute(steward, 'SealDatasetVersion', sealed(input.datasetId, [newId()]))).toMatchObject({
      code: 'NotFound',
    });
  });
});

describe('bad input', () => {
  test.each([
    ['a hostile name', { name: 'a\u202eb' }, 'name'],
    ['a name that is not NFC', { name: 'e\u0301' }, 'name'],
    ['an id that is none', { datasetId: '../../etc/passwd' }, 'datasetId'],
    ['a text with U+0000', { description: 'a\0b' }, 'description'],
    ['a lone surrogate', { description: '\uD800' }, 'description'],
    ['an oversize text', { description: 'x'.repeat(4001) }, 'description'],
    ['a missing field', { purpose: undefined }, 'purpose'],
    ['a null', { licence: null }, 'licence'],
    ['an unknown field', { superuser: true }, 'superuser'],
    ['a number for a text', { name: NaN }, 'name'],
  ])('%s is refused by field, and nothing is written', async (_, changes, field) => {
    await app.application.catchUp();
    const before = app.directory.position;
    const input = { ...dataset(), ...changes } as CommandInputs['RegisterDataset'];
    const result = await app.execute(steward, 'RegisterDataset', input);
    expect(result).toMatchObject({ outcome: 'refused', code: 'ValidationFailed', details: { issues: [{ field }] } });
    await app.application.catchUp();
    expect(app.directory.position).toBe(before);
  });

  test('an unknown command, a workspace with a separator, a command id that is none', async () => {
    expect(await app.execute(steward, 'DropEverything' as 'RegisterDataset', dataset())).toMatchObject({
      code: 'ValidationFailed',
    });
    for (const context of [{ workspace: 'a-b.c' }, { commandId: '1' }, { now: 'yesterday' }])
      expect(await app.execute(steward, 'RegisterDataset', dataset(), context)).toMatchObject({
        code: 'ValidationFailed',
      });
  });

  test('another workspace than the one that is open', async () => {
    expect(await app.execute(steward, 'RegisterDataset', dataset(), { workspace: 'other' })).toMatchObject({
      code: 'NotFound',
      details: { field: 'workspace' },
    });
  });

  test('a clock that is off by more than a minute', async () => {
    const now = new Date(app.clock.now().getTime() - 61_000).toISOString();
    expect(await app.execute(steward, 'RegisterDataset', dataset(), { now })).toMatchObject({ code: 'ClockSkew' });
  });
});
