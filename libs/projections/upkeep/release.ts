import type { Pool } from 'pg';
import type { EventStore } from '#libs/event-store';
import { ViewConsumer, type ConsumerOptions } from '../core/consumer.js';
import type { Stop } from '../core/delivery.js';
import { partitionOf } from '../core/partition.js';
import { listGenerations, takePartitions, type Generation } from '../core/registry.js';
import { OpenTransaction, transaction, type Database } from '../core/transaction.js';
import type { View } from '../core/view.js';
import { clockView } from '../views.js';
import { deliveryOf } from './filler.js';
import { exclusively, NotPossible } from './rebuild.js';
import { storeSource } from './source.js';

export interface ReleaseOptions {
  readonly pool: Pool;
  readonly view: View;
  readonly partition: number;
  readonly store: Pick<EventStore, 'readAll'>;
  /** With the decision that was recorded just now. */
  readonly isReleased: NonNullable<ConsumerOptions['isReleased']>;
}

/** What the partition of a view waits for; undefined when it is not stopped. The live generation's comes first. */
export async function stoppedAt(pool: Pool, view: string, partition: number): Promise<Stop | undefined> {
  const stops = (await listStops(pool)).filter((stop) => stop.view === view && stop.partition === partition);
  const generations = await listGenerations(pool, view);
  const live = generations.find(({ status }) => status === 'live')?.generation;
  return stops.find(({ generation }) => generation === live) ?? stops.at(-1);
}

/** Every stopped partition of every generation. */
export async function listStops(pool: Pool): Promise<readonly (Stop & { readonly stoppedAt: string })[]> {
  const { rows } = await pool.query<Record<string, string> & { generation: number; partition: number; at: Date }>(
    `SELECT *, stopped_at AS at FROM projection.stop ORDER BY view, generation, partition`,
  );
  return rows.map((row) => ({
    view: row['view']!,
    generation: row.generation,
    partition: row.partition,
    kind: row['kind'] as Stop['kind'],
    eventId: row['event_id']!,
    eventType: row['event_type']!,
    stream: row['stream']!,
    revision: BigInt(row['revision']!),
    position: BigInt(row['position']!),
    error: row['error']!,
    stoppedAt: row.at.toISOString(),
  }));
}

/**
 * Carries a recorded decision out: the partition is folded from the store, from where it stopped to the head, and the
 * projector that runs goes on with it. First beside the projector, which leaves a stopped partition alone; the last
 * events while it waits, so that none falls between the two. What a rebuild has left stopped waits for its next run.
 * @returns where it is stopped again; undefined: it goes on.
 * @throws NotPossible when the partition is not stopped
 */
export async function releasePartition(options: ReleaseOptions): Promise<Stop | undefined> {
  const { pool, view, partition } = options;
  return exclusively(pool, view, async () => {
    const stopped = (await listStops(pool)).filter((stop) => stop.view === view.name && stop.partition === partition);
    if (stopped.length === 0) throw new NotPossible(`partition ${partition} of view ${view.name} is not stopped`);
    let again: Stop | undefined;
    for (const generation of await listGenerations(pool, view.name)) {
      if (generation.rebuild !== null || generation.status === 'retired') continue;
      if (!stopped.some((stop) => stop.generation === generation.generation)) continue;
      again = (await releaseIn(options, generation)) ?? again;
    }
    return again;
  });
}

async function releaseIn(options: ReleaseOptions, generation: Generation): Promise<Stop | undefined> {
  const { pool, partition } = options;
  const again = await foldPartition(options, pool, generation);
  if (again !== undefined) return again;
  return transaction(pool, 'BEGIN', async (client) => {
    await takePartitions(client, generation);
    const stopped = await foldPartition(options, new OpenTransaction(client), generation);
    if (stopped !== undefined) return stopped;
    await client.query('DELETE FROM projection.stop WHERE view = $1 AND generation = $2 AND partition = $3', [
      generation.view,
      generation.generation,
      partition,
    ]);
    return undefined;
  });
}

/** One partition, from where it stands to the head of the store. */
async function foldPartition(
  { view, partition, store, isReleased }: ReleaseOptions,
  database: Database,
  generation: Generation,
): Promise<Stop | undefined> {
  const options = { clock: view === clockView, stays: true, isReleased };
  const consumer = new ViewConsumer(database, view, generation, options);
  await consumer.load();
  consumer.resume(partition);
  const here = () => consumer.stops().find((stop) => stop.partition === partition);
  const batches = storeSource(store).batches(consumer.positionOf(partition), new AbortController().signal);
  for await (const { events, watermark } of batches) {
    const deliveries = events
      .filter(({ stream }) => partitionOf(stream, generation.partitions) === partition)
      .map((event) => deliveryOf(event, view));
    await consumer.apply({ deliveries, watermark: new Map([[partition, watermark as bigint]]) });
    if (here() !== undefined) break;
  }
  return here();
}
