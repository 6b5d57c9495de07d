import { Generator, InputError } from '#libs/statistics';
import type { Algorithm, FittedModel } from '../algorithm.js';
import { checkSet } from '../linear/checked.js';
import { integer } from '../onnx/index.js';
import { whole } from '../trees/gradient-boosting.js';
import { lloyd, seedCentres, squaredDistance } from './lloyd.js';
import type { Clusters } from './lloyd.js';

export interface KMeans {
  readonly name: 'k_means';
  readonly clusters: number;
  readonly restarts?: number;
  readonly iterations?: number;
}

/** k-means: the best of several k-means++ starts ({@link seedCentres}, {@link lloyd}); answers Euclidean distances. */
export const kMeans: Algorithm<KMeans> = {
  name: 'k_means',
  tasks: ['clustering'],
  precision: 'float64',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'clusters'],
    properties: {
      name: { const: 'k_means' },
      clusters: { type: 'integer', minimum: 1, maximum: 1000 },
      restarts: { type: 'integer', minimum: 1, maximum: 1000, default: 10, description: 'Starts; the best is kept.' },
      iterations: { type: 'integer', minimum: 1, maximum: 100_000, default: 300, description: 'Of a start, at most.' },
    },
  },
  fit(set, { clusters, restarts = 10, iterations = 300 }, { seed, checkpoint }) {
    whole('clusters', clusters, 1, 1000);
    whole('restarts', restarts, 1, 1000);
    whole('iterations', iterations, 1, 100_000);
    checkSet(set, 100_000);
    const rows = set.weights ? set.weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0) : set.rows;
    if (rows < clusters)
      throw new InputError('Hyperparameter', `${clusters} clusters of ${rows} rows`, {
        field: 'algorithm.clusters',
        rule: 'at most as many as there are rows with weight',
      });
    const random = new Generator(seed);
    let best: Clusters | undefined;
    for (let start = 0; start < restarts; start += 1) {
      const found = lloyd(set, seedCentres(set, clusters, random), iterations, checkpoint);
      if (!best || found.inertia < best.inertia) best = found;
    }
    return kMeansModel(best!, set.width);
  },
};

/** Distances to the centres. */
export function kMeansModel({ centres, inertia, iterations, converged }: Clusters, width: number): FittedModel {
  const clusters = centres.length / width;
  return {
    outputs: clusters,
    summary: {
      inertia,
      iterations,
      converged,
      centres: Array.from({ length: clusters }, (_, k) => [...centres.subarray(k * width, (k + 1) * width)]),
    },
    predict(values, rows) {
      const result = new Float64Array(rows * clusters);
      for (let row = 0; row < rows; row += 1)
        for (let k = 0; k < clusters; k += 1)
          result[row * clusters + k] = Math.sqrt(squaredDistance(values, row * width, centres, k * width, width));
      return result;
    },
    addTo(graph, input) {
      const name = (part: string): string => `k_means_${part}`;
      const one = graph.constant(name('one'), [1], BigInt64Array.of(1n));
      const row = graph.node('Unsqueeze', name('row'), [input, one]);
      const apart = graph.node('Sub', name('apart'), [
        row,
        graph.constant(name('centres'), [1, clusters, width], centres),
      ]);
      const squared = graph.node('Mul', name('squared'), [apart, apart]);
      const two = graph.constant(name('two'), [1], BigInt64Array.of(2n));
      const sum = graph.node('ReduceSum', name('sum'), [squared, two], [integer('keepdims', 0)]);
      return { name: graph.node('Sqrt', name('distances'), [sum]), type: 'float64' };
    },
  };
}
