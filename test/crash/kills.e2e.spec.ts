import { randomInt } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEventStore, decodeEvent } from '#libs/event-store';
import type { RecordedAssayEvent } from '#libs/event-store';
import { createPool } from '#libs/postgres';
import { allViews, livePositions } from '#libs/projections';
import { compareWithFold, Seeded } from '../../libs/projections/testing/index.js';
import { send, startLoad } from './load.js';
import type { Acknowledged, Sent } from './load.js';
import { openWorkspaceOf, runs, startProductProcess } from './product-process.js';
import type { ProcessIdentity, ProductProcess } from './product-process.js';

/** What is killed with SIGKILL. `survivor`: the group and the guard, so that Postgres outlives all who could end it. */
const victims = ['group', 'main', 'ledger', 'postgres', 'survivor'] as const;
type Victim = (typeof victims)[number];

const kills = 20;
const clients = 8;
/** The product's promise is 5 s (test/bench/ready.bench.ts); here it shares the machine with the other suites. */
const readyWithin = 60_000;

const linuxTest = process.platform === 'linux' ? test : test.skip;
const seed = Number(process.env['ASSAY_CRASH_SEED'] ?? randomInt(2 ** 31));
const random = new Seeded(seed);

let folder: string;
let product: ProductProcess | undefined;
const seen = new Map<number, ProcessIdentity>();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-crash-'));
  chmodSync(folder, 0o711);
});
afterAll(async () => {
  product?.killGroup('SIGKILL');
  await gone([...seen.values()], 15_000);
  rmSync(folder, { recursive: true, force: true });
});

let made = 0;
/** A person whom nobody registered yet. */
function nextCommand(): Sent {
  made += 1;
  const input = { commandId: random.uuid(), issuer: 'https://issuer.example', subject: `person-${made}` };
  return { mutation: 'registerPerson', input };
}

async function gone(processes: readonly ProcessIdentity[], milliseconds: number): Promise<ProcessIdentity[]> {
  for (let waited = 0; processes.some(runs) && waited < milliseconds; waited += 50) await sleep(50);
  return processes.filter(runs);
}

async function start(): Promise<ProductProcess> {
  product = await startProductProcess(folder, readyWithin);
  for (const one of product.tree()) seen.set(one.pid, one);
  return product;
}

function stores(): { readonly databaseUrl: string; readonly eventStoreUrl: string } {
  return JSON.parse(readFileSync(join(folder, 'stores.json'), 'utf8')) as ReturnType<typeof stores>;
}

/** Every event of the log, in order; holds what must be true of any log. */
async function readLog(): Promise<readonly RecordedAssayEvent[]> {
  const store = createEventStore({ connectionString: stores().eventStoreUrl });
  try {
    const events: RecordedAssayEvent[] = [];
    const [ids, next] = [new Set<string>(), new Map<string, bigint>()];
    let last = -1n;
    for await (const stored of store.readAll()) {
      expect(stored.position > last).toBe(true);
      expect(stored.revision).toBe(next.get(stored.stream) ?? 0n);
      expect(ids.has(stored.id)).toBe(false);
      last = stored.position;
      next.set(stored.stream, stored.revision + 1n);
      ids.add(stored.id);
      events.push(decodeEvent(stored)!);
    }
    return events;
  } finally {
    await store.close();
  }
}

function byCommand(events: readonly RecordedAssayEvent[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { metadata, position } of events) {
    const positions = found.get(metadata.commandId) ?? [];
    found.set(metadata.commandId, [...positions, String(position)]);
  }
  return found;
}

/** SIGKILL, sometimes after SIGSTOP: what still comes in then waits in the sockets of a process that never answers. */
async function kill(running: ProductProcess, victim: Victim): Promise<void> {
  const tree = running.tree();
  const pids = (wanted: string) => tree.filter(({ role }) => role === wanted).map(({ pid }) => pid);
  const targets = {
    group: [-running.pid],
    main: [running.pid],
    ledger: pids('ledger'),
    postgres: pids('postgres'),
    survivor: [...pids('guard'), -running.pid],
  }[victim];
  expect(targets.length).toBeGreaterThan(victim === 'survivor' ? 1 : 0);
  if (random.whole(3) === 0) {
    for (const pid of targets) process.kill(pid, 'SIGSTOP');
    await sleep(random.whole(300));
  }
  for (const pid of targets) process.kill(pid, 'SIGKILL');
}

