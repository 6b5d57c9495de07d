import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  compile,
  constant,
  get,
  hasVectors,
  instantiate,
  instantiateOver,
  loop,
  againIf,
  step,
  v128,
} from './index.js';

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly f: (...parameters: number[]) => void;
}

/** Parameter 0 is an address; the numbers are written from there, each four times. */
const writer = (numbers: readonly number[]) => ({
  name: 'f',
  parameters: 1,
  locals: [],
  body: numbers.flatMap((number, i) => [...get(0), ...constant(number), ...v128.splat32, ...v128.store(2, 16 * i)]),
});

test('constants and offsets of any size arrive as they were written', () =>
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 300 }), (some) => {
      const numbers = [...some, -65, -64, -1, 0, 63, 64, 127, 128, 8191, 8192];
      const { f, memory } = instantiate(1, [writer(numbers)]) as Exports;
      f(0);
      const written = new Int32Array(memory.buffer, 0, numbers.length * 4);
      expect([...written].filter((_, i) => i % 4 === 0)).toEqual(numbers);
    }),
    { numRuns: 30 },
  ));

test('a compiled module runs over as many memories as are made, each at least as large as asked for', () => {
  const module = compile([writer([7]), { ...writer([]), name: 'other', parameters: 3 }]);
  const [one, two] = [instantiateOver(module, 1), instantiateOver(module, 65_537)];
  (one.exports['f'] as Exports['f'])(32);
  expect(new Int32Array(one.memory.buffer)[8]).toBe(7);
  expect(new Int32Array(two.memory.buffer)[8]).toBe(0);
  expect([one, two].map(({ memory }) => memory.buffer.byteLength)).toEqual([65_536, 131_072]);
});

test('a function of more locals and a longer body than one byte can count', () => {
  const locals = 200;
  const body = loop([
    ...Array.from({ length: locals }, (_, i) => step(1 + i, 1)).flat(),
    ...step(0, -1),
    ...get(0),
    ...againIf,
  ]);
  const last = [...constant(0), ...get(locals), ...v128.splat32, ...v128.store(2, 0)];
  const { f, memory } = instantiate(1, [
    { name: 'f', parameters: 1, locals: [[locals, 'i32']], body: [...body, ...last] },
  ]) as Exports;
  f(5);
  expect(hasVectors()).toBe(true);
  expect(new Int32Array(memory.buffer)[0]).toBe(5);
});
