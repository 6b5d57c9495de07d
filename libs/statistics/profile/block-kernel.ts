import { againIf, constant, f64, get, i32, instantiate, loop, pageBytes, set, step, v128 } from '../wasm/index.js';
import type { KernelFunction } from '../wasm/index.js';

/** Rows of a block. */
export const blockRows = 512;
/** Room between the first values of two columns: a block in two parts, each filled up with zeros. */
const stride = blockRows + 8;
const strideBytes = stride * 8;

/**
 * Inner products and linear forms of blocks of columns, in WebAssembly SIMD: two rows at a time, with a tile of columns
 * in registers. Five times as fast as the same loops over Float64Arrays, and what is added in which order is fixed by
 * the instructions, so that every machine gives the same bits.
 */
export interface BlockKernel {
  /** The columns given; the values of a block are written here by the caller. */
  readonly columns: readonly Float64Array[];
  /**
   * Adds Σ xᵢ xⱼ over the rows [from, to) for all pairs into the square matrix. `from` must be even, and where the
   * number of rows is odd the row at `to` must be 0 in every column.
   */
  gram(from: number, to: number, into: Float64Array): void;
  /** Rows [0, rows) of Σⱼ matrix(i + t, j) × column j for t = 0 … 3: valid until the next call. */
  forms(matrix: LoadedMatrix, i: number, rows: number): readonly Float64Array[];
  /** Takes a square matrix over. */
  load(matrix: Float64Array): LoadedMatrix;
}

/** A matrix in the kernel's memory. */
export interface LoadedMatrix {
  readonly address: number;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Eight inner products of columns x, x + 1 and a … a + 3 over `bytes` from there. */
  readonly tile: (x: number, a: number, bytes: number) => void;
  readonly forms: (matrix: number, bytes: number) => void;
}

let kept: { readonly k: number; readonly kernel: BlockKernel } | undefined;

/**
 * The kernel for `k` columns: one is kept, since V8 compiles a new one twice, so that whoever asks next for as many
 * columns overwrites it.
 */
export function blockKernel(k: number): BlockKernel {
  if (kept?.k !== k) kept = { k, kernel: make(k) };
  return kept.kernel;
}

function make(k: number): BlockKernel {
  // Columns beyond k are 0.
  const padded = Math.ceil(k / 4) * 4;
  const base = 64;
  const formsAt = base + padded * strideBytes;
  const matrixAt = formsAt + 4 * strideBytes;
  const pages = Math.ceil((matrixAt + padded * padded * 8) / pageBytes);
  const kernel = instantiate(pages, [tile(), forms(padded, base, formsAt)]) as Exports;
  const { buffer } = kernel.memory;
  const results = new Float64Array(buffer, 0, 8);
  const place = (from: number, index: number): Float64Array =>
    new Float64Array(buffer, from + index * strideBytes, stride);
  const columns = Array.from({ length: k }, (_, index) => place(base, index));
  const ys = [0, 1, 2, 3].map((t) => place(formsAt, t));
  return {
    columns,
    gram(from, to, into) {
      if (to <= from) return;
      const bytes = Math.ceil((to - from) / 2) * 16;
      for (let i = 0; i < k; i += 2)
        for (let j = 0; j <= i + 1; j += 4) {
          kernel.tile(base + i * strideBytes + from * 8, base + j * strideBytes + from * 8, bytes);
          for (let at = 0; at < 8; at += 1) {
            const row = i + (at >> 2);
            const column = j + (at & 3);
            if (row >= k || column > row) continue;
            into[row * k + column]! += results[at]!;
            if (row !== column) into[column * k + row]! += results[at]!;
          }
        }
    },
    load(matrix) {
      // Four rows beside each other, as a tile reads them.
      const target = new Float64Array(buffer, matrixAt, padded * padded);
      for (let i = 0; i < k; i += 1)
        for (let j = 0; j < k; j += 1) target[(i >> 2) * 4 * padded + j * 4 + (i & 3)] = matrix[i * k + j]!;
      return { address: matrixAt };
    },
    forms({ address }, i, rows) {
      kernel.forms(address + (i >> 2) * 4 * padded * 8, Math.ceil(rows / 4) * 32);
      return ys;
    },
  };
}

