import type { NodeProto } from './format.js';

/** What is known of the values that nodes read: a row's elements (the product of all dimensions but the first). */
export interface KnownSizes {
  /** Elements a row; undefined where we would have to guess. */
  readonly widths: ReadonlyMap<string, number>;
  /** Constants: all their elements. */
  readonly constants: ReadonlyMap<string, number>;
  /** Constants: their last dimension. */
  readonly columns: ReadonlyMap<string, number>;
}

export interface NodeCost {
  /** Floating-point operations for one row. */
  readonly flops: number | undefined;
  /** Elements a row of the result. */
  readonly width: number | undefined;
}

const moving = new Set(['Identity', 'Cast', 'Reshape', 'Unsqueeze', 'Squeeze', 'Flatten', 'Dropout', 'Transpose']);
const single = new Set([
  'Relu',
  'Sigmoid',
  'Tanh',
  'Exp',
  'Log',
  'Sqrt',
  'Abs',
  'Neg',
  'Sign',
  'IsNaN',
  'Not',
  'Floor',
  'Erf',
  'Reciprocal',
  'Clip',
]);
const paired = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Pow',
  'Greater',
  'Less',
  'GreaterOrEqual',
  'LessOrEqual',
  'Equal',
  'And',
  'Or',
  'Max',
  'Min',
  'Where',
  'Scaler',
  'Mod',
]);

/**
 * Operations of one row. Conventions: a multiply-add is two; each element of an element-wise operation is one, whatever
 * the function (exp as much as +); a softmax is three an element, a comparison of a tree one, its leaf's addition one;
 * moving and selecting values is none.
 */
export function costOf(node: NodeProto, { widths, constants, columns }: KnownSizes): NodeCost {
  const operator = node.op_type ?? '';
  const inputs = (node.input ?? []).filter((name) => name !== '');
  const first = widths.get(inputs[0] ?? '');
  const read = inputs.map((name) => widths.get(name) ?? (constants.has(name) ? constants.get(name) : undefined));
  const widest = read.every((size) => size !== undefined) ? Math.max(0, ...(read as number[])) : undefined;
  const own = inputs.reduce((sum, name) => sum + (constants.get(name) ?? 0), 0);
  if (moving.has(operator)) return { flops: 0, width: first ?? widest };
  if (single.has(operator)) return { flops: first, width: first };
  if (paired.has(operator)) return { flops: widest, width: widest };
  switch (operator) {
    case 'MatMul':
    case 'Gemm': {
      const matrix = inputs.find((name) => constants.has(name));
      return {
        flops: matrix === undefined ? undefined : 2 * own,
        width: matrix === undefined ? undefined : columns.get(matrix),
      };
    }
    case 'LinearClassifier':
    case 'LinearRegressor': {
      const coefficients = node.attribute?.find(({ name }) => name === 'coefficients')?.floats?.length ?? 0;
      return { flops: 2 * coefficients, width: first === undefined || first === 0 ? undefined : coefficients / first };
    }
    case 'Softmax':
    case 'LogSoftmax':
      return { flops: first === undefined ? undefined : 3 * first, width: first };
    case 'Concat':
      return {
        flops: 0,
        width: read.every((size) => size !== undefined) ? read.reduce((a, b) => a! + b!, 0) : undefined,
      };
    case 'Gather':
      return { flops: 0, width: constants.get(inputs[1] ?? '') };
    case 'ReduceSum':
    case 'ReduceMean':
    case 'ReduceMax':
    case 'ReduceMin':
      return { flops: first, width: undefined };
    case 'ArgMax':
    case 'ArgMin':
      return { flops: first, width: 1 };
    case 'TreeEnsembleRegressor':
    case 'TreeEnsembleClassifier': {
      const { trees, comparisons } = longestPaths(node);
      const targets = node.attribute?.find(({ name }) => name === 'n_targets')?.i;
      return { flops: comparisons + trees, width: targets === undefined ? undefined : Number(targets) };
    }
    default:
      return { flops: undefined, width: undefined };
  }
}

/** Comparisons along each tree's longest path, added up: what the slowest row costs. */
function longestPaths(node: NodeProto): { trees: number; comparisons: number } {
  const list = (name: string): readonly number[] =>
    node.attribute?.find((own) => own.name === name)?.ints?.map(Number) ?? [];
  const [trees, nodes, yes, no] = ['nodes_treeids', 'nodes_nodeids', 'nodes_truenodeids', 'nodes_falsenodeids'].map(
    list,
  ) as [readonly number[], readonly number[], readonly number[], readonly number[]];
  const modes = node.attribute?.find(({ name }) => name === 'nodes_modes')?.strings ?? [];
  const isLeaf = modes.map((mode) => Buffer.from(mode).toString() === 'LEAF');
  const place = new Map(nodes.map((id, at) => [`${trees[at]}:${id}`, at]));
  const children = new Set<number>();
  nodes.forEach((_, at) => {
    if (isLeaf[at]) return;
    for (const id of [yes[at], no[at]]) children.add(place.get(`${trees[at]}:${id}`) ?? -1);
  });
  let comparisons = 0;
  let roots = 0;
  nodes.forEach((_, root) => {
    if (children.has(root)) return;
    roots += 1;
    let deepest = 0;
    // Walked without recursion: a malformed file may hold a chain, or a circle that the count of nodes ends.
    const open: [number, number][] = [[root, 0]];
    for (let steps = 0; open.length > 0 && steps <= nodes.length; steps += 1) {
      const [at, depth] = open.pop()!;
      deepest = Math.max(deepest, depth);
      if (isLeaf[at]) continue;
      for (const id of [yes[at], no[at]]) {
        const next = place.get(`${trees[at]}:${id}`);
        if (next !== undefined) open.push([next, depth + 1]);
      }
    }
    comparisons += deepest;
  });
  return { trees: roots, comparisons };
}
