import { againIf, constant, get, hasVectors, i32, instantiate, loop, set, tee, v128 } from '../wasm/index.js';
import type { KernelFunction } from '../wasm/index.js';

/**
 * Counts of values at or above thresholds, by comparison in registers: for each threshold one vector comparison and one
 * subtraction for two values, no branch and no memory write, so that speed depends neither on the distribution nor on ties. The
 * kernel is WebAssembly with 128-bit vectors.
 */

/** Values that lie in the kernel's memory at a time: small enough for the first cache. */
const chunk = 2048;
const valuesAt = 4096;
const resultsAt = 1024;
/** Thresholds that one pass holds in registers. */
const most = 12;

type Kernel = (from: number, to: number, thresholds: number, results: number) => void;

interface Machine {
  readonly kernels: readonly Kernel[];
  readonly values: Float64Array;
  readonly thresholds: Float64Array;
  readonly results: BigInt64Array;
}

let machine: Machine | 'no vectors' | undefined;

function start(): Machine | 'no vectors' {
  if (!hasVectors()) return 'no vectors';
  const functions = Array.from({ length: most }, (_, i) => counter(i + 1));
  const exported = instantiate(1, functions) as Readonly<Record<string, unknown>>;
  const { buffer } = exported['memory'] as { buffer: ArrayBuffer };
  return {
    kernels: functions.map(({ name }) => exported[name] as Kernel),
    values: new Float64Array(buffer, valuesAt, chunk),
    thresholds: new Float64Array(buffer, 0, most),
    results: new BigInt64Array(buffer, resultsAt, most * 2),
  };
}

/**
 * How many values are ≥ each threshold; NaN is at or above none. Exact.
 * @returns a count per threshold, in their order
 */
export function countAtOrAbove(values: Float64Array, thresholds: ArrayLike<number>): Float64Array {
  machine ??= start();
  if (machine === 'no vectors') return countOneByOne(values, thresholds);
  const { kernels, values: memory, thresholds: held, results } = machine;
  const counts = new Float64Array(thresholds.length);
  const passes = Math.ceil(thresholds.length / most);
  const size = Math.ceil(thresholds.length / Math.max(1, passes));
  for (let from = 0; from < values.length; from += chunk) {
    const part = values.subarray(from, from + chunk);
    memory.set(part);
    let length = part.length;
    while (length % 4 !== 0) memory[length++] = Number.NaN;
    for (let first = 0; first < thresholds.length; first += size) {
      const own = Math.min(size, thresholds.length - first);
      for (let k = 0; k < own; k += 1) held[k] = thresholds[first + k]!;
      kernels[own - 1]!(valuesAt, valuesAt + length * 8, 0, resultsAt);
      for (let k = 0; k < own; k += 1) counts[first + k]! += Number(results[2 * k]! + results[2 * k + 1]!);
    }
  }
  return counts;
}

/** The same without vector instructions (processors before 2008), and what the kernel is tested against. */
export function countOneByOne(values: ArrayLike<number>, thresholds: ArrayLike<number>): Float64Array {
  return Float64Array.from(thresholds, (threshold) => {
    let count = 0;
    for (let i = 0; i < values.length; i += 1) if (values[i]! >= threshold) count += 1;
    return count;
  });
}

/** One function over `count` thresholds: parameters from, to, thresholds, results (addresses); four values a turn. */
function counter(count: number): KernelFunction {
  const [from, to, thresholds, results] = [0, 1, 2, 3];
  const threshold = (k: number): number => 4 + k;
  const total = (k: number): number => 4 + count + k;
  const value = 4 + 2 * count;
  const each = (write: (k: number) => number[]): number[] => Array.from({ length: count }, (_, k) => write(k)).flat();
  // A comparison that holds is −1: subtracting it counts it.
  const compare = (offset: number): number[] => [
    ...get(from),
    ...v128.load(4, offset),
    ...set(value),
    ...each((k) => [
      ...get(total(k)),
      ...get(value),
      ...get(threshold(k)),
      ...v128.isAtLeast64,
      ...v128.subtract64,
      ...set(total(k)),
    ]),
  ];
  return {
    name: `count${count}`,
    parameters: 4,
    locals: [[2 * count + 1, 'v128']],
    body: [
      ...each((k) => [...get(thresholds), ...v128.loadSplat64(8 * k), ...set(threshold(k))]),
      ...loop([
        ...compare(0),
        ...compare(16),
        ...get(from),
        ...constant(32),
        i32.add,
        ...tee(from),
        ...get(to),
        i32.isLessUnsigned,
        ...againIf,
      ]),
      ...each((k) => [...get(results), ...get(total(k)), ...v128.store(4, 16 * k)]),
    ],
  };
}
