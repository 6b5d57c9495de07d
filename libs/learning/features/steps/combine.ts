import { Generator, InputError } from '#libs/statistics';
import type { Columns, Step, StepDocument } from '../step.js';
import { byName, mean, present } from './columns.js';
import { symmetricEigen } from './eigen.js';
import { termsOf } from './terms.js';

interface Polynomial extends StepDocument {
  readonly step: 'polynomial';
  readonly degree?: number;
  readonly interactionOnly?: boolean;
  readonly maximum?: number;
}

/**
 * Products of up to `degree` columns beside the columns themselves, in scikit-learn 1.9.1's `PolynomialFeatures(
 * include_bias=False)` order; `interactionOnly`: no column twice in a product. @throws InputError `TooLarge`
 */
export const polynomial: Step<Polynomial> = {
  step: 'polynomial',
  takes: () => 'numeric',
  missing: 'refuses',
  properties: {
    degree: { type: 'integer', minimum: 2, maximum: 5, default: 2 },
    interactionOnly: { type: 'boolean', default: false },
    maximum: { type: 'integer', minimum: 1, maximum: 10_000, default: 1000, description: 'Columns at most.' },
  },
  fit({ names }, { degree = 2, interactionOnly = false, maximum = 1000 }) {
    const width = names.length;
    // Products of d columns: each is a product of d − 1 (its place among them) times one more column.
    const levels: { readonly factors: readonly number[]; readonly from: number; readonly by: number }[][] = [
      Array.from({ length: width }, (_, j) => ({ factors: [j], from: -1, by: j })),
    ];
    let total = width;
    for (let d = 2; d <= degree; d += 1) {
      const before = levels.at(-1)!;
      const level = before.flatMap(({ factors }, from) => {
        const first = factors.at(-1)! + Number(interactionOnly);
        return Array.from({ length: Math.max(0, width - first) }, (_, i) => ({
          factors: [...factors, first + i],
          from,
          by: first + i,
        }));
      });
      total += level.length;
      if (total > maximum)
        throw new InputError('TooLarge', `polynomial would give more than ${maximum} columns`, {
          field: 'pipeline.maximum',
          rule: `at most ${maximum} columns`,
        });
      levels.push(level);
    }
    const filled = levels.filter((level) => level.length > 0);
    return {
      names: filled.flat().map(({ factors }) => productName(factors.map((j) => names[j]!))),
      transform({ rows, values }) {
        const result = new Float64Array(rows * total);
        for (let row = 0; row < rows; row += 1) {
          let at = row * total;
          let before = at;
          for (const level of filled) {
            const start = at;
            for (const { from, by } of level) {
              const x = values[row * width + by]!;
              result[at++] = from < 0 ? x : result[before + from]! * x;
            }
            before = start;
          }
        }
        return result;
      },
      addTo(graph, input, name) {
        const { op, columns: gather, joined } = termsOf(graph, name);
        const parts = [input];
        for (const level of filled.slice(1))
          parts.push(
            op('Mul', [
              gather(
                parts.at(-1)!,
                level.map(({ from }) => from),
              ),
              gather(
                input,
                level.map(({ by }) => by),
              ),
            ]),
          );
        return joined(parts);
      },
      summary: { columns: total },
    };
  },
};

function productName(factors: readonly string[]): string {
  const powers = new Map<string, number>();
  for (const factor of factors) powers.set(factor, (powers.get(factor) ?? 0) + 1);
  return [...powers].map(([factor, power]) => (power === 1 ? factor : `${factor}^${power}`)).join(' ');
}

interface Pca extends StepDocument {
  readonly step: 'pca';
  readonly components?: number;
  readonly variance?: number;
  readonly whiten?: boolean;
}

/**
 * Principal components of the covariance, the largest first, each signed so that its largest loading is positive
 * (scikit-learn 1.9.1 `PCA(svd_solver='covariance_eigh')`). `components` of them, or as many as carry `variance`.
 */
