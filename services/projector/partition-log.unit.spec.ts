import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { StoredEvent } from '#libs/event-store';
import { eventRecord, watermarkRecord } from '#libs/messaging';
import type { IncomingRecord, OutgoingRecord, RelayStamp } from '#libs/messaging';
import { partitionOf } from '#libs/projections';
import { PartitionLog } from './partition-log.js';
import type { Taken } from './partition-log.js';

const partitions = 2;
const relay = '11111111-1111-4111-8111-111111111111';
const stream = ['model-a.1', 'model-a.2', 'model-a.3', 'model-a.4'].find(
  (name) => partitionOf(name, partitions) === 0,
)!;
const elsewhere = Array.from({ length: 9 }, (_, n) => `model-b.${n}`).find((name) => partitionOf(name, 2) === 1)!;

/** Event number n lies at position 10 n and is revision n of the stream. */
function event(number: number, name = stream): StoredEvent {
  const hex = number.toString(16).padStart(12, '0');
  return {
    id: `00000000-0000-4000-8000-${hex}`,
    type: 'Tested',
    data: Buffer.from('{}'),
    metadata: Buffer.from('{"schemaVersion":1}'),
    stream: name,
    revision: BigInt(number),
    position: BigInt(number * 10),
    recordedAt: '2026-01-01T00:00:00.000Z',
  };
}

function incoming({ key, value, headers, partition }: OutgoingRecord): IncomingRecord {
  const bytes = Object.entries(headers).map(([name, header]) => [name, Buffer.from(header as string)]);
  return { partition, offset: 0n, timestamp: 0, key, value, headers: Object.fromEntries(bytes) };
}

/** What a relay publishes for the events from `first` on, before `end`: `first` and `end` as numbers of events. */
function batch(first: number, end: number, stamp: RelayStamp): IncomingRecord[] {
  const events = Array.from({ length: end - first }, (_, index) => event(first + index));
  const [after, position] = [first, end].map((number) => BigInt(number * 10 - 1)) as [bigint, bigint];
  return [
    ...events.map((one) => eventRecord(one, stamp, 0)),
    watermarkRecord({ ...stamp, after, position, events: events.length }, 0),
  ].map(incoming);
}

const of = (epoch: number, id = relay): RelayStamp => ({ id, epoch: BigInt(epoch) });

function logOf(position = -1n, lease: RelayStamp | 'none' = of(9)) {
  const log = new PartitionLog(0, partitions, position, async () => (lease === 'none' ? undefined : lease));
  const takeAll = async (records: readonly IncomingRecord[]): Promise<Taken[]> => {
    const taken: Taken[] = [];
    for (const record of records) taken.push(...(await log.take(record)));
    return taken;
  };
  return { log, takeAll };
}

const kinds = (taken: readonly Taken[]) => taken.map(({ kind }) => kind);
const delivered = (taken: readonly Taken[]) =>
  taken.flatMap((one) => (one.kind === 'batch' ? one.events.map(({ revision }) => Number(revision)) : []));

describe('what the relay wrote', () => {
  test('events come out with the watermark of their batch, and the partition is complete to there', async () => {
    const { log, takeAll } = logOf();
    const taken = await takeAll([...batch(0, 2, of(1)), ...batch(2, 2, of(1)), ...batch(2, 3, of(1))]);
    expect(kinds(taken)).toEqual(['waiting', 'waiting', 'batch', 'duplicate', 'waiting', 'batch']);
    expect(delivered(taken)).toEqual([0, 1, 2]);
    expect(log.position).toBe(29n);
  });

  test('a batch that comes twice is taken once', async () => {
    const { takeAll } = logOf();
    const taken = await takeAll([...batch(0, 2, of(1)), ...batch(0, 2, of(1)), ...batch(2, 3, of(1))]);
    expect(delivered(taken)).toEqual([0, 1, 2]);
  });

  test('a relay that begins again before what was seen repeats, and the rest is taken', async () => {
    const { takeAll } = logOf();
    const taken = await takeAll([...batch(0, 3, of(1)), ...batch(1, 1, of(2)), ...batch(1, 5, of(2))]);
    // The views drop what they have by its position: a batch is handed on whole.
    expect(delivered(taken)).toEqual([0, 1, 2, 1, 2, 3, 4]);
  });

  test('records of a relay that was replaced are passed over from the first word of the new one on', async () => {
    const { takeAll } = logOf();
    const zombie = batch(1, 3, of(1));
    const taken = await takeAll([...batch(0, 1, of(1)), ...batch(1, 1, of(2)), ...zombie, ...batch(1, 2, of(2))]);
    expect(kinds(taken).filter((kind) => kind === 'zombie')).toHaveLength(zombie.length);
    expect(delivered(taken)).toEqual([0, 1]);
  });

  test('a batch that its relay did not end is passed over when the next relay sends it again', async () => {
    const { takeAll } = logOf();
    const taken = await takeAll([...batch(0, 3, of(1)).slice(0, -1), ...batch(0, 0, of(2)), ...batch(0, 3, of(2))]);
    expect(delivered(taken)).toEqual([0, 1, 2]);
  });
});

