import { createEventStore } from '#libs/event-store';
import { randomHistory } from '../../libs/projections/testing/index.js';
import { kafkaStage, until } from './kafka-processes.js';

const warmUp = 40;
const measured = 200;
const [median, slowest] = [50, 250];

/** From the moment an append is acknowledged until its row is there for readers, over Kafka, one event at a time. */
export async function* bench() {
  const stage = await kafkaStage();
  const store = createEventStore({ connectionString: stage.ledger.connectionString });
  await stage.start('relay');
  await stage.start('projector');
  const history = randomHistory(7, 3 * (warmUp + measured))
    .map(({ stored }) => stored)
    .slice(0, warmUp + measured);
  const times: number[] = [];
  for (const { stream, id, type, data, metadata, revision } of history) {
    const expected = revision === 0n ? 'no_stream' : revision - 1n;
    const { position } = await store.append(stream, [{ id, type, data, metadata }], expected);
    const started = performance.now();
    await until(
      'the row',
      async () => {
        const { rows } = await stage.pool
          .query('SELECT 1 FROM read.timeline_event WHERE position = $1', [position])
          .catch(() => ({ rows: [] }));
        return rows.length === 1;
      },
      1,
    );
    times.push(performance.now() - started);
  }
  await store.close();
  await stage.close();
  times.splice(0, warmUp);
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!;
  yield {
    name: 'event-to-row median',
    value: at(0.5),
    unit: 'ms',
    floor: `under ${median}`,
    ok: at(0.5) < median,
  };
  yield { name: 'event-to-row p99', value: at(0.99), unit: 'ms', floor: `under ${slowest}`, ok: at(0.99) < slowest };
}