export const pca: Step<Pca> = {
  step: 'pca',
  takes: () => 'numeric',
  missing: 'refuses',
  properties: {
    components: { type: 'integer', minimum: 1, maximum: 1000 },
    variance: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    whiten: { type: 'boolean', default: false },
  },
  fit(columns, { components, variance: wanted, whiten = false }, { checkpoint }) {
    const { rows, names, values } = columns;
    const width = names.length;
    if (components !== undefined && components > Math.min(width, rows))
      throw new InputError('Hyperparameter', `${components} components of ${width} columns and ${rows} rows`, {
        field: 'pipeline.components',
        rule: 'at most as many as columns and rows',
      });
    if (width > 1000)
      throw new InputError('TooLarge', `pca of ${width} columns`, { field: 'pipeline.columns', rule: 'at most 1000' });
    const means = Float64Array.from(names, (_, j) => mean(present(columns, j)));
    const covariance = new Float64Array(width * width);
    const centred = new Float64Array(width);
    for (let row = 0; row < rows; row += 1) {
      if (row % 1024 === 0) checkpoint();
      for (let i = 0; i < width; i += 1) centred[i] = values[row * width + i]! - means[i]!;
      for (let i = 0; i < width; i += 1)
        for (let j = 0; j <= i; j += 1) covariance[i * width + j]! += centred[i]! * centred[j]!;
    }
    for (let i = 0; i < width; i += 1)
      for (let j = 0; j <= i; j += 1)
        covariance[i * width + j] = covariance[j * width + i] = covariance[i * width + j]! / Math.max(1, rows - 1);
    const { values: variances, vectors } = symmetricEigen(covariance, width, checkpoint);
    const total = variances.reduce((sum, value) => sum + Math.max(0, value), 0);
    let kept = components ?? width;
    if (wanted !== undefined) {
      let carried = 0;
      kept = 0;
      while (kept < width && carried <= wanted * total) carried += Math.max(0, variances[kept++]!);
      kept = Math.min(components ?? width, Math.max(1, kept));
    }
    // Loadings as columns of a width × kept matrix.
    const loadings = new Float64Array(width * kept);
    for (let k = 0; k < kept; k += 1) {
      let strongest = 0;
      for (let j = 1; j < width; j += 1)
        if (Math.abs(vectors[k * width + j]!) > Math.abs(vectors[k * width + strongest]!)) strongest = j;
      const sign = vectors[k * width + strongest]! < 0 ? -1 : 1;
      const scale = whiten ? 1 / Math.sqrt(Math.max(variances[k]!, Number.MIN_VALUE)) : 1;
      if (whiten && !(variances[k]! > total * 1e-14))
        throw new InputError('Singular', `component ${k} has no variance to whiten`, {
          field: 'pipeline.whiten',
          rule: 'components of positive variance',
        });
      for (let j = 0; j < width; j += 1) loadings[j * kept + k] = sign * scale * vectors[k * width + j]!;
    }
    return {
      names: Array.from({ length: kept }, (_, k) => `component_${k + 1}`),
      transform: (given) => {
        const result = new Float64Array(given.rows * kept);
        for (let row = 0; row < given.rows; row += 1)
          for (let j = 0; j < width; j += 1) {
            const x = given.values[row * width + j]! - means[j]!;
            for (let k = 0; k < kept; k += 1) result[row * kept + k]! += x * loadings[j * kept + k]!;
          }
        return result;
      },
      addTo(graph, input, name) {
        const { op, row, block } = termsOf(graph, name);
        return op('MatMul', [op('Sub', [input, row(means)]), block([width, kept], loadings)]);
      },
      summary: {
        variances: Array.from(variances.subarray(0, kept)),
        share: total > 0 ? variances.subarray(0, kept).reduce((sum, value) => sum + value, 0) / total : 0,
        means: byName(names, means),
      },
    };
  },
};

