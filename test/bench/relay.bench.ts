import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createEventStore, streamOf } from '#libs/event-store';
import type { PlacedEvent } from '#libs/event-store';
import { createKafka } from '#libs/messaging';
import type { Publisher } from '#libs/messaging';
import { partitionOf } from '#libs/projections';
import { repositoryRoot } from '#libs/runtime';
import { fill, kafkaStage, relayFlags } from './kafka-processes.js';
import type { KafkaStage } from './kafka-processes.js';

/**
 * Every reader and every relay is a new process, and is not judged by its first second: the compiler goes on until about
 * 90,000 events, up to which the relay's encoding of 30,000 took 382, 184 and 125 ms, and behind which it takes 100.
 */
const warmUp = 100_000;
const events = 150_000;
/** The host's speed moves by half within minutes: each relay's rate is held against what was measured around it. */
const rounds = 5;
const kept = 40_000;
const topic = 'bench';
const partitions = 8;
/** As the relay's. */
const batch = 2_000;
/** The broker's virtual machine compiles for the first half a million records: a third of its processor. */
const recordsBefore = 560_000;
const floor = 0.8;

/**
 * $all to acknowledged Kafka records by the relay process, beside reading alone and producing alone on this machine, in
 * turns: each round of the relay against the slower of the two, as the mean of the rounds before and after it. The ratio
 * is the median of the rounds.
 */
export async function* bench() {
  const stage = await kafkaStage();
  const begin = await fill(stage.ledger.connectionString, warmUp);
  const head = await fill(stage.ledger.connectionString, events);
  const log = await beginning(stage.ledger.connectionString);
  const messaging = createKafka({ brokers: [stage.broker.address], clientId: 'bench' });
  await messaging.ensureTopic({ topic, partitions, replicationFactor: 1, configuration: {} });
  const publisher = await messaging.publisher();
  await produceRate(publisher, log, recordsBefore);
  await relayRate(stage);

  const read: number[] = [];
  const produced: number[] = [];
  const relayed: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    read.push(readRate(stage.ledger.connectionString, begin, head));
    produced.push(await produceRate(publisher, log, events));
    if (round < rounds) relayed.push(await relayRate(stage));
  }
  await messaging.close();
  await stage.close();

  const slower = relayed.map((_, round) => Math.min(around(read, round), around(produced, round)));
  const ratios = relayed.map((rate, round) => rate / slower[round]!).sort((a, b) => a - b);
  const ratio = median(ratios);
  const [least, most] = [ratios[0]!, ratios.at(-1)!].map((each) => each.toFixed(2));
  yield {
    name: 'relay',
    value: median(relayed),
    unit: 'events/s',
    ratio,
    against: `the slower of reading (${told(read)}) and producing (${told(produced)}) alone; ${rounds} rounds from ${least} to ${most}`,
    floor,
    ok: ratio >= floor,
  };
}

/** The relay, beginning with an empty lease, from the warm-up's end until the last event is acknowledged. */
async function relayRate(stage: KafkaStage): Promise<number> {
  await stage.pool.query('DROP SCHEMA IF EXISTS relay CASCADE');
  const relay = await stage.start('relay');
  const acknowledged = async () => ({
    events: await stage.gauge(relay, 'assay_relay_events'),
    at: performance.now(),
  });
  const reached = async (wanted: number) => {
    let [now, rate] = [await acknowledged(), 0];
    for (const began = now; now.events < wanted;) {
      // A look costs the relay some milliseconds: only few, and one soon after what is waited for.
      const left = rate > 0 ? ((wanted - now.events) / rate) * 1_000 : 250;
      await new Promise((wait) => setTimeout(wait, Math.max(10, Math.min(left * 0.8, 1_000))));
      now = await acknowledged();
      rate = (now.events - began.events) / ((now.at - began.at) / 1_000);
      if (now.at - began.at > 600_000) throw new Error(`the relay has sent ${now.events} events in ten minutes`);
    }
    return now;
  };
  const first = await reached(warmUp);
  const last = await reached(warmUp + events);
  await stage.stop(relay);
  return (last.events - first.events) / ((last.at - first.at) / 1_000);
}

/** By the relay's client with the relay's options, in a process of its own. */
function readRate(connectionString: string, begin: bigint, head: bigint): number {
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

const stamp = { id: '00000000-0000-4000-8000-000000000000', epoch: 1n };

/** The first events of the log, as the relay reads them. */
async function beginning(connectionString: string): Promise<readonly PlacedEvent[]> {
  const store = createEventStore({ connectionString });
  const log: PlacedEvent[] = [];
  for await (const items of store.subscribeInPlace({ signal: AbortSignal.timeout(600_000) })) {
    for (const item of items) if (item.kind === 'placed' && log.length < kept) log.push(item);
    if (log.length === kept) break;
  }
  await store.close();
  return log;
}

/** So many events of the log, over and over, by the relay's publisher and as the relay hands them over. */
async function produceRate(publisher: Publisher, log: readonly PlacedEvent[], count: number): Promise<number> {
  const started = performance.now();
  let sent: Promise<void> = Promise.resolve();
  for (let done = 0, at = 0; done < count; done += batch, at = (at + batch) % log.length) {
    const parts = Array.from({ length: partitions }, (): PlacedEvent[] => []);
    for (const event of log.slice(at, at + batch)) parts[partitionOf(streamOf(event), partitions)]!.push(event);
    const next = publisher.publish(
      topic,
      parts.flatMap((part, partition) => (part.length > 0 ? [{ partition, events: part, relay: stamp }] : [])),
    );
    // One in flight, the next one encoded.
    await sent;
    sent = next;
  }
  await sent;
  return count / ((performance.now() - started) / 1_000);
}

/** Of the rounds before and after a round of the relay. */
function around(rates: readonly number[], round: number): number {
  return (rates[round]! + rates[round + 1]!) / 2;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

function told(rates: readonly number[]): string {
  return `${Math.round(median(rates))}/s`;
}