describe('what is missing is seen', () => {
  test('a partition that is read again from its beginning has the relays of that time again', async () => {
    const { log, takeAll } = logOf();
    const newest = batch(5, 6, of(3));
    expect(kinds(await takeAll(newest))).toEqual(['waiting', 'gap']);
    log.restart();
    const taken = await takeAll([...batch(0, 3, of(1)), ...batch(3, 5, of(2)), ...batch(0, 2, of(1)), ...newest]);
    expect(taken.filter(({ kind }) => kind === 'batch')).toHaveLength(3);
    expect(taken.filter(({ kind }) => kind === 'zombie')).toHaveLength(3);
    expect(log.position).toBe(59n);
  });

  test('batches in the wrong order: nothing is taken until the missing one has come', async () => {
    const { log, takeAll } = logOf();
    const [first, second] = [batch(0, 2, of(1)), batch(2, 4, of(1))];
    const early = await takeAll(second);
    expect(early.at(-1)).toMatchObject({ kind: 'gap', error: { name: 'PartitionGap', partition: 0, position: -1n } });
    expect(log.position).toBe(-1n);
    expect(delivered(await takeAll([...first, ...second]))).toEqual([0, 1, 2, 3]);
  });

  test.each([
    ['an event of the batch is gone', (records: IncomingRecord[]) => records.filter((_, index) => index !== 1)],
    ['two events have changed places', ([a, b, c, ...rest]: IncomingRecord[]) => [b!, a!, c!, ...rest]],
    ['an event stands there twice', ([a, b, , ...rest]: IncomingRecord[]) => [a!, b!, b!, ...rest]],
  ])('%s', async (_, damage) => {
    const { log, takeAll } = logOf();
    const taken = await takeAll(damage(batch(0, 3, of(1))));
    expect(taken.at(-1)!.kind).toBe('gap');
    expect(delivered(taken)).toEqual([]);
    expect(log.position).toBe(-1n);
    expect(delivered(await takeAll(batch(0, 3, of(1))))).toEqual([0, 1, 2]);
  });

  test('a topic that begins after what was seen', async () => {
    const { takeAll } = logOf(15n);
    const [gap] = (await takeAll(batch(5, 5, of(1)))).slice(-1);
    expect(gap).toMatchObject({ kind: 'gap' });
    expect((gap as Extract<Taken, { kind: 'gap' }>).error.message).toBe(
      'partition 0 is complete to position 15, but the next batch begins after position 49: records are missing',
    );
  });
});

