import '../../libs/runtime/no-telemetry.js';
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { describeOnnx, encodeRow, featuresInput, readMetadata } from '#libs/learning';
import type { Datatype, Tensor, TensorValues } from '#libs/serving';
import { MalformedInference } from '#libs/serving';
import { sha256 } from '#libs/signing';
import { InputError } from '#libs/statistics';

/** One named tensor of a model; a dimension of −1 is free. */
export interface TensorShape {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

export interface LoadedModel {
  readonly digest: string;
  readonly inputs: readonly TensorShape[];
  readonly outputs: readonly TensorShape[];
  run(inputs: readonly Tensor[], outputs: readonly string[]): Promise<readonly Tensor[]>;
}

/** The file that was read does not have the digest that it was asked for by. It is never run. */
export class WrongArtifact extends Error {
  override readonly name = 'WrongArtifact';
  constructor(
    readonly expected: string,
    readonly actual: string,
  ) {
    super(`artifact ${expected}: the bytes read have SHA-256 ${actual}`);
  }
}

/** The model has an input or output that is not a tensor (ZipMap), or of a type that the protocol does not carry. */
export class UnservableModel extends Error {
  override readonly name = 'UnservableModel';
}

const datatypeOf: Readonly<Record<string, Datatype>> = {
  float32: 'FP32',
  float64: 'FP64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  bool: 'BOOL',
  string: 'BYTES',
};
const onnxTypeOf = Object.fromEntries(Object.entries(datatypeOf).map(([onnx, datatype]) => [datatype, onnx]));

/** Sessions kept beyond those in use, least recently used first out. */
const sessionLimit = 32;

/** ONNX Runtime sessions by artifact digest; each file is checked against its digest before it is loaded. */
export class Models {
  readonly #sessions = new Map<string, Promise<LoadedModel>>();

  constructor(private readonly read: (digest: string) => Promise<Uint8Array>) {}

