import {
  MalformedInference,
  type Tensor,
  elementsOf,
  parseDatatype,
  valuesFromBytes,
  valuesFromJson,
  valuesToBytes,
  valuesToJson,
} from './tensors.js';

/**
 * Open Inference Protocol v2 (kserve/open-inference-protocol, specification/protocol/inference_rest.md), with
 * Triton's binary tensor extension (docs/protocol/extension_binary_data.md), which tritonclient uses by default.
 */
export interface InferenceRequest {
  readonly id?: string;
  /** The sticky key of the traffic split, from `parameters.key`. */
  readonly key?: string;
  readonly inputs: readonly Tensor[];
  /** Outputs asked for; undefined: all. */
  readonly outputs?: readonly { readonly name: string; readonly binary: boolean }[];
  readonly binaryOutput: boolean;
}

export interface InferenceResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly outputs: readonly (Tensor & { readonly binary: boolean })[];
}

export interface EncodedResponse {
  readonly body: Uint8Array;
  /** Set with binary outputs: the length of the JSON that comes first. */
  readonly headerLength?: number;
}

export interface ProtocolLimits {
  /** Elements of one tensor. */
  readonly elements: number;
  readonly inputs: number;
}

export const protocolLimits: ProtocolLimits = { elements: 1_000_000, inputs: 1024 };

type Members = Readonly<Record<string, unknown>>;

/** @param headerLength value of `Inference-Header-Content-Length`, if sent. @throws MalformedInference */
export function parseInferenceRequest(
  body: Uint8Array,
  headerLength: string | undefined,
  limits: ProtocolLimits = protocolLimits,
): InferenceRequest {
  const jsonLength = headerLength === undefined ? body.length : Number(headerLength);
  if (!Number.isSafeInteger(jsonLength) || jsonLength < 0 || jsonLength > body.length)
    throw new MalformedInference('Inference-Header-Content-Length', `a whole number from 0 to ${body.length}`);
  const document = parseJson(body.subarray(0, jsonLength));
  const { id } = document;
  if (id !== undefined && !isShortText(id)) throw new MalformedInference('id', 'a string of 1 to 200 characters');
  const parameters = members(document['parameters'] ?? {}, 'parameters');
  const { key } = parameters;
  if (key !== undefined && !isShortText(key))
    throw new MalformedInference('parameters.key', 'a string of 1 to 200 characters');
  const { inputs } = document;
  if (!Array.isArray(inputs) || inputs.length === 0 || inputs.length > limits.inputs)
    throw new MalformedInference('inputs', `an array of 1 to ${limits.inputs} tensors`);
  const reader = { bytes: body.subarray(jsonLength), offset: 0 };
  const tensors = inputs.map((input, index) => parseInput(input, `inputs[${index}]`, reader, limits));
  if (reader.offset !== reader.bytes.length)
    throw new MalformedInference('body', `${reader.bytes.length - reader.offset} bytes that no input claims`);
  if (new Set(tensors.map(({ name }) => name)).size !== tensors.length)
    throw new MalformedInference('inputs', 'each name once');
  const outputs = parseOutputs(document['outputs']);
  return {
    ...(id === undefined ? {} : { id }),
    ...(key === undefined ? {} : { key }),
    inputs: tensors,
    ...(outputs ? { outputs } : {}),
    binaryOutput: parameters['binary_data_output'] === true,
  };
}

export function encodeInferenceResponse(response: InferenceResponse): EncodedResponse {
  const chunks: Uint8Array[] = [];
  const outputs = response.outputs.map((output) => {
    const { name, datatype, shape } = output;
    if (!output.binary) return { name, datatype, shape, data: valuesToJson(output) };
    const bytes = valuesToBytes(output);
    chunks.push(bytes);
    return { name, datatype, shape, parameters: { binary_data_size: bytes.length } };
  });
  const json = Buffer.from(
    JSON.stringify({
      model_name: response.modelName,
      model_version: response.modelVersion,
      id: response.id,
      parameters: response.parameters,
      outputs,
    }),
  );
  return chunks.length === 0 ? { body: json } : { body: Buffer.concat([json, ...chunks]), headerLength: json.length };
}

function parseJson(bytes: Uint8Array): Members {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new MalformedInference('body', 'UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MalformedInference('body', 'JSON');
  }
  return members(value, 'body');
}

function parseInput(
  value: unknown,
  field: string,
  reader: { readonly bytes: Uint8Array; offset: number },
  limits: ProtocolLimits,
): Tensor {
  const input = members(value, field);
  const { name, shape, data } = input;
  if (!isShortText(name)) throw new MalformedInference(`${field}.name`, 'a string of 1 to 200 characters');
  const datatype = parseDatatype(input['datatype'], `${field}.datatype`);
  const elements = elementsOf(shape, `${field}.shape`, limits.elements);
  const size = members(input['parameters'] ?? {}, `${field}.parameters`)['binary_data_size'];
  if (size === undefined)
    return {
      name,
      datatype,
      shape: shape as number[],
      data: valuesFromJson(datatype, elements, data, `${field}.data`),
    };
  if (data !== undefined) throw new MalformedInference(`${field}.data`, 'not beside binary_data_size');
  const end = reader.offset + (size as number);
  if (!Number.isSafeInteger(size) || (size as number) < 0 || end > reader.bytes.length)
    throw new MalformedInference(`${field}.parameters.binary_data_size`, 'within the bytes that follow the JSON');
  const bytes = reader.bytes.subarray(reader.offset, end);
  reader.offset = end;
  return { name, datatype, shape: shape as number[], data: valuesFromBytes(datatype, elements, bytes, field) };
}

function parseOutputs(value: unknown): readonly { name: string; binary: boolean }[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0 || value.length > 100)
    throw new MalformedInference('outputs', 'an array of 1 to 100 names');
  return value.map((item, index) => {
    const output = members(item, `outputs[${index}]`);
    const { name } = output;
    if (!isShortText(name)) throw new MalformedInference(`outputs[${index}].name`, 'a string of 1 to 200 characters');
    const parameters = members(output['parameters'] ?? {}, `outputs[${index}].parameters`);
    return { name, binary: parameters['binary_data'] === true };
  });
}

function members(value: unknown, field: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedInference(field, 'an object');
  return value as Members;
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 200 && value.isWellFormed();
}
