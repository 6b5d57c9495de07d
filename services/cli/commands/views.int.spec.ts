import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeEvent } from '#libs/event-store';
import { createPool, type Pool } from '#libs/postgres';
import { partitionOf } from '#libs/projections';
import { newId } from '#libs/runtime';
import { createProjector, type Projector } from '#services/projector';
import { testStore, type TestStore } from '../../../libs/event-store/testing.js';
import { testDatabase, type TestDatabase } from '../../../libs/postgres/testing.js';
import { randomHistory } from '../../../libs/projections/testing/index.js';
import { main } from '../main.js';

let ledger: TestStore;
let database: TestDatabase;
let pool: Pool;
let projector: Projector;
let folder: string;
let key: string;
const alarms: string[] = [];
const before = { ...process.env };
const secretReason = 'the writer of that event was a test';
const views = ['access', 'fairness', 'inventory', 'lineage', 'timeline', 'approvals', 'deployments'];

beforeAll(async () => {
  [ledger, database] = await Promise.all([testStore(), testDatabase()]);
  pool = createPool(database.url);
  folder = mkdtempSync(join(tmpdir(), 'assay-views-'));
  process.env['EVENTSTORE_URL'] = ledger.connectionString;
  process.env['DATABASE_URL'] = database.url;
  const opening = ['--issuer', 'https://issuer.example', '--audience', 'assay', '--admin', 'root', '--json'];
  const opened = await assay('init', '--data', folder, ...opening);
  key = (JSON.parse(opened.out) as { serviceKey: string }).serviceKey;
  for (const { stored } of randomHistory(41, 200, ['alpha']).slice(0, 150)) {
    const { stream, id, type, data, metadata, revision } = stored;
    await ledger.store.append(stream, [{ id, type, data, metadata }], revision === 0n ? 'no_stream' : revision - 1n);
  }
  projector = createProjector({
    pool,
    store: ledger.store,
    onAlarm: (stop) => alarms.push(`${stop.view} ${stop.eventId}`),
  });
  await projector.start();
}, 120_000);
afterAll(async () => {
  process.env = before;
  await projector.stop();
  await pool.end();
  rmSync(folder, { recursive: true, force: true });
  await ledger.close();
  await database.close();
});

async function assay(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const said = { out: '', error: '' };
  const into = (name: 'out' | 'error'): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        said[name] += chunk.toString('utf8');
        done();
      },
    });
  const code = await main(args, { stdout: into('out'), stderr: into('error') });
  return { code, ...said };
}

/** A model whose stream lies in a partition; or, of that type, bytes that no codec of ours has written. */
async function append(partition: number, isPoison = false): Promise<{ id: string; position: bigint }> {
  for (const { stored } of randomHistory(50 + Math.floor(Math.random() * 1e6), 60, ['beta'])) {
    if (stored.type !== 'ModelRegistered' || partitionOf(stored.stream, 8) !== partition) continue;
    const bytes = new TextEncoder().encode('{"not":"an event"}');
    const event = isPoison ? { ...stored, data: bytes, metadata: bytes } : stored;
    const { position } = await ledger.store.append(stored.stream, [event], 'no_stream');
    return { id: stored.id, position };
  }
  return append(partition, isPoison);
}

async function json<Answer = object>(...args: string[]): Promise<Answer> {
  return JSON.parse((await assay('views', ...args, '--json')).out) as Answer;
}

interface Listed {
  readonly view: string;
  readonly stops: readonly unknown[];
  readonly lag: { readonly events: number };
}
const list = () => json<Listed[]>('list');