  /** @throws WrongArtifact, UnservableModel, whatever `read` throws. A failed load is tried again next time. */
  load(digest: string): Promise<LoadedModel> {
    const known = this.#sessions.get(digest);
    this.#sessions.delete(digest);
    const loading = known ?? this.#open(digest);
    this.#sessions.set(digest, loading);
    loading.catch(() => this.#sessions.delete(digest));
    // A dropped session is freed with its last reference: a run under way keeps it.
    for (const oldest of [...this.#sessions.keys()].slice(0, -sessionLimit)) this.#sessions.delete(oldest);
    return loading;
  }

  async #open(digest: string): Promise<LoadedModel> {
    const bytes = await this.read(digest);
    const actual = sha256(bytes);
    if (actual !== digest) throw new WrongArtifact(digest, actual);
    // One thread a session: many models share the process, and spinning threads would starve the event loop.
    const session = await InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
    return loadedModel(digest, session, columnsOf(bytes));
  }
}

/** One row of the input tensor from named values, for a model that Assay wrote. */
type RowEncoder = (values: Readonly<Record<string, number | string | boolean>>) => Float32Array;

/** Undefined for a model made elsewhere: it is fed its own input tensors only. */
function columnsOf(bytes: Uint8Array): RowEncoder | undefined {
  try {
    const metadata = readMetadata(describeOnnx(bytes).metadata);
    return metadata && ((values) => encodeRow(metadata, values));
  } catch {
    return undefined; // What our reader does not know, the runtime may still run.
  }
}

function loadedModel(digest: string, session: InferenceSession, encode: RowEncoder | undefined): LoadedModel {
  const inputs = session.inputMetadata.map(shapeOf);
  const outputs = session.outputMetadata.map(shapeOf);
  return {
    digest,
    inputs,
    outputs,
    async run(given, names) {
      const byColumn = encode && !given.some(({ name }) => name === featuresInput);
      const tensors = byColumn ? [featuresOf(given, encode)] : given;
      const feeds: Record<string, OnnxTensor> = {};
      for (const input of inputs) {
        const tensor = tensors.find(({ name }) => name === input.name);
        if (!tensor) throw new MalformedInference('inputs', `the model needs an input named ${input.name}`);
        feeds[input.name] = toOnnx(tensor, input);
      }
      for (const { name } of tensors)
        if (!feeds[name]) throw new MalformedInference('inputs', `the model has no input named ${name}`);
      const results = await session.run(feeds, names);
      return names.map((name) => fromOnnx(name, results[name]!));
    },
  };
}

/**
 * Columns by name, each `[n]` or `[n, 1]`, numbers or text as in the training data, to the one tensor that a model of
 * Assay takes. Columns that are no features are ignored: callers send the row that they have.
 * @throws MalformedInference naming the column and the row
 */
function featuresOf(columns: readonly Tensor[], encode: RowEncoder): Tensor {
  const rows = columns[0]?.shape[0] ?? 0;
  for (const { name, shape } of columns)
    if (shape[0] !== rows || shape.slice(1).some((dimension) => dimension !== 1))
      throw new MalformedInference(`inputs.${name}.shape`, `[${rows}] or [${rows}, 1], as the first column`);
  const encoded: Float32Array[] = [];
  for (let row = 0; row < rows; row += 1) {
    const values = columns.map(({ name, datatype, data }) => [name, cell(datatype, data[row]!)] as const);
    try {
      encoded.push(encode(Object.fromEntries(values)));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new MalformedInference(
        `inputs.${error.place.field ?? '?'}`,
        `row ${row}: ${error.place.rule ?? error.code}`,
      );
    }
  }
  const width = encoded[0]?.length ?? 0;
  const data = new Float32Array(rows * width);
  encoded.forEach((values, row) => data.set(values, row * width));
  return { name: featuresInput, datatype: 'FP32', shape: [rows, width], data };
}

function cell(datatype: Datatype, value: string | number | bigint): string | number | boolean {
  if (datatype === 'BOOL') return value === 1;
  return typeof value === 'bigint' ? Number(value) : value;
}

function shapeOf(metadata: InferenceSession.ValueMetadata): TensorShape {
  const { name } = metadata;
  if (!metadata.isTensor) throw new UnservableModel(`${name}: not a tensor; remove the ZipMap from the ONNX file`);
  const datatype = datatypeOf[metadata.type];
  if (!datatype) throw new UnservableModel(`${name}: the protocol carries no ${metadata.type}`);
  return { name, datatype, shape: metadata.shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1)) };
}

/** Numbers of another type are converted where every value fits: JSON clients rarely say FP32. */
function toOnnx(tensor: Tensor, expected: TensorShape): OnnxTensor {
  const { name, shape } = tensor;
  const fits =
    shape.length === expected.shape.length &&
    expected.shape.every((dimension, index) => dimension < 0 || dimension === shape[index]);
  if (!fits)
    throw new MalformedInference(`inputs.${name}.shape`, `[${expected.shape.join(', ')}], where -1 is any number`);
  const data = convert(tensor, expected);
  return new OnnxTensor(onnxTypeOf[expected.datatype] as 'float32', data as Float32Array, [...shape]);
}

function convert({ name, datatype, data }: Tensor, expected: TensorShape): TensorValues {
  if (datatype === expected.datatype) return data;
  const toFloat = expected.datatype === 'FP32' || expected.datatype === 'FP64';
  if (!toFloat || datatype === 'BYTES' || datatype === 'BOOL')
    throw new MalformedInference(`inputs.${name}.datatype`, `${expected.datatype}, not ${datatype}`);
  const values = Array.from(data as ArrayLike<number | bigint>, Number);
  const converted = expected.datatype === 'FP32' ? Float32Array.from(values) : Float64Array.from(values);
  if (converted.some((value) => !Number.isFinite(value)))
    throw new MalformedInference(`inputs.${name}.data`, `values that fit ${expected.datatype}`);
  return converted;
}

function fromOnnx(name: string, tensor: OnnxTensor): Tensor {
  return { name, datatype: datatypeOf[tensor.type]!, shape: tensor.dims, data: tensor.data as TensorValues };
}
