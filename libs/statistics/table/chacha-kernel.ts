/**
 * Sums of weight × ChaCha20 key stream (RFC 8439: 20 rounds, nonce 0, counter from 0; 4,096 bytes as 1,024 little-endian
 * words modulo 2^32) over many keys: what a row digest spends its time on. Four blocks at once in WebAssembly SIMD,
 * assembled here, since a call to node:crypto for each row costs three times as much as the key stream itself. The spec
 * holds it against node:crypto.
 */

import { againIf, constant, get, i32, instantiate, leaveFunction, loop, set, step, v128, when } from '../wasm/index.js';

/** Keys of one call at most. */
export const kernelKeys = 256;

const sumsAt = 0;
const keysAt = 4096;
const weightsAt = keysAt + kernelKeys * 32;

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Adds `n` keys into the sums, which lie group by group: words 4g … 4g + 3 of the counter beside each other. */
  readonly add: (n: number) => void;
}

let kernel: Kernel | undefined;

/** Adds to `state` (1,024 lanes) the key streams of `n` keys of 32 bytes, times their weights modulo 2^32. */
export function addKeyStreams(state: Int32Array, keys: Uint8Array, weights: Int32Array, n: number): void {
  kernel ??= instantiate(1, [
    {
      name: 'add',
      parameters: 1,
      locals: [
        [4, 'i32'],
        [30, 'v128'],
      ],
      body: body(),
    },
  ]) as Kernel;
  const { buffer } = kernel.memory;
  const sums = new Int32Array(buffer, sumsAt, 1024);
  sums.fill(0);
  new Uint8Array(buffer, keysAt, n * 32).set(keys.subarray(0, n * 32));
  new Int32Array(buffer, weightsAt, n).set(weights.subarray(0, n));
  kernel.add(n);
  // Group g, word w, block b of the group lie at 64 g + 4 w + b; the stream has block 4 g + b, word w.
  for (let group = 0; group < 16; group += 1)
    for (let word = 0; word < 16; word += 1)
      for (let block = 0; block < 4; block += 1) {
        const lane = (group * 4 + block) * 16 + word;
        state[lane] = (state[lane]! + sums[group * 64 + word * 4 + block]!) | 0;
      }
}

// Locals of the function: 0 n, 1 key address, 2 weight address, 3 group × 256, 4 round, 5 … 20 the state, 21 weight,
// 22 counters, 23 … 34 the words of columns 1 … 3 after the first half round: no counter is in them yet.
const [n, key, weightPlace, group, round, first, weight, counters] = [0, 1, 2, 3, 4, 5, 21, 22];
const x = (word: number): number => first + word;

const splatOf = (value: number): number[] => [...constant(value), ...v128.splat32];

/** "expand 32-byte k" */
const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];

function initial(word: number): number[] {
  if (word < 4) return splatOf(constants[word]! | 0);
  if (word < 12) return [...get(key), ...v128.loadSplat32((word - 4) * 4)];
  return word === 12 ? get(counters) : splatOf(0);
}

function rotate(word: number, bits: number): number[] {
  if (bits % 8 === 0) {
    const bytes = Array.from({ length: 16 }, (_, i) => (i & 12) | ((i - bits / 8) & 3));
    // With a constant of places: V8 builds the mask of a shuffle anew each time.
    return [...get(x(word)), ...v128.constant(bytes), ...v128.swizzle, ...set(x(word))];
  }
  return [
    ...get(x(word)),
    ...constant(bits),
    ...v128.shiftLeft32,
    ...get(x(word)),
    ...constant(32 - bits),
    ...v128.shiftRight32,
    ...v128.or,
    ...set(x(word)),
  ];
}

function quarter(a: number, b: number, c: number, d: number): number[] {
  const mix = (into: number, from: number, turned: number, bits: number): number[] => [
    ...get(x(into)),
    ...get(x(from)),
    ...v128.add32,
    ...set(x(into)),
    ...get(x(turned)),
    ...get(x(into)),
    ...v128.xor,
    ...set(x(turned)),
    ...rotate(turned, bits),
  ];
  return [...mix(a, b, d, 16), ...mix(c, d, b, 12), ...mix(a, b, d, 8), ...mix(c, d, b, 7)];
}

function body(): number[] {
  const words = Array.from({ length: 16 }, (_, word) => word);
  const column = (i: number): number[] => quarter(i, 4 + i, 8 + i, 12 + i);
  const diagonals = [0, 1, 2, 3].flatMap((i) => quarter(i, 4 + ((i + 1) & 3), 8 + ((i + 2) & 3), 12 + ((i + 3) & 3)));
  const shared = words.filter((word) => word % 4 !== 0);
  const kept = (word: number): number => 23 + shared.indexOf(word);
  const load = (word: number): number[] => [...initial(word), ...set(x(word))];
  const store = words.flatMap((word) => [
    ...get(group),
    ...get(group),
    ...v128.load(4, sumsAt + word * 16),
    ...get(x(word)),
    ...initial(word),
    ...v128.add32,
    ...get(weight),
    ...v128.multiply32,
    ...v128.add32,
    ...v128.store(4, sumsAt + word * 16),
  ]);
  const returnIfNone = [...get(n), i32.isZero, ...when([leaveFunction])];
  return [
    ...returnIfNone,
    ...constant(keysAt),
    ...set(key),
    ...constant(weightsAt),
    ...set(weightPlace),
    ...loop([
      ...get(weightPlace),
      ...v128.loadSplat32(0),
      ...set(weight),
      ...shared.flatMap(load),
      ...[1, 2, 3].flatMap(column),
      ...shared.flatMap((word) => [...get(x(word)), ...set(kept(word))]),
      ...constant(0),
      ...set(group),
      ...v128.constant([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]),
      ...set(counters),
      ...loop([
        ...words.flatMap((word) => (word % 4 === 0 ? load(word) : [...get(kept(word)), ...set(x(word))])),
        ...column(0),
        ...diagonals,
        ...constant(9),
        ...set(round),
        ...loop([...[0, 1, 2, 3].flatMap(column), ...diagonals, ...step(round, -1), ...get(round), ...againIf]),
        ...store,
        ...get(counters),
        ...splatOf(4),
        ...v128.add32,
        ...set(counters),
        ...step(group, 256),
        ...get(group),
        ...constant(4096),
        i32.isLess,
        ...againIf,
      ]),
      ...step(key, 32),
      ...step(weightPlace, 4),
      ...step(n, -1),
      ...get(n),
      ...againIf,
    ]),
  ];
}
