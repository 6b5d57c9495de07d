import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEventStore } from '#libs/event-store';
import type { StoredEvent } from '#libs/event-store';
import { eventOf } from '../event-store/copy-appends.js';
import { testStore } from '../event-store/testing.js';
import type { TestStore } from '../event-store/testing.js';

let ledger: TestStore;

beforeAll(async () => {
  ledger = await testStore();
});
afterAll(() => ledger.close());

async function all(events: AsyncIterable<StoredEvent>): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id } of events) ids.push(id);
  return ids;
}

test('a read by prefixes of types brings what a read of everything has of them, over pages of every kind', async () => {
  const store = createEventStore({ connectionString: ledger.connectionString });
  const append = (stream: string, types: readonly string[], bytes: number) =>
    store.append(
      stream,
      types.map((type) => ({
        id: randomUUID(),
        type,
        data: Buffer.from(JSON.stringify({ fill: 'x'.repeat(bytes) })),
        metadata: Buffer.from('{}'),
      })),
      'any',
    );
  // More than a page of matches, then megabytes without one, then matches again.
  await append(
    'a-main.1',
    Array.from({ length: 1_700 }, (_, index) => ['Keep', 'KeepMore', 'Drop'][index % 3]!),
    10,
  );
  for (let index = 0; index < 12; index += 1) await append('b-main.1', ['Drop'], 900_000);
  await append('a-main.1', ['Keep', 'keep', 'Kee', 'Drop', '%eep'], 10);

  const everything: StoredEvent[] = [];
  for await (const items of store.readEverything()) everything.push(...items.map(eventOf));
  for (const prefixes of [['Keep'], ['KeepMore', '$'], ['%', 'Dr'], ['Other', '\0'], ['']]) {
    const wanted = everything.filter(({ type }) => prefixes.some((prefix) => type.startsWith(prefix)));
    expect(await all(store.readTypes(prefixes))).toEqual(wanted.map(({ id }) => id));
  }
  await store.close();
});
