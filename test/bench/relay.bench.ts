import { createEventStore } from '#libs/event-store';
import type { StoredEvent } from '#libs/event-store';
import { createKafka, eventRecord } from '#libs/messaging';
import { partitionOf } from '#libs/projections';
import { fill, kafkaStage, until } from './kafka-processes.js';

/** The first part is read, produced and relayed before the clock runs: broker, ledger and relay are warm, as they are. */
const warmUp = 40_000;
const events = 100_000;
const kept = 40_000;
const partitions = 8;
const batch = 1_000;
const floor = 0.8;
const everyMs = 50;

/** $all to acknowledged Kafka records by the relay process, beside reading alone and producing alone on this machine. */
export async function* bench() {
  const stage = await kafkaStage();
  const begin = await fill(stage.ledger.connectionString, warmUp);
  const head = await fill(stage.ledger.connectionString, events);
  const store = createEventStore({ connectionString: stage.ledger.connectionString });
  const log: StoredEvent[] = [];
  let read = 0;
  for (const after of [undefined, begin, begin]) {
    let count = 0;
    const started = performance.now();
    for await (const item of store.subscribeAll({
      ...(after !== undefined && { after }),
      signal: AbortSignal.timeout(600_000),
    })) {
      if (item.kind !== 'event') continue;
      count += 1;
      if (log.length < kept) log.push(item.event);
      if (item.event.position === head) break;
    }
    if (after === begin) read = Math.max(read, rate(count, started));
  }
  await store.close();

  const messaging = createKafka({ brokers: [stage.broker.address], clientId: 'bench' });
  await messaging.ensureTopic({ topic: 'bench', partitions, replicationFactor: 1, configuration: {} });
  const publisher = await messaging.publisher();
  const stamp = { id: '00000000-0000-4000-8000-000000000000', epoch: 1n };
  let produce = 0;
  for (let round = 0; round < 4; round += 1) {
    const started = performance.now();
    let sent: Promise<void> = Promise.resolve();
    for (let at = 0; at < log.length; at += batch) {
      const part = log.slice(at, at + batch);
      const next = publisher.publish(
        'bench',
        part.map((event) => eventRecord(event, stamp, partitionOf(event.stream, partitions))),
      );
      // As the relay: one in flight, the next one encoded.
      await sent;
      sent = next;
    }
    await sent;
    if (round > 1) produce = Math.max(produce, rate(log.length, started));
  }
  await messaging.close();

  const relay = await stage.start('relay');
  const position = () => stage.gauge(relay, 'assay_relay_position');
  const counted = () => stage.gauge(relay, 'assay_relay_events');
  await until('the first part', async () => (await counted()) >= warmUp, everyMs);
  const [started, before] = [performance.now(), await counted()];
  await until('the last event', async () => (await position()) >= Number(head), everyMs);
  const relayed = rate((await counted()) - before, started);
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

/** Of so many events since a time. */
function rate(count: number, since: number): number {
  return count / ((performance.now() - since) / 1_000);
}
