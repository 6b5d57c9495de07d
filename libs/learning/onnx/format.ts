import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { InputError } from '#libs/statistics';

/** The parts of ONNX's protobuf messages that we read and write (onnx-ml.proto of ONNX 1.19.1, Apache-2.0). */
export interface ModelProto {
  ir_version?: number;
  producer_name?: string;
  producer_version?: string;
  domain?: string;
  model_version?: number;
  doc_string?: string;
  graph?: GraphProto;
  opset_import?: { domain?: string; version?: number }[];
  metadata_props?: { key?: string; value?: string }[];
}

export interface GraphProto {
  name?: string;
  node?: NodeProto[];
  initializer?: TensorProto[];
  sparse_initializer?: object[];
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
}

export interface NodeProto {
  name?: string;
  op_type?: string;
  domain?: string;
  input?: string[];
  output?: string[];
  attribute?: AttributeProto[];
}

export interface AttributeProto {
  name?: string;
  type?: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats?: number[];
  ints?: number[];
  strings?: Uint8Array[];
  tensors?: TensorProto[];
  graphs?: GraphProto[];
}

export interface TensorProto {
  name?: string;
  data_type?: number;
  dims?: number[];
  raw_data?: Uint8Array;
  float_data?: number[];
  int32_data?: number[];
  int64_data?: number[];
  double_data?: number[];
  string_data?: Uint8Array[];
  data_location?: number;
}

export interface ValueInfoProto {
  name?: string;
  type?: {
    tensor_type?: { elem_type?: number; shape?: { dim?: { dim_value?: number; dim_param?: string }[] } };
    sequence_type?: object;
    map_type?: object;
    optional_type?: object;
    sparse_tensor_type?: object;
  };
}

/** Codes of TensorProto.DataType. */
export const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
} as const;

/** Codes of AttributeProto.AttributeType. */
export const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

let message: protobuf.Type | undefined;

function modelMessage(): protobuf.Type {
  if (!message) {
    const source = readFileSync(new URL('./onnx-ml.proto', import.meta.url), 'utf8');
    message = protobuf.parse(source, { keepCase: true }).root.lookupType('onnx.ModelProto');
  }
  return message;
}

/** Protobuf bytes of a model. Fields are written in the order of their numbers: equal models give equal bytes. */
export function encodeModel(model: ModelProto): Uint8Array {
  const type = modelMessage();
  return type.encode(type.fromObject(model)).finish();
}

/** @throws InputError `MalformedOnnx` where the bytes are no ONNX model. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const type = modelMessage();
  let model: ModelProto;
  try {
    model = type.toObject(type.decode(bytes), { longs: Number, enums: Number, defaults: false }) as ModelProto;
  } catch (error) {
    throw new InputError('MalformedOnnx', `the file is no ONNX model: ${(error as Error).message}`, {
      rule: 'onnx-ml.proto, ModelProto',
    });
  }
  if (!model.graph || model.ir_version === undefined || !model.opset_import?.length)
    throw new InputError('MalformedOnnx', 'the file holds no graph, IR version or operator set', {
      field: model.graph ? 'opset_import' : 'graph',
      rule: 'onnx-ml.proto, ModelProto',
    });
  return model;
}
