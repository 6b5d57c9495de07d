import { expect, test } from '@jest/globals';
import type { ReadRequest } from '#libs/event-store/protocol';
import { read } from './reader.js';
import type { ReadSource } from './reader.js';
import { StreamStates } from './stream-state.js';
import { MemoryStorage } from './storage/memory.js';
import type { LedgerEvent, NewEvent, ReadRange } from './storage/port.js';
import { Tail } from './tail.js';

const events = Array.from({ length: 1_700 }, (_, index): NewEvent => {
  const place = { position: BigInt(index * 100), revision: BigInt(index), created: 0n, streamId: 1 };
  const bytes = { data: Buffer.alloc(0), metadata: Buffer.alloc(0) };
  return { ...place, ...bytes, stream: 's', id: String(index), type: 'T', isJson: true };
});
const head = 170_000n;

/** Notes which pages it is asked for, and loses its database behind some of them. */
class FailingStorage extends MemoryStorage {
  readonly asked: bigint[] = [];

  constructor(private readonly failsAfter: number) {
    super();
  }

  override async readAll(range: ReadRange): Promise<LedgerEvent[]> {
    this.asked.push(range.from);
    if (this.asked.length > this.failsAfter) throw new Error('the storage is away');
    return super.readAll(range);
  }
}

async function source(failsAfter = Infinity): Promise<ReadSource & { readonly asked: readonly bigint[] }> {
  const storage = new FailingStorage(failsAfter);
  await storage.commit({ newStreams: [{ id: 1, name: 's' }], events, from: 0n, to: head });
  return { storage, tail: new Tail(head), states: new StreamStates(storage), now: () => 0, asked: storage.asked };
}

const request = (given: Partial<ReadRequest>): ReadRequest =>
  ({
    stream: undefined,
    from: 'start',
    backwards: false,
    count: 2n ** 63n,
    filter: undefined,
    ...given,
  }) as ReadRequest;

async function positions(of: AsyncIterable<readonly unknown[]>): Promise<bigint[]> {
  const found: bigint[] = [];
  for await (const answers of of)
    for (const each of answers) found.push((each as { event: LedgerEvent }).event.position);
  return found;
}

test('every event comes once and in order, whatever the count', async () => {
  const all = events.map(({ position }) => position);
  for (const count of [1, 499, 500, 501, 1_000, 1_699, 1_700, 5_000]) {
    expect(await positions(read(await source(), request({ count: BigInt(count) })))).toEqual(all.slice(0, count));
    const backwards = request({ count: BigInt(count), backwards: true, from: 'end' });
    expect(await positions(read(await source(), backwards))).toEqual(all.toReversed().slice(0, count));
  }
});

test('one page is asked for ahead, and none behind what is wanted', async () => {
  const given = await source();
  const reading = read(given, request({ count: 1_000n }));
  await reading.next();
  expect(given.asked).toEqual([0n, 49_901n]);
  await reading.next();
  expect(given.asked).toHaveLength(2);
  expect((await reading.next()).done).toBe(true);
});

test('a page that fails ends the read behind the pages before it, and nobody when the reader has left', async () => {
  const failing = read(await source(1), request({}));
  expect((await failing.next()).value).toHaveLength(500);
  await expect(failing.next()).rejects.toThrow('the storage is away');

  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  for await (const answers of read(await source(1), request({}))) {
    expect(answers).toHaveLength(500);
    break;
  }
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
