import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createEventStore } from '#libs/event-store';
import type { StoredEvent } from '#libs/event-store';
import { createKafka } from '#libs/messaging';
import { partitionOf } from '#libs/projections';
import { repositoryRoot } from '#libs/runtime';
import { fill, kafkaStage, relayFlags, until } from './kafka-processes.js';

/** The first part is read, produced and relayed before the clock runs: broker, ledger and relay are warm, as they are. */
const warmUp = 40_000;
const events = 120_000;
const kept = 40_000;
const partitions = 8;
/** As the relay's. */
const batch = 2_000;
/** The broker's virtual machine compiles for the first half a million records: a third of its processor. */
const rounds = 14;
const floor = 0.8;
const everyMs = 250;

/** $all to acknowledged Kafka records by the relay process, beside reading alone and producing alone on this machine. */
export async function* bench() {
  const stage = await kafkaStage();
  const begin = await fill(stage.ledger.connectionString, warmUp);
  const head = await fill(stage.ledger.connectionString, events);
  const read = subscriptionRate(stage.ledger.connectionString, begin, head);
  const store = createEventStore({ connectionString: stage.ledger.connectionString });
  const log: StoredEvent[] = [];
  for await (const event of store.readAll({ maxCount: kept })) log.push(event);
  await store.close();

  const messaging = createKafka({ brokers: [stage.broker.address], clientId: 'bench' });
  await messaging.ensureTopic({ topic: 'bench', partitions, replicationFactor: 1, configuration: {} });
  const publisher = await messaging.publisher();
  const stamp = { id: '00000000-0000-4000-8000-000000000000', epoch: 1n };
  let produce = 0;
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    let sent: Promise<void> = Promise.resolve();
    for (let at = 0; at < log.length; at += batch) {
      const part = log.slice(at, at + batch);
      const next = publisher.publish(
        'bench',
        part.map((event) => ({ partition: partitionOf(event.stream, partitions), event, relay: stamp })),
      );
      // As the relay: one in flight, the next one encoded.
      await sent;
      sent = next;
    }
    await sent;
    if (round >= rounds - 2) produce = Math.max(produce, rate(log.length, started));
  }
  await messaging.close();

  const relay = await stage.start('relay');
  // A look costs the relay some milliseconds: few of them, and what came after the last one is left out.
  const counted = async () => ({ events: await stage.gauge(relay, 'assay_relay_events'), at: performance.now() });
  let first = await counted();
  await until('the first part', async () => (first = await counted()).events >= warmUp, everyMs);
  let last = first;
  await until(
    'the last event',
    async () => {
      const now = await counted();
      if (now.events < warmUp + events) last = now;
      return now.events >= warmUp + events;
    },
    everyMs,
  );
  const relayed = (last.events - first.events) / ((last.at - first.at) / 1_000);
  await stage.close();

  const slower = Math.min(read, produce);
  yield {
    name: 'relay',
    value: relayed,
    unit: 'events/s',
    ratio: relayed / slower,
    against: `the slower of reading (${Math.round(read)}/s) and producing (${Math.round(produce)}/s) alone`,
    floor: slower * floor,
    ok: relayed >= slower * floor,
  };
}

/** By the relay's client with the relay's options, in a process of its own. */
function subscriptionRate(connectionString: string, begin: bigint, head: bigint): number {
  const root = repositoryRoot();
  const { stdout, status } = spawnSync(
    process.execPath,
    [
      ...relayFlags,
      '--import',
      join(root, 'scripts/typescript-loader.mjs'),
      join(root, 'test/bench/subscription-rate.ts'),
      connectionString,
      String(begin),
      String(head),
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
  );
  const measured = Number(stdout);
  if (status !== 0 || !(measured > 0))
    throw new Error(`reading alone ended with ${status} and said "${stdout.trim()}"`);
  return measured;
}

/** Of so many events since a time. */
function rate(count: number, since: number): number {
  return count / ((performance.now() - since) / 1_000);
}