interface KMeansDistances extends StepDocument {
  readonly step: 'k_means_distances';
  readonly k: number;
  readonly iterations?: number;
}

/** Euclidean distances to k centres (Lloyd 1982, seeded by k-means++: Arthur and Vassilvitskii 2007), beside nothing else. */
export const kMeansDistances: Step<KMeansDistances> = {
  step: 'k_means_distances',
  takes: () => 'numeric',
  missing: 'refuses',
  properties: {
    k: { type: 'integer', minimum: 1, maximum: 1000 },
    iterations: { type: 'integer', minimum: 1, maximum: 10_000, default: 300 },
  },
  required: ['k'],
  fit(columns, { k, iterations = 300 }, context) {
    const width = columns.names.length;
    const { centres, rounds } = lloyd(columns, k, iterations, context);
    return {
      names: Array.from({ length: k }, (_, c) => `distance_${c + 1}`),
      transform({ rows, values }) {
        const result = new Float64Array(rows * k);
        for (let row = 0; row < rows; row += 1)
          for (let c = 0; c < k; c += 1) result[row * k + c] = Math.sqrt(squared(values, row, centres, c, width));
        return result;
      },
      addTo(graph, input, name) {
        const { op, block, sum, unsqueezed } = termsOf(graph, name);
        const offset = op('Sub', [unsqueezed(input, 1), block([1, k, width], centres)]);
        return op('Sqrt', [sum(op('Mul', [offset, offset]), 2)]);
      },
      summary: { rounds },
    };
  },
};

function squared(values: Float64Array, row: number, centres: Float64Array, c: number, width: number): number {
  let sum = 0;
  for (let j = 0; j < width; j += 1) sum += (values[row * width + j]! - centres[c * width + j]!) ** 2;
  return sum;
}

function lloyd(
  { rows, names, values }: Columns,
  k: number,
  iterations: number,
  { seed, checkpoint }: { readonly seed: number; readonly checkpoint: () => void },
): { readonly centres: Float64Array; readonly rounds: number } {
  const width = names.length;
  if (k > rows)
    throw new InputError('Hyperparameter', `${k} centres of ${rows} rows`, { field: 'pipeline.k', rule: 'k ≤ rows' });
  const random = new Generator(seed);
  const centres = new Float64Array(k * width);
  const nearest = new Float64Array(rows).fill(Infinity);
  let chosen = random.integer(rows);
  for (let c = 0; c < k; c += 1) {
    checkpoint();
    centres.set(values.subarray(chosen * width, (chosen + 1) * width), c * width);
    let total = 0;
    for (let row = 0; row < rows; row += 1) {
      nearest[row] = Math.min(nearest[row]!, squared(values, row, centres, c, width));
      total += nearest[row]!;
    }
    let draw = random.uniform() * total;
    chosen = 0;
    while (chosen < rows - 1 && (draw -= nearest[chosen]!) > 0) chosen += 1;
  }
  const assigned = new Int32Array(rows).fill(-1);
  let rounds = 0;
  for (let moved = true; moved && rounds < iterations; rounds += 1) {
    checkpoint();
    moved = false;
    const sums = new Float64Array(k * width);
    const counts = new Float64Array(k);
    for (let row = 0; row < rows; row += 1) {
      let best = 0;
      let least = Infinity;
      for (let c = 0; c < k; c += 1) {
        const distance = squared(values, row, centres, c, width);
        if (distance < least) [best, least] = [c, distance];
      }
      if (assigned[row] !== best) moved = true;
      assigned[row] = best;
      counts[best]! += 1;
      for (let j = 0; j < width; j += 1) sums[best * width + j]! += values[row * width + j]!;
    }
    // An empty cluster keeps its centre.
    for (let at = 0; at < sums.length; at += 1) {
      const count = counts[Math.floor(at / width)]!;
      if (count > 0) centres[at] = sums[at]! / count;
    }
  }
  return { centres, rounds };
}
