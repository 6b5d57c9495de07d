/**
 * Sums of weight × ChaCha20 key stream (RFC 8439: 20 rounds, nonce 0, counter from 0; 4,096 bytes as 1,024 little-endian
 * words modulo 2^32) over many keys: what a row digest spends its time on. Four blocks at once in WebAssembly SIMD,
 * assembled here, since a call to node:crypto for each row costs three times as much as the key stream itself. The spec
 * holds it against node:crypto.
 */

/** Keys of one call at most. */
export const kernelKeys = 256;

const sumsAt = 0;
const keysAt = 4096;
const weightsAt = keysAt + kernelKeys * 32;

// The types of Node leave WebAssembly to those of browsers, which are not loaded here.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Adds `n` keys into the sums, which lie group by group: words 4g … 4g + 3 of the counter beside each other. */
  readonly add: (n: number) => void;
}

let kernel: Kernel | undefined;

/** Adds to `state` (1,024 lanes) the key streams of `n` keys of 32 bytes, times their weights modulo 2^32. */
export function addKeyStreams(state: Int32Array, keys: Uint8Array, weights: Int32Array, n: number): void {
  kernel ??= new WebAssembly.Instance(new WebAssembly.Module(assemble())).exports as Kernel;
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
// 22 counters.
const [n, key, weightPlace, group, round, first, weight, counters] = [0, 1, 2, 3, 4, 5, 21, 22];
const x = (word: number): number => first + word;

const get = (local: number): number[] => [0x20, ...unsigned(local)];
const set = (local: number): number[] => [0x21, ...unsigned(local)];
const constant = (value: number): number[] => [0x41, ...signed(value)];
const simd = (code: number, ...rest: number[]): number[] => [0xfd, ...unsigned(code), ...rest];
const add = simd(0xae);
const xor = simd(0x51);
const splatOf = (value: number): number[] => [...constant(value), ...simd(0x11)];

/** "expand 32-byte k" */
const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];

function initial(word: number): number[] {
  if (word < 4) return splatOf(constants[word]! | 0);
  if (word < 12) return [...get(key), ...simd(0x09, 2, ...unsigned((word - 4) * 4))];
  return word === 12 ? get(counters) : splatOf(0);
}

function rotate(word: number, bits: number): number[] {
  if (bits % 8 === 0) {
    const bytes = Array.from({ length: 16 }, (_, i) => (i & 12) | ((i - bits / 8) & 3));
    return [...get(x(word)), ...get(x(word)), ...simd(0x0d, ...bytes), ...set(x(word))];
  }
  return [
    ...get(x(word)),
    ...constant(bits),
    ...simd(0xab),
    ...get(x(word)),
    ...constant(32 - bits),
    ...simd(0xad),
    ...simd(0x50),
    ...set(x(word)),
  ];
}

function quarter(a: number, b: number, c: number, d: number): number[] {
  const mix = (into: number, from: number, turned: number, bits: number): number[] => [
    ...get(x(into)),
    ...get(x(from)),
    ...add,
    ...set(x(into)),
    ...get(x(turned)),
    ...get(x(into)),
    ...xor,
    ...set(x(turned)),
    ...rotate(turned, bits),
  ];
  return [...mix(a, b, d, 16), ...mix(c, d, b, 12), ...mix(a, b, d, 8), ...mix(c, d, b, 7)];
}

function assemble(): Uint8Array<ArrayBuffer> {
  const words = Array.from({ length: 16 }, (_, word) => word);
  const rounds = [
    ...[0, 1, 2, 3].flatMap((i) => quarter(i, 4 + i, 8 + i, 12 + i)),
    ...[0, 1, 2, 3].flatMap((i) => quarter(i, 4 + ((i + 1) & 3), 8 + ((i + 2) & 3), 12 + ((i + 3) & 3))),
  ];
  const store = words.flatMap((word) => [
    ...get(group),
    ...get(group),
    ...simd(0x00, 4, ...unsigned(sumsAt + word * 16)),
    ...get(x(word)),
    ...initial(word),
    ...add,
    ...get(weight),
    ...simd(0xb5),
    ...add,
    ...simd(0x0b, 4, ...unsigned(sumsAt + word * 16)),
  ]);
  const loop = (body: number[]): number[] => [0x03, 0x40, ...body, 0x0b];
  const step = (local: number, by: number): number[] => [...get(local), ...constant(by), 0x6a, ...set(local)];
  const body = [
    ...get(n),
    0x45,
    0x04,
    0x40,
    0x0f,
    0x0b,
    ...constant(keysAt),
    ...set(key),
    ...constant(weightsAt),
    ...set(weightPlace),
    ...loop([
      ...get(weightPlace),
      ...simd(0x09, 2, 0),
      ...set(weight),
      ...constant(0),
      ...set(group),
      ...simd(0x0c, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0),
      ...set(counters),
      ...loop([
        ...words.flatMap((word) => [...initial(word), ...set(x(word))]),
        ...constant(10),
        ...set(round),
        ...loop([...rounds, ...step(round, -1), ...get(round), 0x0d, 0]),
        ...store,
        ...get(counters),
        ...splatOf(4),
        ...add,
        ...set(counters),
        ...step(group, 256),
        ...get(group),
        ...constant(4096),
        0x48,
        0x0d,
        0,
      ]),
      ...step(key, 32),
      ...step(weightPlace, 4),
      ...step(n, -1),
      ...get(n),
      0x0d,
      0,
    ]),
    0x0b,
  ];
  const locals = [2, 4, 0x7f, 18, 0x7b];
  const code = [...locals, ...body];
  const section = (id: number, content: number[]): number[] => [id, ...unsigned(content.length), ...content];
  const name = (text: string): number[] => [text.length, ...Buffer.from(text)];
  return Uint8Array.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, [1, 0x60, 1, 0x7f, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('add'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

function unsigned(value: number): number[] {
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
