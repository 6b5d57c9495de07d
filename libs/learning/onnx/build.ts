import { attributeTypes, elementTypes, encodeModel } from './format.js';
import type { AttributeProto, NodeProto, TensorProto, ValueInfoProto } from './format.js';

/** What every model that Assay writes is: IR 8, opset 17, ai.onnx.ml 3, for the widest reach of readers. */
export const onnxVersions = { ir: 8, opset: 17, ml: 3 } as const;

/** Collects nodes and initializers of one graph; names are given by the caller and must be unique. */
export class GraphBuilder {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly inputs: ValueInfoProto[] = [];
  readonly outputs: ValueInfoProto[] = [];
  private readonly names = new Set<string>();

  constructor(readonly name: string) {}

  /** Adds a node with one output and gives the output's name, which is the node's name. */
  node(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: readonly AttributeProto[] = [],
    domain = '',
  ): string {
    this.claim(name);
    this.nodes.push({ name, op_type: op, domain, input: [...inputs], output: [name], attribute: [...attributes] });
    return name;
  }

  /** Adds a node with several outputs and gives their names. */
  nodeOf(
    op: string,
    name: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: readonly AttributeProto[] = [],
  ): readonly string[] {
    for (const output of new Set([name, ...outputs])) this.claim(output);
    this.nodes.push({
      name,
      op_type: op,
      domain: '',
      input: [...inputs],
      output: [...outputs],
      attribute: [...attributes],
    });
    return outputs;
  }

  constant(
    name: string,
    dims: readonly number[],
    values: Float64Array | Float32Array | BigInt64Array | Uint8Array,
  ): string {
    this.claim(name);
    const type = typeOf(values);
    this.initializers.push({
      name,
      data_type: elementTypes[type],
      dims: [...dims],
      raw_data: new Uint8Array(values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength)),
    });
    return name;
  }

  input(name: string, dims: readonly (number | string)[], type: keyof typeof elementTypes = 'float32'): string {
    this.claim(name);
    this.inputs.push(valueInfo(name, dims, type));
    return name;
  }

  /** Names the result `from` as output of the graph. */
  output(
    name: string,
    from: string,
    dims: readonly (number | string)[],
    type: keyof typeof elementTypes = 'float32',
  ): void {
    this.node('Identity', name, [from]);
    this.outputs.push(valueInfo(name, dims, type));
  }

  /** @param metadata written as `metadata_props` in the order of their keys */
  finish(producerVersion: string, metadata: Readonly<Record<string, string>>): Uint8Array {
    return encodeModel({
      ir_version: onnxVersions.ir,
      producer_name: 'assay',
      producer_version: producerVersion,
      opset_import: [
        { domain: '', version: onnxVersions.opset },
        { domain: 'ai.onnx.ml', version: onnxVersions.ml },
      ],
      graph: {
        name: this.name,
        node: this.nodes,
        initializer: this.initializers,
        input: this.inputs,
        output: this.outputs,
      },
      metadata_props: Object.keys(metadata)
        .sort()
        .map((key) => ({ key, value: metadata[key]! })),
    });
  }

  private claim(name: string): void {
    if (this.names.has(name)) throw new Error(`the graph has two values named ${name}`);
    this.names.add(name);
  }
}

/** Bytes are truth values. */
function typeOf(values: Float64Array | Float32Array | BigInt64Array | Uint8Array): keyof typeof elementTypes {
  if (values instanceof Float64Array) return 'float64';
  if (values instanceof Float32Array) return 'float32';
  return values instanceof BigInt64Array ? 'int64' : 'bool';
}

export function integer(name: string, value: number): AttributeProto {
  return { name, type: attributeTypes.int, i: value };
}

function valueInfo(name: string, dims: readonly (number | string)[], type: keyof typeof elementTypes): ValueInfoProto {
  const dim = dims.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size }));
  return { name, type: { tensor_type: { elem_type: elementTypes[type], shape: { dim } } } };
}
