import { createEventStore } from '#libs/event-store';
import type { StoredEvent } from '#libs/event-store';
import { createKafka, eventRecord } from '#libs/messaging';
import { partitionOf } from '#libs/projections';
import { fill, kafkaStage, until } from './kafka-processes.js';

const events = 60_000;
const partitions = 8;
const batch = 1_000;
const floor = 0.8;

/** $all to acknowledged Kafka records by the relay process, beside reading alone and producing alone on this machine. */
export async function* bench() {
  const stage = await kafkaStage();
  const head = await fill(stage.ledger.connectionString, events);
  const store = createEventStore({ connectionString: stage.ledger.connectionString });
  const log: StoredEvent[] = [];
  const read = await rate(async () => {
    log.length = 0;
    for await (const item of store.subscribeAll({ signal: AbortSignal.timeout(600_000) })) {
      if (item.kind === 'event') log.push(item.event);
      if (log.length === events) break;
    }
  });
  await store.close();

  const messaging = createKafka({ brokers: [stage.broker.address], clientId: 'bench' });
  await messaging.ensureTopic({ topic: 'bench', partitions, replicationFactor: 1, configuration: {} });
  const publisher = await messaging.publisher();
  const stamp = { id: '00000000-0000-4000-8000-000000000000', epoch: 1n };
  const produce = await rate(async () => {
    for (let at = 0; at < events; at += batch) {
      const part = log.slice(at, at + batch);
      await publisher.publish(
        'bench',
        part.map((event) => eventRecord(event, stamp, partitionOf(event.stream, partitions))),
      );
    }
  });
  await messaging.close();

  let relayed = 0;
  const started = performance.now();
  let began = started;
  await stage.start('relay');
  const acknowledged = async () => {
    const { rows } = await stage.pool
      .query<{ position: string | null }>('SELECT position FROM relay.lease')
      .catch(() => ({ rows: [] }));
    return rows[0] === undefined ? undefined : BigInt(rows[0].position ?? '-1');
  };
  await until('the lease', async () => (await acknowledged()) !== undefined, 5);
  began = performance.now();
  await until('the last event', async () => ((await acknowledged()) ?? -1n) >= head, 5);
  relayed = events / ((performance.now() - began) / 1_000);
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

async function rate(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return events / ((performance.now() - started) / 1_000);
}