describe('what the relay did not write is refused, and changes nothing', () => {
  const good = batch(0, 1, of(1));
  const changed = (name: string, value: string | undefined): IncomingRecord => {
    const headers = Object.fromEntries(Object.entries(good[0]!.headers).filter(([header]) => header !== name));
    return { ...good[0]!, headers: value === undefined ? headers : { ...headers, [name]: Buffer.from(value) } };
  };
  test.each([
    ['no headers', 'kind', { ...good[0]!, headers: {} }],
    ['another kind', 'kind', changed('kind', 'command')],
    ['no relay', 'relay', changed('relay', undefined)],
    ['a relay that is no id', 'relay', changed('relay', 'me')],
    ['an epoch that is no number', 'epoch', changed('epoch', '-1')],
    ['an epoch beyond every number', 'epoch', changed('epoch', '99999999999999999999')],
    ['no revision', 'revision', changed('revision', undefined)],
    ['an event id that is none', 'event-id', changed('event-id', 'DROP TABLE')],
    ['another key', 'stream', { ...good[0]!, key: 'model-a.other' }],
    ['a stream of another partition', 'stream', incoming(eventRecord(event(0, elsewhere), of(1), 0))],
    ['no value', 'kind', { ...good[0]!, value: undefined }],
    ['no metadata', 'metadata', changed('metadata', undefined)],
    ['another installation', 'relay', changed('relay', '22222222-2222-4222-8222-222222222222')],
    ['an epoch that was never given out', 'epoch', changed('epoch', '10')],
    [
      'a watermark before its beginning',
      'after',
      incoming(watermarkRecord({ ...of(1), after: 5n, position: 4n, events: 0 }, 0)),
    ],
    [
      'a batch beyond every size',
      'events',
      incoming(watermarkRecord({ ...of(1), after: -1n, position: 4n, events: 1e9 }, 0)),
    ],
  ])('%s', async (_, header, record) => {
    const { log, takeAll } = logOf();
    const taken = await takeAll([record]);
    expect(taken).toMatchObject([{ kind: 'foreign', error: { name: 'ForeignRecord', header } }]);
    expect(log.position).toBe(-1n);
    expect(delivered(await takeAll(good))).toEqual([0]);
  });

  test('an event between the batches, as if it were of the relay', async () => {
    const { takeAll } = logOf();
    const forged = incoming(eventRecord(event(7), of(1), 0));
    const taken = await takeAll([...batch(0, 1, of(1)), forged, ...batch(1, 2, of(1))]);
    expect(delivered(taken)).toEqual([0, 1]);
    expect(kinds(taken)).toContain('foreign');
  });

  test('anything while this database has had no relay', async () => {
    const { takeAll } = logOf(-1n, 'none');
    expect(kinds(await takeAll(good))).toEqual(['foreign', 'foreign']);
  });
});

test('whatever relays, zombies, duplicates, losses and strangers do: events in order, none left out, none twice', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('batch' as const), size: fc.nat(4) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), back: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('zombie' as const), size: fc.nat(4) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('twice' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('stranger' as const), revision: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('loss' as const), index: fc.nat(5) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      let epoch = 1;
      let at = 0;
      let zombieAt = 0;
      let lastBatch: IncomingRecord[] = [];
      const lease = () => of(epoch);
      const log = new PartitionLog(0, partitions, -1n, async () => lease());
      const seen: number[] = [];
      const take = async (records: readonly IncomingRecord[]) => {
        for (const record of records)
          for (const taken of await log.take(record)) seen.push(...delivered([taken]).filter((n) => n >= seen.length));
      };
      for (const one of steps) {
        if (one.kind === 'batch') {
          lastBatch = batch(at, at + one.size, of(epoch));
          at += one.size;
          await take(lastBatch);
        } else if (one.kind === 'restart') {
          zombieAt = at;
          epoch += 1;
          at = Math.max(0, at - one.back);
          await take(batch(at, at, of(epoch)));
        } else if (one.kind === 'zombie' && epoch > 1) {
          await take(batch(zombieAt, zombieAt + one.size, of(epoch - 1)));
          zombieAt += one.size;
        } else if (one.kind === 'twice') await take(lastBatch);
        else if (one.kind === 'stranger') await take([incoming(eventRecord(event(one.revision), of(epoch), 0))]);
        else if (one.kind === 'loss') {
          // A batch of which a record is lost on the way; the relay starts again from before it.
          const damaged = batch(at, at + 3, of(epoch)).filter((_, index) => index !== one.index % 4);
          await take(damaged);
          epoch += 1;
          await take(batch(at, at, of(epoch)));
        }
        expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index));
        // Complete to its position: every event at or before it has come out.
        expect(BigInt(seen.length * 10 - 1)).toBeGreaterThanOrEqual(log.position);
      }
    }),
    { numRuns: 150 },
  );
});
