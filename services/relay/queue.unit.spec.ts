import { expect, test } from '@jest/globals';
import { createQueue } from './queue.js';

const limits = { items: 4, bytes: 10, sizeOf: (item: string) => item.length };

test('hands out in order what is there, at most so many items and bytes, one at least', async () => {
  const queue = createQueue<string>(limits);
  for (const item of ['a', 'bb', 'ccc']) expect(queue.put(item)).toBeUndefined();
  expect(await queue.take(2, 1)).toEqual(['a', 'bb']);
  expect(await queue.take(2, 1)).toEqual(['ccc']);
  expect(await queue.take(2, 1)).toEqual([]);
  void queue.put('longer than ten bytes');
  void queue.put('d');
  expect(await queue.take(2, 1)).toEqual(['longer than ten bytes']);
});

test('who fills it waits until there is room; who takes is woken by the first item', async () => {
  const queue = createQueue<string>(limits);
  const taken = queue.take(10, 60_000);
  expect(queue.put('first')).toBeUndefined();
  expect(await taken).toEqual(['first']);
  for (const item of ['a', 'b', 'c']) expect(queue.put(item)).toBeUndefined();
  const room = queue.put('d');
  expect(room).toBeDefined();
  expect(await queue.take(1, 1)).toEqual(['a']);
  await room;
  expect(queue.size).toBe(3);
});

test('who wants several waits for them, but not longer than he said, and not when no more can be put', async () => {
  const queue = createQueue<string>(limits);
  const taken = queue.take(10, 60_000, 3);
  for (const item of ['a', 'b', 'c']) void queue.put(item);
  expect(await taken).toEqual(['a', 'b', 'c']);
  void queue.put('d');
  expect(await queue.take(10, 1, 3)).toEqual(['d']);
  const most = queue.take(10, 60_000, 100);
  for (const item of ['e', 'f', 'g', 'h']) void queue.put(item);
  expect(await most).toEqual(['e', 'f', 'g', 'h']);
  const last = queue.take(10, 60_000, 100);
  void queue.put('i');
  queue.end();
  expect(await last).toEqual(['i']);
});

test('what was put before a fault is taken first; after the end nothing is taken in and nobody waits', async () => {
  const queue = createQueue<string>(limits);
  void queue.put('a');
  queue.fail(new Error('away'));
  expect(queue.put('b')).toBeUndefined();
  expect(await queue.take(2, 1)).toEqual(['a']);
  await expect(queue.take(2, 1)).rejects.toThrow('away');

  const full = createQueue<string>(limits);
  for (const item of ['a', 'b', 'c']) void full.put(item);
  const room = full.put('d');
  full.end();
  await room;
  expect(await full.take(9, 1)).toHaveLength(4);
  expect(await full.take(9, 1)).toBeUndefined();
});
