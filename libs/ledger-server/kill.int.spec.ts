import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventStore } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { freePort } from '#libs/runtime';
import { testEvent } from '../event-store/testing.js';
import { ledgerProgram } from './testing.js';

let folder: string;
let port: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-kill-'));
  port = await freePort();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Acknowledged {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
}

/** Appends without pause, 32 in flight, until `stop`; what was acknowledged goes into the list. */
async function load(store: EventStore, seed: number, acknowledged: Acknowledged[], stop: AbortSignal): Promise<void> {
  let sent = 0;
  const worker = async () => {
    while (!stop.aborted) {
      const stream = `kill-test.${seed}-${sent % 7}`;
      sent += 1;
      const event = testEvent('Loaded', { sent, fill: 'x'.repeat(sent % 900) });
      try {
        const { revision, position } = await store.append(stream, [event], 'any');
        acknowledged.push({ id: event.id, stream, revision, position });
      } catch (error) {
        expect((error as Error).name).toBe('StoreUnavailable');
        await sleep(20);
      }
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

test('kill -9 of the whole group in the middle of appends loses nothing acknowledged; ready again within 5 s', async () => {
  const acknowledged: Acknowledged[] = [];
  for (let seed = 1; seed <= 4; seed += 1) {
    const program = await ledgerProgram(folder, port);
    const store = createEventStore({ connectionString: program.connectionString, appendTimeoutMilliseconds: 1_000 });
    await store.ping();
    if (seed > 1) expect(program.readyAfter).toBeLessThan(5_000);
    const stop = new AbortController();
    const loading = load(store, seed, acknowledged, stop.signal);
    const before = acknowledged.length;
    while (acknowledged.length < before + 100) await sleep(10);
    // Some fixed moments of the group commit's cycle.
    await sleep((seed * 137) % 400);
    await program.kill();
    stop.abort();
    await loading;
    await store.close();
  }

  const program = await ledgerProgram(folder, port);
  const store = createEventStore({ connectionString: program.connectionString });
  const stored = new Map<string, string>();
  let last = -1n;
  const next = new Map<string, bigint>();
  for await (const { id, stream, revision, position } of store.readAll()) {
    expect(position > last).toBe(true);
    expect(revision).toBe(next.get(stream) ?? 0n);
    expect(stored.has(id)).toBe(false);
    next.set(stream, revision + 1n);
    stored.set(id, `${stream} ${revision} ${position}`);
    last = position;
  }
  expect(acknowledged.length).toBeGreaterThan(400);
  for (const { id, stream, revision, position } of acknowledged)
    expect(stored.get(id)).toBe(`${stream} ${revision} ${position}`);
  await store.close();
  expect(await program.stop()).toBe(0);
}, 240_000);
