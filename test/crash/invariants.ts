import { setTimeout as sleep } from 'node:timers/promises';
import { createEventStore, decodeEvent } from '#libs/event-store';
import type { RecordedAssayEvent } from '#libs/event-store';
import { createPool } from '#libs/postgres';
import { allViews, livePositions } from '#libs/projections';
import { compareWithFold } from '../../libs/projections/testing/index.js';
import type { Acknowledged } from './load.js';

/** Something that must hold after every fault does not. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

function must(holds: boolean, what: () => string): asserts holds {
  if (!holds) throw new Broken(what());
}

/** Every event of the log, in order. @throws Broken when positions do not grow, a revision is missing or an id is twice */
export async function readLog(eventStoreUrl: string): Promise<readonly RecordedAssayEvent[]> {
  const store = createEventStore({ connectionString: eventStoreUrl });
  try {
    const events: RecordedAssayEvent[] = [];
    const [ids, next] = [new Set<string>(), new Map<string, bigint>()];
    let last = -1n;
    for await (const stored of store.readAll()) {
      const { stream, revision, position, id } = stored;
      const expected = next.get(stream) ?? 0n;
      must(position > last, () => `position ${position} comes after ${last}`);
      must(revision === expected, () => `${stream} has revision ${revision} where ${expected} belongs`);
      must(!ids.has(id), () => `event ${id} is in the log twice`);
      last = position;
      next.set(stream, revision + 1n);
      ids.add(id);
      events.push(decodeEvent(stored)!);
    }
    return events;
  } finally {
    await store.close();
  }
}

/**
 * @throws Broken when what was acknowledged is not in the log where it was said to be, or a command that writes one
 * event has written two (others are acknowledged with the last position of each append)
 */
export function mustHold(events: readonly RecordedAssayEvent[], acknowledged: readonly Acknowledged[]): void {
  const found = new Map<string, string[]>();
  for (const { metadata, position } of events) {
    const positions = found.get(metadata.commandId);
    if (positions) positions.push(String(position));
    else found.set(metadata.commandId, [String(position)]);
  }
  for (const { mutation, input, positions } of acknowledged) {
    const stored = found.get(input.commandId) ?? [];
    const isThere = positions.length > 0 && positions.every((position) => stored.includes(position));
    must(
      isThere && (mutation !== 'registerPerson' || stored.length === positions.length),
      () =>
        `${mutation} ${input.commandId} was acknowledged at ${positions.join()}; the log has it at ${stored.join()}`,
    );
  }
}

/** @throws Broken when a view does not get to the end of the log, or holds anything else than a fold of it */
export async function viewsMustEqual(databaseUrl: string, events: readonly RecordedAssayEvent[]): Promise<void> {
  const last = events.at(-1)!.position;
  const pool = createPool(databaseUrl, { max: 2 });
  try {
    const behind = async () => {
      const positions = await livePositions(pool);
      return allViews.filter(({ name }) => (positions.get(name) ?? -1n) < last).map(({ name }) => name);
    };
    const deadline = Date.now() + 60_000;
    while ((await behind()).length > 0 && Date.now() < deadline) await sleep(20);
    const late = await behind();
    must(late.length === 0, () => `${late.join()} did not reach ${last} within a minute`);
    for (const view of allViews)
      for (const { table, stored, folded } of await compareWithFold(pool, view, events)) {
        const at = folded.findIndex((row, index) => row !== stored[index]);
        const differs = at >= 0 || stored.length !== folded.length;
        must(!differs, () => `${view.name}.${table}: the fold says ${folded[at]}, the table ${stored[at]} (row ${at})`);
      }
  } finally {
    await pool.end();
  }
}

/**
 * The same of the log as it is now. An event that came between the reading of the log and that of the tables, from an
 * inference server that seals or from the permit issuer, is no difference: both are read again.
 * @throws Broken
 */
export async function viewsMustEqualLog(databaseUrl: string, eventStoreUrl: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const events = await readLog(eventStoreUrl);
    try {
      return await viewsMustEqual(databaseUrl, events);
    } catch (error) {
      const { length } = await readLog(eventStoreUrl);
      if (length === events.length || attempt === 10) throw error;
    }
  }
}