async function round(key: string, victim: Victim, acknowledged: Acknowledged[]): Promise<void> {
  const running = product!;
  const load = startLoad(running.url, key, clients, nextCommand);
  const enough = 5 + random.whole(20);
  const until = Date.now() + 30_000;
  while (load.acknowledged.length < enough && Date.now() < until) await sleep(2);
  await sleep(random.whole(60));
  for (const one of running.tree()) seen.set(one.pid, one);
  await kill(running, victim);
  const end = await running.ended;
  await load.stop();
  // A product that lost a store says so and ends, so that whoever looks after it starts it again.
  const child = victim === 'ledger' ? 'the ledger server' : 'Postgres';
  if (victim === 'ledger' || victim === 'postgres') {
    expect(end).toBe(1);
    expect(running.said()).toContain(`assay ends: ${child}`);
  } else expect(end).toBe('SIGKILL');
  expect(load.refused).toEqual([]);
  expect(load.acknowledged.length).toBeGreaterThanOrEqual(enough);
  acknowledged.push(...load.acknowledged);

  const before = [...seen.values()];
  // Mostly at once, while the old tree may still be dying.
  if (random.whole(4) === 0) await sleep(random.whole(1_500));
  const again = await start();
  expect(await gone(before, 15_000)).toEqual([]);
  for (const one of before) seen.delete(one.pid);

  for (const sent of load.unanswered) {
    const answer = await send(again.url, key, sent);
    expect(answer).toMatchObject({ __typename: 'CommandAccepted' });
    acknowledged.push({ ...sent, ...answer });
  }
  const repeated = random.pick(load.acknowledged);
  const { id, positions } = repeated;
  expect(await send(again.url, key, repeated)).toMatchObject({ id, positions, repeated: true });

  const found = byCommand(await readLog());
  for (const { input, positions } of acknowledged) expect(found.get(input['commandId']!)).toEqual(positions);
}

async function compareViews(): Promise<void> {
  const events = await readLog();
  const last = events.at(-1)!.position;
  const pool = createPool(stores().databaseUrl, { max: 2 });
  try {
    const behind = async () => {
      const positions = await livePositions(pool);
      return allViews.filter(({ name }) => (positions.get(name) ?? -1n) < last).map(({ name }) => name);
    };
    for (let waited = 0; (await behind()).length > 0 && waited < 30_000; waited += 100) await sleep(100);
    expect(await behind()).toEqual([]);
    for (const view of allViews)
      for (const { stored, folded } of await compareWithFold(pool, view, events)) expect(stored).toEqual(folded);
  } finally {
    await pool.end();
  }
}

linuxTest(
  `${kills} kills in the middle of load lose nothing acknowledged (ASSAY_CRASH_SEED=${seed})`,
  async () => {
    await start();
    const key = await openWorkspaceOf(folder);
    const acknowledged: Acknowledged[] = [];
    const order = random.shuffle(Array.from({ length: kills }, (_, index) => victims[index % victims.length]!));
    for (const [index, victim] of order.entries()) {
      try {
        await round(key, victim, acknowledged);
      } catch (error) {
        const said = product?.said() ?? '';
        throw new Error(
          `kill ${index + 1} (${victim}), ASSAY_CRASH_SEED=${seed}: ${(error as Error).message}\n${said}`,
          {
            cause: error,
          },
        );
      }
    }
    expect(acknowledged.length).toBeGreaterThan(kills * 5);
    await compareViews();
    const last = product!;
    const tree = last.tree();
    process.kill(last.pid, 'SIGTERM');
    expect(await last.ended).toBe(0);
    expect(await gone(tree, 15_000)).toEqual([]);
  },
  900_000,
);