test('what is missing or unfit is said with exit code 2', async () => {
  const cases: [string[], string][] = [
    [[], '"" is not an action'],
    [['forget', 'inventory'], '"forget" is not an action'],
    [['rebuild'], '0 words after rebuild'],
    [['rebuild', 'nothing'], 'there is no view "nothing"'],
    [['list', '--colour'], "assay views: Unknown option '--colour'; see assay views --help (BadInput)\n"],
    [['undo', 'inventory'], 'no generation to go back to'],
    [['drop', 'inventory', '1'], 'generation 1 of inventory is live'],
    [['drop', 'inventory', '7'], 'view inventory has no generation 7; it has 1'],
    [['drop', 'inventory', 'one'], 'GENERATION'],
    [['release', 'inventory', '0', '--skip', '--retry', '--reason', 'x'], 'one of --retry and --skip'],
    [['release', 'inventory', '0', '--skip'], '--reason'],
    [['release', 'inventory', '0', '--skip', '--reason', 'x'], 'ASSAY_KEY'],
    [['release', 'decisions', newId(), '--skip', '--reason', 'x'], 'ASSAY_KEY'],
    [['rebuild', 'decisions'], 'there is no view "decisions"'],
    [['rebuild', 'inventory', '--segment', join(folder, 'absent')], 'ENOENT'],
    [['rebuild', 'inventory', '--segment', join(folder, 'absent'), '--kafka'], '--segment and --kafka: one of them'],
    [['rebuild', 'inventory', '--kafka'], 'KAFKA_BROKERS'],
  ];
  for (const [words, said] of cases) {
    const { code, error } = await assay('views', ...words);
    expect([words, code, error]).toEqual([words, 2, expect.stringContaining(said)]);
  }
});

test('a poison event stops its partition, is listed, and goes on after a recorded decision; a rebuild honours it', async () => {
  const { id, position } = await append(3, true);
  await projector.waitFor(position, 60_000, ['access', 'fairness', 'approvals', 'deployments']);
  const later = await append(3);
  await projector.waitFor(later.position, 60_000, ['access']);
  const elsewhere = await append(4);
  await projector.waitFor(elsewhere.position, 60_000, ['access']);

  expect(alarms.toSorted()).toEqual([`inventory ${id}`, `lineage ${id}`, `timeline ${id}`]);
  const listed = await list();
  expect(listed.map(({ view }) => view).sort()).toEqual([...views, 'decisions'].sort());
  expect(listed.at(-1)).toMatchObject({ view: 'decisions', stops: [{ eventId: id, position: String(position) }] });
  const inventory = listed.find(({ view }) => view === 'inventory')!;
  expect(inventory).toMatchObject({ generation: 1, status: 'live', position: String(position - 1n) });
  expect(inventory.stops).toMatchObject([{ partition: 3, eventId: id, kind: 'poison', position: String(position) }]);
  expect(inventory.lag.events).toBe(3);
  const { out } = await assay('views', 'list');
  expect(out).toContain(`inventory generation 1, partition 3: poison since`);
  expect(out).toContain(id);
  // A stopped partition is compared up to where it stands.
  expect(await assay('views', 'verify')).toMatchObject({ code: 0 });

  const rebuilding = await assay('views', 'rebuild', 'inventory');
  expect(rebuilding).toMatchObject({ code: 2, error: expect.stringContaining(`${id}`) });
  expect((await list()).filter(({ view }) => view === 'inventory')).toMatchObject([
    { generation: 1, status: 'live' },
    { generation: 2, rebuild: 'bare', stops: [{ eventId: id }] },
  ]);

  process.env['ASSAY_KEY'] = 'assay_sk_wrong';
  const reason = ['--reason', secretReason];
  expect(await assay('views', 'release', 'inventory', '3', '--skip', ...reason)).toMatchObject({ code: 2 });
  process.env['ASSAY_KEY'] = key;
  expect(await assay('views', 'release', 'inventory', '5', '--skip', ...reason)).toMatchObject({ code: 2 });
  const retried = await assay('views', 'release', 'inventory', '3', '--retry', ...reason);
  expect(retried).toMatchObject({ code: 1, error: '', out: expect.stringContaining('stopped again') });
  const skipped = await assay('views', 'release', 'inventory', '3', '--skip', ...reason);
  expect(skipped).toMatchObject({ code: 0, out: expect.stringContaining('the partition goes on') });

  // The running projector goes on with it, without a restart: what came after the poison is there, and what comes now.
  const now = await append(3);
  await projector.waitFor(now.position, 60_000, ['inventory']);
  const found = await pool.query('SELECT 1 FROM read.model WHERE position = ANY ($1)', [
    [String(later.position), String(elsewhere.position), String(now.position)],
  ]);
  expect(found.rows).toHaveLength(3);
  expect(
    projector
      .alarms()
      .map(({ view }) => view)
      .sort(),
  ).toEqual(['lineage', 'timeline']);
  expect(await assay('views', 'verify', 'inventory')).toMatchObject({ code: 0 });

  // An event each, the reason a digest.
  const decisions = [];
  for await (const stored of ledger.store.readStream('partitionRelease-main.inventory')) {
    expect(Buffer.from(stored.data).toString()).not.toContain('writer');
    decisions.push(decodeEvent(stored)!);
  }
  expect(decisions.map(({ type }) => type)).toEqual(['PartitionRetried', 'PartitionSkipped']);
  expect(decisions[1]!.data).toMatchObject({ view: 'inventory', partition: 3, eventId: id });
  expect(await pool.query('SELECT 1 FROM disclosure WHERE value = $1', [secretReason])).toMatchObject({ rowCount: 2 });

  // What no decision can read waits for a word of its own.
  expect(await assay('views', 'release', 'decisions', newId(), '--skip', ...reason)).toMatchObject({
    code: 2,
    error: expect.stringContaining('is no event that decisions cannot read'),
  });
  const passed = await assay('views', 'release', 'decisions', id, '--skip', ...reason);
  expect(passed).toMatchObject({ code: 0, out: expect.stringContaining(`skip of ${id} in decisions`) });
  expect((await list()).some(({ view }) => view === 'decisions')).toBe(false);

  const path = join(folder, 'segment');
  expect(await assay('store', 'export', path)).toMatchObject({ code: 0 });
  expect(await json('rebuild', 'inventory', '--segment', path)).toMatchObject({ generation: 2, outcome: 'switched' });
  const after = await append(3);
  await projector.waitFor(after.position, 60_000, ['inventory']);
  expect(projector.status()[0]).toMatchObject({ view: 'inventory', position: expect.any(BigInt) });
  expect(await assay('views', 'verify', 'inventory')).toMatchObject({
    code: 0,
    out: expect.stringContaining('inventory generation 2'),
  });
}, 180_000);

