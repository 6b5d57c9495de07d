import { InputError } from '#libs/statistics';
import { costOf } from './flops.js';
import { decodeModel, elementTypes } from './format.js';
import type { GraphProto, ModelProto, TensorProto, ValueInfoProto } from './format.js';

export interface TensorPort {
  readonly name: string;
  readonly type: keyof typeof elementTypes;
  /** -1 is a free dimension. */
  readonly shape: readonly number[];
}

/** A node of the architecture graph G(V, E). */
export interface ArchitectureNode {
  readonly name: string;
  readonly operator: string;
  /** Constants that the node reads: elements of its initializers and of its tensor and list attributes. */
  readonly parameters: number;
  /** Floating-point operations for one row, by the conventions of {@link costOf}; undefined where not known to us. */
  readonly flops?: number;
}

export interface OnnxDescription {
  readonly irVersion: number;
  readonly operatorSets: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly inputs: readonly TensorPort[];
  readonly outputs: readonly TensorPort[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly nodes: readonly ArchitectureNode[];
  /** `[from, to, value]`: node `to` reads `value`, which `from` (a node or an input) makes. */
  readonly edges: readonly (readonly [string, string, string])[];
  readonly parameters: number;
}

/**
 * Reads what an ONNX file is, without running it.
 * @throws InputError `MalformedOnnx`; `UnsupportedOnnx` for ZipMap and other outputs that are no tensors (Node's
 * runtime cannot return maps: convert with `zipmap=False`), for external data and for element types we do not know.
 */
export function describeOnnx(bytes: Uint8Array): OnnxDescription {
  const model = decodeModel(bytes);
  const graph = model.graph!;
  refuseMaps(graph);
  const constants = new Map((graph.initializer ?? []).map((tensor) => [tensor.name ?? '', elements(tensor)]));
  for (const tensor of graph.initializer ?? [])
    if (tensor.data_location === 1)
      throw unsupported(
        'external-data',
        `constant "${tensor.name}" lies in another file`,
        'all constants are in the file',
      );
  const makers = new Map<string, string>();
  const inputs = (graph.input ?? []).filter(({ name }) => !constants.has(name ?? ''));
  inputs.forEach(({ name }) => makers.set(name ?? '', name ?? ''));
  const edges: [string, string, string][] = [];
  const columns = new Map(
    (graph.initializer ?? []).map((tensor) => [tensor.name ?? '', Number(tensor.dims?.at(-1) ?? 1)]),
  );
  const widths = new Map<string, number>();
  for (const { name, type } of inputs) {
    const sizes = (type?.tensor_type?.shape?.dim ?? []).slice(1).map(({ dim_value }) => Number(dim_value ?? 0));
    if (sizes.every((size) => size > 0))
      widths.set(
        name ?? '',
        sizes.reduce((product, size) => product * size, 1),
      );
  }
  const nodes = (graph.node ?? []).map((node, index): ArchitectureNode => {
    const name = node.name || `${node.op_type}_${index}`;
    let own = 0;
    for (const value of node.input ?? []) {
      own += constants.get(value) ?? 0;
      const maker = makers.get(value);
      if (maker !== undefined) edges.push([maker, name, value]);
    }
    for (const attribute of node.attribute ?? [])
      own += (attribute.floats?.length ?? 0) + (attribute.t ? elements(attribute.t) : 0);
    for (const value of node.output ?? []) makers.set(value, name);
    const operator = node.domain && node.domain !== 'ai.onnx' ? `${node.domain}.${node.op_type}` : (node.op_type ?? '');
    const { flops, width } = costOf(node, { widths, constants, columns });
    if (width !== undefined) for (const value of node.output ?? []) widths.set(value, width);
    return { name, operator, parameters: own, ...(flops === undefined ? {} : { flops }) };
  });
  return {
    irVersion: model.ir_version!,
    operatorSets: Object.fromEntries(
      model.opset_import!.map(({ domain, version }) => [domain || 'ai.onnx', Number(version)]),
    ),
    producer: [model.producer_name, model.producer_version].filter(Boolean).join(' '),
    inputs: inputs.map(port),
    outputs: (graph.output ?? []).map(port),
    metadata: metadataOf(model),
    nodes,
    edges,
    parameters: [...constants.values()].reduce((sum, count) => sum + count, 0),
  };
}

function metadataOf(model: ModelProto): Record<string, string> {
  return Object.fromEntries((model.metadata_props ?? []).map(({ key, value }) => [key ?? '', value ?? '']));
}

function refuseMaps(graph: GraphProto): void {
  const zipMap = (graph.node ?? []).find(({ op_type }) => op_type === 'ZipMap');
  if (zipMap)
    throw unsupported(
      zipMap.name || 'ZipMap',
      'the model ends in ZipMap, whose maps this runtime cannot return; export it with zipmap=False',
      'outputs are tensors',
    );
  for (const { name, type } of [...(graph.input ?? []), ...(graph.output ?? [])])
    if (!type?.tensor_type) throw unsupported(name ?? '', `"${name}" is no tensor`, 'inputs and outputs are tensors');
}

function port({ name, type }: ValueInfoProto): TensorPort {
  const tensor = type!.tensor_type!;
  const known = Object.entries(elementTypes).find(([, code]) => code === tensor.elem_type);
  if (!known) throw unsupported(name ?? '', `"${name}" has element type ${tensor.elem_type}`, 'a known element type');
  return {
    name: name ?? '',
    type: known[0] as keyof typeof elementTypes,
    shape: (tensor.shape?.dim ?? []).map(({ dim_value }) => dim_value || -1),
  };
}

function elements(tensor: TensorProto): number {
  return (tensor.dims ?? []).reduce((product, size) => product * Number(size), 1);
}

function unsupported(field: string, message: string, rule: string): InputError {
  return new InputError('UnsupportedOnnx', message, { field, rule });
}
