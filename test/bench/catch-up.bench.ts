import { createEventStore } from '#libs/event-store';
import type { EventStore, EventToAppend, StoredEvent } from '#libs/event-store';
import { kafkaStage, until } from './kafka-processes.js';
import { copiedLog } from './rebuild-log.js';

const events = Number(process.env['CATCH_UP_EVENTS'] ?? 300_000);
const floor = 30;
const first = 500;
const window = 4_000;

/**
 * The projector was away while events of every kind were appended and relayed: from its start until every view has
 * folded them all.
 */
export async function* bench() {
  const stage = await kafkaStage();
  const store = createEventStore({ connectionString: stage.ledger.connectionString });
  await stage.start('relay');
  const away = await stage.start('projector');
  let head = -1n;
  let part: StoredEvent[] = [];
  let appended = -first;
  for (const event of copiedLog(first + events, 4_000)) {
    part.push(event);
    if (part.length < (appended < 0 ? first : Math.min(window, events - appended))) continue;
    head = await append(store, part);
    if (appended < 0) {
      await until('the first events', async () => (await stage.position()) >= head, 50);
      await stage.stop(away);
    }
    appended += part.length;
    part = [];
  }
  await store.close();
  await until(
    'the relay',
    async () => {
      const { rows } = await stage.pool.query<{ position: string }>('SELECT position FROM relay.lease');
      return BigInt(rows[0]!.position) >= head;
    },
    100,
  );
  const started = performance.now();
  await stage.start('projector');
  await until('the views', async () => (await stage.position()) >= head, 50);
  const seconds = (performance.now() - started) / 1_000;
  await stage.close();
  yield {
    name: 'catch-up',
    value: seconds,
    unit: `s for ${appended} events`,
    floor: `under ${floor}`,
    ok: seconds < floor,
  };
}

/** Many streams at once, each in its order. @returns the greatest position */
async function append(store: EventStore, events: readonly StoredEvent[]): Promise<bigint> {
  const streams = new Map<string, { readonly after: bigint; readonly events: EventToAppend[] }>();
  for (const { stream, id, type, data, metadata, revision } of events) {
    if (!streams.has(stream)) streams.set(stream, { after: revision - 1n, events: [] });
    streams.get(stream)!.events.push({ id, type, data, metadata });
  }
  const results = await Promise.all(
    [...streams].map(([stream, { after, events: page }]) =>
      store.append(stream, page, after < 0n ? 'no_stream' : after),
    ),
  );
  return results.reduce((high, { position }) => (position > high ? position : high), -1n);
}
