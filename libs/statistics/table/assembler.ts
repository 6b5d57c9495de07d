/** What the kernels of WebAssembly SIMD are put together from: instructions as bytes (WebAssembly core 2.0, section 5). */

// The types of Node leave WebAssembly to those of browsers, which are not loaded here.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

export const get = (local: number): number[] => [0x20, ...unsigned(local)];
export const set = (local: number): number[] => [0x21, ...unsigned(local)];
/** An i32. */
export const constant = (value: number): number[] => [0x41, ...signed(value)];
export const simd = (code: number, ...rest: number[]): number[] => [0xfd, ...unsigned(code), ...rest];
export const loop = (body: readonly number[]): number[] => [0x03, 0x40, ...body, 0x0b];
/** Adds to a local i32. */
export const step = (local: number, by: number): number[] => [...get(local), ...constant(by), 0x6a, ...set(local)];
/** Back to the beginning of the loop where the i32 on the stack is not 0. */
export const again: readonly number[] = [0x0d, 0];
/** i32.lt_s */
export const isLess = 0x48;

export interface KernelFunction {
  readonly name: string;
  /** Parameters, all i32; there is no result. */
  readonly parameters: number;
  /** Locals after the parameters: first the i32, then the v128. */
  readonly integers: number;
  readonly vectors: number;
  readonly body: readonly number[];
}

/** Magic number and version. */
const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** An instance with a memory of `pages` of 64 KiB, exported as `memory`, and the functions by name. */
export function instantiate(pages: number, functions: readonly KernelFunction[]): unknown {
  const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content];
  const list = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
  const name = (text: string): number[] => [text.length, ...Buffer.from(text)];
  const code = ({ integers, vectors, body }: KernelFunction): number[] => {
    const bytes = [2, ...unsigned(integers), 0x7f, ...unsigned(vectors), 0x7b, ...body, 0x0b];
    return [...unsigned(bytes.length), ...bytes];
  };
  const bytes = Uint8Array.from([
    ...header,
    ...section(
      1,
      list(
        functions.map(({ parameters }) => [
          0x60,
          ...unsigned(parameters),
          ...Array.from({ length: parameters }, () => 0x7f),
          0,
        ]),
      ),
    ),
    ...section(3, list(functions.map((_, index) => [index]))),
    ...section(5, [1, 0, ...unsigned(pages)]),
    ...section(7, list([[...name('memory'), 2, 0], ...functions.map((own, index) => [...name(own.name), 0, index])])),
    ...section(10, list(functions.map(code))),
  ]);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
}

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = rest & 127;
    rest >>= 7;
    if ((rest === 0 && (byte & 64) === 0) || (rest === -1 && (byte & 64) !== 0)) return [...bytes, byte];
    bytes.push(byte | 128);
  }
}
