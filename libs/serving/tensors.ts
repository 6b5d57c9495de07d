/** The tensor types of the Open Inference Protocol v2 that this server takes, and their typed arrays. FP16 is not taken. */
export const datatypes = {
  BOOL: { bytes: 1, array: Uint8Array, low: 0, high: 1 },
  UINT8: { bytes: 1, array: Uint8Array, low: 0, high: 255 },
  UINT16: { bytes: 2, array: Uint16Array, low: 0, high: 65_535 },
  UINT32: { bytes: 4, array: Uint32Array, low: 0, high: 4_294_967_295 },
  INT8: { bytes: 1, array: Int8Array, low: -128, high: 127 },
  INT16: { bytes: 2, array: Int16Array, low: -32_768, high: 32_767 },
  INT32: { bytes: 4, array: Int32Array, low: -2_147_483_648, high: 2_147_483_647 },
  FP32: { bytes: 4, array: Float32Array, low: -Infinity, high: Infinity },
  FP64: { bytes: 8, array: Float64Array, low: -Infinity, high: Infinity },
} as const;

/** 64-bit integers hold BigInt; from JSON they may come as a number or as a decimal string. */
const longs = {
  INT64: { bytes: 8, array: BigInt64Array, low: -(2n ** 63n), high: 2n ** 63n - 1n },
  UINT64: { bytes: 8, array: BigUint64Array, low: 0n, high: 2n ** 64n - 1n },
} as const;

export type NumericDatatype = keyof typeof datatypes;
export type LongDatatype = keyof typeof longs;
export type Datatype = NumericDatatype | LongDatatype | 'BYTES';

export type TensorValues =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | readonly string[];

export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorValues;
}

/** What the caller sent is wrong: `field` says where, the message which rule. Answered with 400. */
export class MalformedInference extends Error {
  override readonly name = 'MalformedInference';
  constructor(
    readonly field: string,
    rule: string,
  ) {
    super(`${field}: ${rule}`);
  }
}

const isNumeric = (datatype: string): datatype is NumericDatatype => Object.hasOwn(datatypes, datatype);
const isLong = (datatype: string): datatype is LongDatatype => Object.hasOwn(longs, datatype);

export function parseDatatype(datatype: unknown, field: string): Datatype {
  if (typeof datatype === 'string' && (datatype === 'BYTES' || isNumeric(datatype) || isLong(datatype)))
    return datatype as Datatype;
  throw new MalformedInference(
    field,
    `one of ${[...Object.keys(datatypes), ...Object.keys(longs), 'BYTES'].join(', ')}`,
  );
}

/** Number of elements; every dimension a whole number ≥ 0, at most 8 of them, at most `limit` elements. */
export function elementsOf(shape: unknown, field: string, limit: number): number {
  if (!Array.isArray(shape) || shape.length === 0 || shape.length > 8)
    throw new MalformedInference(field, 'an array of 1 to 8 dimensions');
  let elements = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0)
      throw new MalformedInference(field, 'dimensions are whole numbers from 0');
    elements *= dimension;
    if (elements > limit) throw new MalformedInference(field, `at most ${limit} elements`);
  }
  return elements;
}

/** From JSON: a flat array or nested ones in row-major order. No null, no NaN, no number out of its type's range. */
export function valuesFromJson(datatype: Datatype, elements: number, data: unknown, field: string): TensorValues {
  if (!Array.isArray(data)) throw new MalformedInference(field, 'an array');
  const flat: unknown[] = data.some(Array.isArray) ? data.flat(8) : data;
  if (flat.length !== elements)
    throw new MalformedInference(field, `${elements} values by the shape, ${flat.length} in the data`);
  if (datatype === 'BYTES')
    return flat.map((value, index) => {
      if (typeof value !== 'string' || !value.isWellFormed())
        throw new MalformedInference(`${field}[${index}]`, 'a string');
      return value;
    });
  if (isLong(datatype)) {
    const { array, low, high } = longs[datatype];
    const values = new array(elements);
    for (let index = 0; index < elements; index += 1) {
      const value = flat[index];
      const whole = Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,20}$/.test(value));
      const long = whole ? BigInt(value as string) : undefined;
      if (long === undefined || long < low || long > high)
        throw new MalformedInference(`${field}[${index}]`, `a whole number from ${low} to ${high}`);
      values[index] = long;
    }
    return values;
  }
  const { array, low, high } = datatypes[datatype];
  const values = new array(elements);
  for (let index = 0; index < elements; index += 1) {
    const value = flat[index];
    const number = datatype === 'BOOL' && typeof value === 'boolean' ? Number(value) : value;
    const fits =
      typeof number === 'number' &&
      Number.isFinite(datatype === 'FP32' ? Math.fround(number) : number) &&
      number >= low &&
      number <= high &&
      (high === Infinity || Number.isInteger(number));
    if (!fits) throw new MalformedInference(`${field}[${index}]`, `a value of type ${datatype}`);
    values[index] = number;
  }
  return values;
}

/** From the binary tensor extension: little-endian, row-major; BYTES as 4-byte length and UTF-8 for each element. */
export function valuesFromBytes(datatype: Datatype, elements: number, bytes: Uint8Array, field: string): TensorValues {
  if (datatype === 'BYTES') return stringsFromBytes(elements, bytes, field);
  const { bytes: width, array } = isLong(datatype) ? longs[datatype] : datatypes[datatype];
  if (bytes.length !== elements * width)
    throw new MalformedInference(field, `${elements * width} bytes by shape and type, ${bytes.length} sent`);
  // Copied: a slice of the request's buffer need not be aligned. Every platform of Node's is little-endian.
  const values = new array(Uint8Array.from(bytes).buffer);
  if (datatype === 'BOOL' && (values as Uint8Array).some((value) => value > 1))
    throw new MalformedInference(field, 'BOOL is 0 or 1');
  if (values instanceof Float32Array || values instanceof Float64Array)
    for (const value of values)
      if (!Number.isFinite(value)) throw new MalformedInference(field, 'NaN and infinities are not values');
  return values;
}

function stringsFromBytes(elements: number, bytes: Uint8Array, field: string): readonly string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const strings: string[] = [];
  let offset = 0;
  while (offset < bytes.length && strings.length < elements) {
    if (offset + 4 > bytes.length) throw new MalformedInference(field, 'cut off within a length');
    const length = view.getUint32(offset, true);
    offset += 4;
    if (offset + length > bytes.length) throw new MalformedInference(field, 'cut off within a string');
    try {
      strings.push(decoder.decode(bytes.subarray(offset, offset + length)));
    } catch {
      throw new MalformedInference(`${field}[${strings.length}]`, 'UTF-8');
    }
    offset += length;
  }
  if (strings.length !== elements || offset !== bytes.length)
    throw new MalformedInference(field, `${elements} strings by the shape, ${strings.length} sent`);
  return strings;
}

/** For JSON: 64-bit integers as decimal strings, so that nothing is lost; NaN and infinities as null. */
export function valuesToJson({ datatype, data }: Tensor): readonly (string | number | boolean | null)[] {
  if (datatype === 'BOOL') return Array.from(data as Uint8Array, (value) => value !== 0);
  return Array.from(data as ArrayLike<string | number | bigint>, (value) =>
    typeof value === 'bigint' ? value.toString() : typeof value === 'number' && !Number.isFinite(value) ? null : value,
  );
}

export function valuesToBytes({ datatype, data }: Tensor): Uint8Array {
  if (datatype !== 'BYTES') {
    const values = data as Uint8Array;
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
  return Buffer.concat(
    (data as readonly string[]).flatMap((text) => {
      const bytes = Buffer.from(text, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}
