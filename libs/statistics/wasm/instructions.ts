/** Instructions as bytes: WebAssembly core specification 2.0, sections 5.2 (numbers as LEB128) and 5.4. */

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest & 127) | 128);
  }
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest >= -64 && rest < 64) return [...bytes, rest & 127];
    bytes.push((rest & 127) | 128);
  }
}

export const get = (local: number): number[] => [0x20, ...unsigned(local)];
export const set = (local: number): number[] => [0x21, ...unsigned(local)];
/** Sets and keeps the value on the stack. */
export const tee = (local: number): number[] => [0x22, ...unsigned(local)];
/** An i32. */
export const constant = (value: number): number[] => [0x41, ...signed(value)];
/** Adds to a local i32. */
export const step = (local: number, by: number): number[] => [...get(local), ...constant(by), i32.add, ...set(local)];

export const block = (body: readonly number[]): number[] => [0x02, 0x40, ...body, 0x0b];
export const loop = (body: readonly number[]): number[] => [0x03, 0x40, ...body, 0x0b];
/** Where the i32 on the stack is not 0. */
export const when = (body: readonly number[]): number[] => [0x04, 0x40, ...body, 0x0b];
/** Back to the beginning of the loop; `againIf` where the i32 on the stack is not 0. */
export const again: readonly number[] = [0x0c, 0];
export const againIf: readonly number[] = [0x0d, 0];
/** Out of the block around the loop where the i32 on the stack is not 0. */
export const leaveIf: readonly number[] = [0x0d, 1];
export const leaveFunction = 0x0f;

/** A place in memory: alignment as a power of two, and an offset beside the address on the stack. */
const place = (alignment: number, offset: number): number[] => [alignment, ...unsigned(offset)];

export const i32 = {
  load: (offset: number): number[] => [0x28, ...place(2, offset)],
  isZero: 0x45,
  isLess: 0x48,
  isLessUnsigned: 0x49,
  isAtLeastUnsigned: 0x4f,
  add: 0x6a,
  and: 0x71,
  shiftLeft: 0x74,
  shiftRight: 0x76,
} as const;

export const f64 = {
  store: (offset: number): number[] => [0x39, ...place(3, offset)],
  add: 0xa0,
} as const;

const simd = (code: number, ...rest: number[]): number[] => [0xfd, ...unsigned(code), ...rest];

/** 128-bit vectors; a lane's width is in the name. */
export const v128 = {
  load: (alignment: number, offset: number): number[] => simd(0x00, ...place(alignment, offset)),
  loadSplat32: (offset: number): number[] => simd(0x09, ...place(2, offset)),
  loadSplat64: (offset: number): number[] => simd(0x0a, ...place(3, offset)),
  store: (alignment: number, offset: number): number[] => simd(0x0b, ...place(alignment, offset)),
  constant: (bytes: readonly number[]): number[] => simd(0x0c, ...bytes),
  /** Bytes of the first at the places that the second names. */
  swizzle: simd(0x0e),
  splat32: simd(0x11),
  lane64: (lane: number): number[] => simd(0x21, lane),
  or: simd(0x50),
  xor: simd(0x51),
  shiftLeft32: simd(0xab),
  shiftRight32: simd(0xad),
  add32: simd(0xae),
  multiply32: simd(0xb5),
  subtract64: simd(0xd1),
  /** −1 in each lane of doubles where it holds. */
  isAtLeast64: simd(0x4c),
  addDoubles: simd(0xf0),
  multiplyDoubles: simd(0xf2),
} as const;
