import { InputError } from '#libs/statistics';
import type { Algorithm, FittedModel, TrainingSet } from '../algorithm.js';
import { checkClasses, checkSet } from '../linear/checked.js';
import { integer } from '../onnx/index.js';
import type { GraphBuilder } from '../onnx/index.js';
import { whole } from '../trees/gradient-boosting.js';
import { nearest, neighbourhood } from './nearest.js';
import type { Neighbourhood } from './nearest.js';

export interface KNearestNeighbours {
  readonly name: 'k_nearest_neighbours';
  readonly neighbours?: number;
  readonly maximumRows?: number;
}

/** The rows are in the file, and every prediction looks at all of them. */
const mostRows = 50_000;
const mostColumns = 1000;

/**
 * The mean of the k nearest rows' labels or numbers, by Euclidean distance (Cover and Hart 1967; scikit-learn 1.9.1
 * `KNeighbors*` with uniform weights); a row's weight is the weight of its voice. Rows without weight are not kept.
 */
export const kNearestNeighbours: Algorithm<KNearestNeighbours> = {
  name: 'k_nearest_neighbours',
  tasks: ['classification', 'regression'],
  precision: 'float64',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: { const: 'k_nearest_neighbours' },
      neighbours: { type: 'integer', minimum: 1, maximum: 1000, default: 5 },
      maximumRows: {
        type: 'integer',
        minimum: 1,
        maximum: mostRows,
        default: 10_000,
        description: 'More rows are refused: they would all be in the file and be looked at for every prediction.',
      },
    },
  },
  fit(set, { neighbours = 5, maximumRows = 10_000 }, { checkpoint }) {
    whole('neighbours', neighbours, 1, 1000);
    whole('maximumRows', maximumRows, 1, mostRows);
    checkSet(set, mostColumns);
    if (set.classes > 0) checkClasses(set);
    checkpoint();
    const kept = keep(set);
    if (kept.rows > maximumRows)
      throw new InputError('TooLarge', `${kept.rows} rows would be kept`, {
        field: 'algorithm.maximumRows',
        rule: `at most ${maximumRows} rows`,
      });
    if (neighbours > kept.rows)
      throw new InputError('Hyperparameter', `neighbours = ${neighbours} of ${kept.rows} rows`, {
        field: 'algorithm.neighbours',
        rule: 'at most as many as there are rows with weight',
      });
    const hood = neighbourhood(kept.values, kept.rows, set.width);
    return model(hood, voicesOf(kept, set.classes), Math.max(1, set.classes), neighbours);
  },
};

function keep({ rows, width, values, target, weights }: TrainingSet) {
  const own = Array.from({ length: rows }, (_, row) => row).filter((row) => (weights?.[row] ?? 1) > 0);
  const result = new Float64Array(own.length * width);
  own.forEach((row, i) => result.set(values.subarray(row * width, (row + 1) * width), i * width));
  return {
    rows: own.length,
    values: result,
    target: Float64Array.from(own, (row) => target[row]!),
    weights: Float64Array.from(own, (row) => weights?.[row] ?? 1),
  };
}

/** Row-major `rows × (outputs + 1)`: weight × one-hot label or number, then the weight. */
function voicesOf(kept: ReturnType<typeof keep>, classes: number): Float64Array {
  const stride = Math.max(1, classes) + 1;
  const voices = new Float64Array(kept.rows * stride);
  for (let row = 0; row < kept.rows; row += 1) {
    const weight = kept.weights[row]!;
    if (classes > 0) voices[row * stride + kept.target[row]!] = weight;
    else voices[row * stride] = weight * kept.target[row]!;
    voices[row * stride + stride - 1] = weight;
  }
  return voices;
}

function model(hood: Neighbourhood, voices: Float64Array, outputs: number, neighbours: number): FittedModel {
  const stride = outputs + 1;
  return {
    outputs,
    summary: { rows: hood.rows, neighbours },
    predict(values, rows) {
      const { indices } = nearest(hood, values, rows, neighbours);
      const result = new Float64Array(rows * outputs);
      const sums = new Float64Array(stride);
      for (let row = 0; row < rows; row += 1) {
        sums.fill(0);
        for (let i = row * neighbours; i < (row + 1) * neighbours; i += 1)
          for (let k = 0; k < stride; k += 1) sums[k]! += voices[indices[i]! * stride + k]!;
        for (let k = 0; k < outputs; k += 1) result[row * outputs + k] = sums[k]! / sums[outputs]!;
      }
      return result;
    },
    addTo: (graph, input) => addNeighbours(graph, input, hood, voices, outputs, neighbours),
    boundaryRows: (values, rows) => nearest(hood, values, rows, neighbours).ties,
  };
}

function addNeighbours(
  graph: GraphBuilder,
  input: string,
  { rows, width, means, values, squares }: Neighbourhood,
  voices: Float64Array,
  outputs: number,
  neighbours: number,
): { name: string; type: 'float64' } {
  const name = (part: string): string => `k_nearest_neighbours_${part}`;
  const turned = new Float64Array(width * rows);
  for (let row = 0; row < rows; row += 1)
    for (let j = 0; j < width; j += 1) turned[j * rows + row] = -2 * values[row * width + j]!;
  const centred = graph.node('Sub', name('centred'), [input, graph.constant(name('means'), [1, width], means)]);
  const product = graph.node('MatMul', name('product'), [centred, graph.constant(name('rows'), [width, rows], turned)]);
  const distance = graph.node('Add', name('distance'), [product, graph.constant(name('squares'), [1, rows], squares)]);
  const count = graph.constant(name('neighbours'), [1], BigInt64Array.of(BigInt(neighbours)));
  const nearestRows = graph.nodeOf(
    'TopK',
    name('nearest'),
    [distance, count],
    [name('nearest_distance'), name('nearest_index')],
    [integer('axis', 1), integer('largest', 0), integer('sorted', 1)],
  )[1]!;
  const constant = graph.constant(name('voices'), [rows, outputs + 1], voices);
  const own = graph.node('Gather', name('own_voices'), [constant, nearestRows], [integer('axis', 0)]);
  const axis = graph.constant(name('axis'), [1], BigInt64Array.of(1n));
  const sums = graph.node('ReduceSum', name('sums'), [own, axis], [integer('keepdims', 0)]);
  const [said, weight] = graph.nodeOf(
    'Split',
    name('parts'),
    [sums, graph.constant(name('part_sizes'), [2], BigInt64Array.of(BigInt(outputs), 1n))],
    [name('said'), name('weight')],
    [integer('axis', 1)],
  );
  return { name: graph.node('Div', name('mean'), [said!, weight!]), type: 'float64' };
}
