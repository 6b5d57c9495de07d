/**
 * Counts of values at or above thresholds, by comparison in registers: for each threshold one vector comparison and one
 * subtraction for two values, no branch and no memory write, so that speed depends neither on the distribution nor on ties. The
 * kernel is WebAssembly with 128-bit vectors, assembled here (a text compiler would be a dependency for 40 lines).
 */

// What we use of it: the library of types that holds it is the browser's.
declare const WebAssembly: {
  validate(code: Uint8Array): boolean;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

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
  const names = Array.from({ length: most }, (_, i) => `count${i + 1}`);
  const code = assemble(names);
  if (!WebAssembly.validate(code)) return 'no vectors';
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code));
  const exported = instance.exports;
  const { buffer } = exported['memory'] as { buffer: ArrayBuffer };
  return {
    kernels: names.map((name) => exported[name] as Kernel),
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

// Opcodes of the WebAssembly core specification 2.0, section 5.4.
const op = {
  noResult: 0x40,
  loop: 0x03,
  end: 0x0b,
  branchIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Const: 0x41,
  i32LessUnsigned: 0x49,
  i32Add: 0x6a,
  vector: 0xfd,
};
const vector = { load: 0x00, loadSplat64: 0x0a, store: 0x0b, f64x2GreaterOrEqual: 0x4c, i64x2Subtract: [0xd1, 0x01] };
const type = { i32: 0x7f, v128: 0x7b, function: 0x60 };

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest & 127) | 128);
  }
}

const list = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];

function assemble(names: readonly string[]): Uint8Array<ArrayBuffer> {
  const text = (name: string): number[] => sized([...new TextEncoder().encode(name)]);
  const section = (id: number, content: readonly number[]): number[] => [id, ...sized(content)];
  return Uint8Array.from(
    [
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, list([[type.function, ...list([[type.i32], [type.i32], [type.i32], [type.i32]]), 0]])),
      section(3, list(names.map(() => [0]))),
      section(5, list([[0, 1]])),
      section(7, list([[...text('memory'), 2, 0], ...names.map((name, i) => [...text(name), 0, i])])),
      section(10, list(names.map((_, i) => sized(body(i + 1))))),
    ].flat(),
  );
}

/** One function over `count` thresholds: parameters from, to, thresholds, results (addresses); four values a turn. */
function body(count: number): number[] {
  const [from, to, thresholds, results] = [0, 1, 2, 3];
  const threshold = (k: number): number[] => unsigned(4 + k);
  const total = (k: number): number[] => unsigned(4 + count + k);
  const value = unsigned(4 + 2 * count);
  const each = (write: (k: number) => number[]): number[] => Array.from({ length: count }, (_, k) => write(k)).flat();
  const load = (offset: number): number[] => [op.localGet, from, op.vector, vector.load, 4, ...unsigned(offset)];
  // A comparison that holds is −1: subtracting it counts it.
  const compare = each((k) =>
    [
      [op.localGet, ...total(k), op.localGet, ...value, op.localGet, ...threshold(k)],
      [op.vector, vector.f64x2GreaterOrEqual, op.vector, ...vector.i64x2Subtract, op.localSet, ...total(k)],
    ].flat(),
  );
  return [
    list([[...unsigned(2 * count + 1), type.v128]]),
    each((k) => [
      op.localGet,
      thresholds,
      op.vector,
      vector.loadSplat64,
      3,
      ...unsigned(8 * k),
      op.localSet,
      ...threshold(k),
    ]),
    [op.loop, op.noResult],
    [...load(0), op.localSet, ...value, ...compare],
    [...load(16), op.localSet, ...value, ...compare],
    [op.localGet, from, op.i32Const, ...unsigned(32), op.i32Add, op.localTee, from],
    [op.localGet, to, op.i32LessUnsigned, op.branchIf, 0, op.end],
    each((k) => [op.localGet, results, op.localGet, ...total(k), op.vector, vector.store, 4, ...unsigned(16 * k)]),
    [op.end],
  ].flat();
}
