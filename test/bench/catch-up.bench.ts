import { createEventStore } from '#libs/event-store';
import type { EventStore, EventToAppend } from '#libs/event-store';
import { randomHistory } from '../../libs/projections/testing/index.js';
import { kafkaStage, until } from './kafka-processes.js';

const events = 300_000;
const floor = 30;
const part = 20_000;
const window = 2_000;

/**
 * The projector was away while events of every kind were appended and relayed: from its start until every view has
 * folded them all.
 */
export async function* bench() {
  const stage = await kafkaStage();
  const store = createEventStore({ connectionString: stage.ledger.connectionString });
  await stage.start('relay');
  const away = await stage.start('projector');
  const first = await appendPart(store, 0, 500);
  await until('the first events', async () => (await stage.position()) >= first.position, 50);
  await stage.stop(away);
  let appended = 0;
  let head = -1n;
  for (let number = 1; appended < events; number += 1) {
    const { count, position } = await appendPart(store, number, Math.min(part, events - appended));
    appended += count;
    head = position;
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

/** A random history of a workspace of its own; many streams at once, each in its order. */
async function appendPart(store: EventStore, number: number, wanted: number) {
  const name = `part_${number}`;
  const history = randomHistory(1_000 + number, wanted, [name]).slice(0, wanted);
  let position = -1n;
  for (let at = 0; at < history.length; at += window) {
    const streams = new Map<string, { readonly after: bigint; readonly events: EventToAppend[] }>();
    for (const { stored } of history.slice(at, at + window)) {
      const { stream, id, type, data, metadata, revision } = stored;
      if (!streams.has(stream)) streams.set(stream, { after: revision - 1n, events: [] });
      streams.get(stream)!.events.push({ id, type, data, metadata });
    }
    const appends = [...streams].map(([stream, { after, events: page }]) =>
      store.append(stream, page, after < 0n ? 'no_stream' : after),
    );
    for (const result of await Promise.all(appends)) if (result.position > position) position = result.position;
  }
  return { count: history.length, position };
}
