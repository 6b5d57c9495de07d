import { InputError } from '#libs/statistics';
import { integer } from '../onnx/index.js';
import type { GraphBuilder } from '../onnx/index.js';
import { attributeTypes, elementTypes } from '../onnx/format.js';
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from '../onnx/format.js';
import type { Ensemble, Tree } from './ensemble.js';

const domain = 'ai.onnx.ml';

/**
 * Adds base + Σ leaves as float64 `[n, outputs]`: a TreeEnsembleRegressor of ai.onnx.ml 3 that compares and sums in
 * float64, and the base, which it would lose in float32. `input` is float64 and has been rounded to float32. The weights
 * of the training rows that came to each node are its hit rates, so that attributions can be computed from the file. The
 * link (sigmoid, softmax) is a node of its own: the operator's own post transforms are not reliable.
 */
export function addEnsemble(graph: GraphBuilder, name: string, input: string, ensemble: Ensemble): string {
  const { trees, outputs, base } = ensemble;
  const leaves = graph.node('TreeEnsembleRegressor', `${name}_leaves`, [input], attributesOf(trees, outputs), domain);
  const sum = graph.node('Cast', `${name}_sum`, [leaves], [integer('to', elementTypes.float64)]);
  return graph.node('Add', `${name}_score`, [sum, graph.constant(`${name}_base`, [1, outputs], base)]);
}

function attributesOf(trees: readonly Tree[], outputs: number): AttributeProto[] {
  const nodes = trees.reduce((sum, { feature }) => sum + feature.length, 0);
  const treeIds: number[] = [];
  const nodeIds: number[] = [];
  const features: number[] = [];
  const modes: Uint8Array[] = [];
  const trueIds: number[] = [];
  const falseIds: number[] = [];
  const thresholds = new Float64Array(nodes);
  const hits = new Float64Array(nodes);
  const targetTrees: number[] = [];
  const targetNodes: number[] = [];
  const targetIds: number[] = [];
  const weights: number[] = [];
  const [branch, leaf] = [Buffer.from('BRANCH_LEQ'), Buffer.from('LEAF')];
  trees.forEach((tree, treeId) => {
    tree.feature.forEach((column, node) => {
      const at = nodeIds.length;
      treeIds.push(treeId);
      nodeIds.push(node);
      features.push(Math.max(0, column));
      modes.push(column < 0 ? leaf : branch);
      trueIds.push(Math.max(0, tree.left[node]!));
      falseIds.push(Math.max(0, tree.right[node]!));
      thresholds[at] = tree.threshold[node]!;
      hits[at] = tree.cover[node]!;
      if (column >= 0) return;
      for (let k = 0; k < tree.width; k += 1) {
        targetTrees.push(treeId);
        targetNodes.push(node);
        targetIds.push(tree.first + k);
        weights.push(tree.value[node * tree.width + k]!);
      }
    });
  });
  return [
    text('aggregate_function', 'SUM'),
    integer('n_targets', outputs),
    integers('nodes_falsenodeids', falseIds),
    integers('nodes_featureids', features),
    doubles('nodes_hitrates_as_tensor', hits),
    { name: 'nodes_modes', type: attributeTypes.strings, strings: modes },
    integers('nodes_nodeids', nodeIds),
    integers('nodes_treeids', treeIds),
    integers('nodes_truenodeids', trueIds),
    doubles('nodes_values_as_tensor', thresholds),
    text('post_transform', 'NONE'),
    integers('target_ids', targetIds),
    integers('target_nodeids', targetNodes),
    integers('target_treeids', targetTrees),
    doubles('target_weights_as_tensor', Float64Array.from(weights)),
  ];
}

export interface EnsembleInFile extends Ensemble {
  readonly node: string;
  /** Value that the trees read: `[n, columns]`. */
  readonly input: string;
  /** Value that holds the scores, base included where the file adds it. */
  readonly output: string;
}

/**
 * The trees of an ONNX file: its one TreeEnsembleRegressor, ours or another's that branches by ≤.
 * @returns undefined where the graph has none
 * @throws InputError `UnsupportedOnnx` for other ways of branching or summing, `MalformedOnnx` for lists of unequal length
 */
export function readEnsemble(graph: GraphProto): EnsembleInFile | undefined {
  const found = (graph.node ?? []).filter(({ op_type }) => op_type === 'TreeEnsembleRegressor');
  if (found.length === 0) return undefined;
  const node = found[0]!;
  const name = node.name || node.output?.[0] || '';
  const unsupported = (message: string, rule: string): InputError =>
    new InputError('UnsupportedOnnx', `${name} ${message}`, { field: name, rule });
  if (found.length > 1) throw unsupported('is not the only ensemble', 'one TreeEnsembleRegressor');
  const summed = stringOf(node, 'aggregate_function') ?? 'SUM';
  if (summed !== 'SUM') throw unsupported(`aggregates by ${summed}`, 'aggregate_function SUM');
  const transform = stringOf(node, 'post_transform') ?? 'NONE';
  if (transform !== 'NONE') throw unsupported(`transforms by ${transform}`, 'post_transform NONE');
  const modes = (attribute(node, 'nodes_modes')?.strings ?? []).map((bytes) => Buffer.from(bytes).toString());
  const mode = modes.find((own) => own !== 'BRANCH_LEQ' && own !== 'LEAF');
  if (mode !== undefined) throw unsupported(`branches by ${mode}`, 'BRANCH_LEQ');
  const outputs = Number(attribute(node, 'n_targets')?.i ?? 1);
  const trees = treesOf(node, modes, name);
  const own = numbersOf(node, 'base_values');
  const base = own.length === 0 ? new Float64Array(outputs) : Float64Array.from(own);
  const added = addedBase(graph, node.output![0]!);
  if (added) for (let k = 0; k < outputs; k += 1) base[k]! += added.values[k] ?? added.values[0]!;
  return { trees, outputs, base, node: name, input: node.input![0]!, output: added?.output ?? node.output![0]! };
}