test('what no store can be is named by the word that says it', async () => {
  const url = ledger.connectionString;
  const map = ['--map', join(folder, 'map')];
  const important = join(folder, 'important');
  writeFileSync(important, 'of something else\n');
  const cases: [string[], string][] = [
    [['copy', 'elsewhere', url, ...map], 'FROM: a connection string that begins with esdb://'],
    [['copy', url, 'secret', ...map], 'TO: a connection string that begins with esdb://'],
    [['copy', url, url, ...map], 'FROM and TO are the same store'],
    [['copy', url, `${url}&a=b`, '--map', join(folder, 'none', 'map')], '--map: '],
    [['copy', url, `${url}&a=b`, '--map', folder], 'is there, and no map of a copy'],
    [['copy', url, `${url}&a=b`, '--map', important], 'is there, and no map of a copy'],
    [['copy', `${url}&copyMap=${encodeURIComponent(map[1]!)}`, url, ...map], 'is the copyMap of one of the two stores'],
    [['copy', url, `${url}&a=b`], '--map FILE is wanted; see assay store --help'],
    [['export', join(folder, 'none'), '--store', 'nonsense'], '--store: a connection string'],
    [['export', '--colour'], "Unknown option '--colour'; see assay store --help"],
  ];
  for (const [words, said] of cases) {
    const { code, error } = await assay('store', ...words);
    expect([words, code, error]).toEqual([words, 2, expect.stringMatching(/^assay store: .* \(BadInput\)\n$/)]);
    expect(error).toContain(said);
    expect(error).not.toContain('secret');
  }
  expect(readFileSync(important, 'utf8')).toBe('of something else\n');
});

test('a damaged row is found and named; undo and drop', async () => {
  await pool.query(`UPDATE inventory_g2.model SET owner_id = 'somebody' WHERE position =
    (SELECT min(position) FROM inventory_g2.model)`);
  const { code, out } = await assay('views', 'verify');
  expect(code).toBe(1);
  expect(out).toMatch(
    /inventory generation 2 .* DIFFERS: model \(workspace=.*\): owner_id is "somebody", the log says/,
  );
  expect(await json('undo', 'inventory')).toMatchObject({ generation: 1, outcome: 'switched' });
  expect(await assay('views', 'verify', 'inventory')).toMatchObject({ code: 0 });
  expect(await assay('views', 'drop', 'inventory', '2')).toMatchObject({ code: 0 });
  expect((await list()).filter(({ view }) => view === 'inventory')).toHaveLength(1);
  await pool.query('DELETE FROM inventory_g1.model WHERE position = (SELECT max(position) FROM inventory_g1.model)');
  expect((await assay('views', 'verify', 'inventory')).out).toContain('the row is missing');
}, 180_000);