const load = (offset: number): number[] => v128.load(3, offset);
const zero = v128.constant(Array<number>(16).fill(0));
const multiplyAdd = (into: number, a: number, b: number): number[] => [
  ...get(into),
  ...get(a),
  ...get(b),
  ...v128.multiplyDoubles,
  ...v128.addDoubles,
  ...set(into),
];

/** Parameters 0 x, 1 a, 2 bytes; local 3 the offset; vectors 4 … 11 the sums, 12 and 13 x, 14 the other column. */
function tile(): KernelFunction {
  const [x, a, bytes, offset, sums, left, right] = [0, 1, 2, 3, 4, 12, 14];
  const eight = Array.from({ length: 8 }, (_, i) => sums + i);
  return {
    name: 'tile',
    parameters: 3,
    locals: [
      [1, 'i32'],
      [11, 'v128'],
    ],
    body: [
      ...loop([
        ...get(x),
        ...load(0),
        ...set(left),
        ...get(x),
        ...load(strideBytes),
        ...set(left + 1),
        ...[0, 1, 2, 3].flatMap((t) => [
          ...get(a),
          ...load(t * strideBytes),
          ...set(right),
          ...multiplyAdd(sums + t, left, right),
          ...multiplyAdd(sums + 4 + t, left + 1, right),
        ]),
        ...step(x, 16),
        ...step(a, 16),
        ...step(offset, 16),
        ...get(offset),
        ...get(bytes),
        i32.isLess,
        ...againIf,
      ]),
      // Both halves of each sum, as doubles from address 0 on.
      ...eight.flatMap((sum, i) => [
        ...constant(0),
        ...get(sum),
        ...v128.lane64(0),
        ...get(sum),
        ...v128.lane64(1),
        f64.add,
        ...f64.store(i * 8),
      ]),
    ],
  };
}

/**
 * Parameters 0 the tile of the matrix, 1 bytes of rows; locals 2 the offset of the rows, 3 the column's address, 4 its
 * factors, 5 the columns left; vectors 6 … 13 the sums, 14 and 15 four rows of a column, 16 a factor.
 */
function forms(columns: number, base: number, formsAt: number): KernelFunction {
  const [matrix, bytes, offset, place, factors, left, sums, values, factor] = [0, 1, 2, 3, 4, 5, 6, 14, 16];
  return {
    name: 'forms',
    parameters: 2,
    locals: [
      [4, 'i32'],
      [11, 'v128'],
    ],
    body: loop([
      ...get(offset),
      ...constant(base),
      i32.add,
      ...set(place),
      ...get(matrix),
      ...set(factors),
      ...constant(columns),
      ...set(left),
      ...Array.from({ length: 8 }, (_, i) => [...zero, ...set(sums + i)]).flat(),
      ...loop([
        ...get(place),
        ...load(0),
        ...set(values),
        ...get(place),
        ...load(16),
        ...set(values + 1),
        ...[0, 1, 2, 3].flatMap((t) => [
          ...get(factors),
          ...v128.loadSplat64(t * 8),
          ...set(factor),
          ...multiplyAdd(sums + 2 * t, values, factor),
          ...multiplyAdd(sums + 2 * t + 1, values + 1, factor),
        ]),
        ...step(place, strideBytes),
        ...step(factors, 32),
        ...step(left, -1),
        ...get(left),
        ...againIf,
      ]),
      ...[0, 1, 2, 3].flatMap((t) => [
        ...get(offset),
        ...get(sums + 2 * t),
        ...v128.store(3, formsAt + t * strideBytes),
        ...get(offset),
        ...get(sums + 2 * t + 1),
        ...v128.store(3, formsAt + t * strideBytes + 16),
      ]),
      ...step(offset, 32),
      ...get(offset),
      ...get(bytes),
      i32.isLess,
      ...againIf,
    ]),
  };
}