function treesOf(node: NodeProto, modes: readonly string[], name: string): Tree[] {
  const ints = (attributeName: string): readonly number[] => (attribute(node, attributeName)?.ints ?? []).map(Number);
  const treeIds = ints('nodes_treeids');
  const nodeIds = ints('nodes_nodeids');
  const columns = ints('nodes_featureids');
  const trueIds = ints('nodes_truenodeids');
  const falseIds = ints('nodes_falsenodeids');
  const thresholds = numbersOf(node, 'nodes_values');
  const hits = numbersOf(node, 'nodes_hitrates');
  const lists = [nodeIds, columns, trueIds, falseIds, thresholds, modes];
  if (lists.some((list) => list.length !== treeIds.length))
    throw new InputError('MalformedOnnx', `${name} has lists of unequal length`, {
      field: name,
      rule: 'nodes_* are as long as nodes_treeids',
    });
  const placeOf = new Map(treeIds.map((tree, at) => [`${tree}/${nodeIds[at]}`, at]));
  const members = new Map<number, number[]>();
  treeIds.forEach((tree, at) => {
    const list = members.get(tree);
    if (list) list.push(at);
    else members.set(tree, [at]);
  });
  const leafValues = leavesOf(node, ints, placeOf);
  return [...members].map(([treeId, places]) => {
    const local = new Map(places.map((place, index) => [place, index]));
    const child = (ids: readonly number[], place: number): number =>
      modes[place] === 'LEAF' ? -1 : local.get(placeOf.get(`${treeId}/${ids[place]}`)!)!;
    const values = places.map((place) => leafValues.get(place) ?? []);
    const targets = values.flatMap((own) => own.map(({ output }) => output));
    const first = targets.reduce((least, output) => Math.min(least, output), Infinity);
    const width = targets.length === 0 ? 1 : targets.reduce((most, output) => Math.max(most, output), 0) - first + 1;
    const value = new Float64Array(places.length * width);
    values.forEach((own, index) => {
      for (const { output, weight } of own) value[index * width + output - first]! += weight;
    });
    return {
      feature: Int32Array.from(places, (place) => (modes[place] === 'LEAF' ? -1 : columns[place]!)),
      threshold: Float64Array.from(places, (place) => thresholds[place]!),
      left: Int32Array.from(places, (place) => child(trueIds, place)),
      right: Int32Array.from(places, (place) => child(falseIds, place)),
      cover: Float64Array.from(places, (place) => hits[place] ?? Number.NaN),
      value,
      width,
      first: Number.isFinite(first) ? first : 0,
    };
  });
}

function leavesOf(
  node: NodeProto,
  ints: (name: string) => readonly number[],
  placeOf: ReadonlyMap<string, number>,
): Map<number, { output: number; weight: number }[]> {
  const trees = ints('target_treeids');
  const nodes = ints('target_nodeids');
  const outputs = ints('target_ids');
  const weights = numbersOf(node, 'target_weights');
  const found = new Map<number, { output: number; weight: number }[]>();
  trees.forEach((tree, at) => {
    const place = placeOf.get(`${tree}/${nodes[at]}`)!;
    const list = found.get(place);
    const entry = { output: outputs[at]!, weight: weights[at]! };
    if (list) list.push(entry);
    else found.set(place, [entry]);
  });
  return found;
}

/** The constant that is added behind a value, casts between them left out. */
function addedBase(graph: GraphProto, value: string): { values: Float64Array; output: string } | undefined {
  const reader = (graph.node ?? []).find(({ input }) => input?.includes(value));
  if (reader?.op_type === 'Cast') return addedBase(graph, reader.output![0]!);
  if (reader?.op_type !== 'Add') return undefined;
  const constant = (graph.initializer ?? []).find(({ name }) => name !== value && reader.input!.includes(name ?? ''));
  return constant && { values: tensorNumbers(constant), output: reader.output![0]! };
}

function attribute(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute?.find((own) => own.name === name);
}

function stringOf(node: NodeProto, name: string): string | undefined {
  const bytes = attribute(node, name)?.s;
  return bytes && Buffer.from(bytes).toString();
}

/** Of `name_as_tensor` where it is there, else of the list of floats. */
function numbersOf(node: NodeProto, name: string): ArrayLike<number> {
  const tensor = attribute(node, `${name}_as_tensor`)?.t;
  return tensor ? tensorNumbers(tensor) : (attribute(node, name)?.floats ?? []);
}

/** Numbers of a constant of float32 or float64. */
export function tensorNumbers(tensor: TensorProto): Float64Array {
  const wide = tensor.data_type === elementTypes.float64;
  if (tensor.raw_data && tensor.raw_data.length > 0) {
    const { buffer, byteOffset, byteLength } = tensor.raw_data;
    const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
    return wide ? new Float64Array(bytes) : Float64Array.from(new Float32Array(bytes));
  }
  return Float64Array.from((wide ? tensor.double_data : tensor.float_data) ?? []);
}

function integers(name: string, ints: number[]): AttributeProto {
  return { name, type: attributeTypes.ints, ints };
}

function text(name: string, value: string): AttributeProto {
  return { name, type: attributeTypes.string, s: Buffer.from(value) };
}

function doubles(name: string, values: Float64Array): AttributeProto {
  const tensor: TensorProto = {
    name,
    data_type: elementTypes.float64,
    dims: [values.length],
    raw_data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  };
  return { name, type: attributeTypes.tensor, t: tensor };
}
