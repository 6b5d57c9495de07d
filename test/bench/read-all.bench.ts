import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { createEventStore } from '#libs/event-store';
import { ledgerProcess } from './ledger-process.js';

const events = 60_000;
const floor = 10_000;

/** Reading $all, events of 300 bytes, through the official client; beside it through the product's adapter. */
export async function* bench() {
  const ledger = await ledgerProcess('postgres');
  const client = EventStoreDBClient.connectionString(ledger.connectionString);
  await fill(client);
  await official(client);
  const perSecond = Math.max(await official(client), await official(client));
  await client.dispose();
  const store = createEventStore({ connectionString: ledger.connectionString });
  const adapter = await ours(store);
  await store.close();
  await ledger.close();
  yield {
    name: 'read-all',
    value: perSecond,
    unit: 'events/s',
    ratio: adapter / perSecond,
    against: 'the official client (ratio: the product’s adapter to it)',
    floor,
    ok: perSecond >= floor,
  };
}

async function fill(client: EventStoreDBClient): Promise<void> {
  const batch = 500;
  for (let written = 0; written < events; written += batch) {
    const page = Array.from({ length: batch }, (_, n) => {
      const event = { n: written + n, fill: '' };
      event.fill = 'x'.repeat(300 - JSON.stringify(event).length);
      return jsonEvent({ id: randomUUID(), type: 'Filled', data: event });
    });
    await client.appendToStream(`bench-read.${written % 5_000}`, page);
  }
}

async function official(client: EventStoreDBClient): Promise<number> {
  const started = performance.now();
  let count = 0;
  for await (const resolved of client.readAll({ direction: 'forwards', fromPosition: 'start' }))
    if (resolved.event?.type === 'Filled') count += 1;
  if (count !== events) throw new Error(`read ${count} of ${events}`);
  return count / ((performance.now() - started) / 1_000);
}

async function ours(store: ReturnType<typeof createEventStore>): Promise<number> {
  const started = performance.now();
  let count = 0;
  for await (const event of store.readAll()) if (event.type === 'Filled') count += 1;
  if (count !== events) throw new Error(`read ${count} of ${events}`);
  return count / ((performance.now() - started) / 1_000);
}
