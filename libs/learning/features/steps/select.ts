import { InputError } from '#libs/statistics';
import { fitSparse } from '../../linear/coordinate-descent.js';
import type { Columns, FittedStep, Step, StepContext, StepDocument } from '../step.js';
import { byName, mean, present, quantile, sorted, variance } from './columns.js';
import { termsOf } from './terms.js';

interface Select extends StepDocument {
  readonly step: 'select';
  readonly by: 'variance' | 'mutual_information' | 'l1';
  readonly threshold?: number;
  readonly count?: number;
  readonly bins?: number;
  readonly alpha?: number;
}

/**
 * Keeps the columns whose score exceeds `threshold` (default 0), the `count` best of them; of equal scores the first.
 * variance: population variance (scikit-learn 1.9.1 `VarianceThreshold`). mutual_information: in nats, of the column in
 * `bins` bins of equal frequency and the class, or the target in such bins (scikit-learn 1.9.1 `mutual_info_score` of
 * the bins; a column of few values is taken by its values). l1: the lasso's |coefficient| with `alpha`, of the
 * standardised columns and the target, for classes the largest over one-against-the-rest
 * (scikit-learn 1.9.1 `SelectFromModel(Lasso(alpha))`).
 * @throws InputError `NothingSelected`, `NeedsTarget`
 */
export const select: Step<Select> = {
  step: 'select',
  takes: () => 'numeric',
  missing: 'refuses',
  properties: {
    by: { enum: ['variance', 'mutual_information', 'l1'] },
    threshold: { type: 'number', minimum: 0, default: 0 },
    count: { type: 'integer', minimum: 1 },
    bins: { type: 'integer', minimum: 2, maximum: 1000, default: 32 },
    alpha: { type: 'number', exclusiveMinimum: 0, default: 0.01 },
  },
  required: ['by'],
  fit(columns, document, context): FittedStep {
    const { names } = columns;
    const scores = scoresBy(document, columns, context);
    const { threshold = 0, count = names.length } = document;
    const best = [...names.keys()]
      .filter((j) => scores[j]! > threshold)
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .slice(0, count)
      .sort((a, b) => a - b);
    if (best.length === 0)
      throw new InputError('NothingSelected', `no column scores above ${threshold} by ${document.by}`, {
        field: 'pipeline.threshold',
        rule: 'at least one column is kept',
      });
    return {
      names: best.map((j) => names[j]!),
      transform({ rows, values }) {
        const result = new Float64Array(rows * best.length);
        for (let row = 0; row < rows; row += 1)
          best.forEach((j, k) => (result[row * best.length + k] = values[row * names.length + j]!));
        return result;
      },
      addTo: (graph, input, name) => termsOf(graph, name).columns(input, best),
      summary: { scores: byName(names, scores) },
    };
  },
};

function scoresBy({ by, bins = 32, alpha = 0.01 }: Select, columns: Columns, context: StepContext): Float64Array {
  const { names } = columns;
  if (by === 'variance') return Float64Array.from(names, (_, j) => variance(present(columns, j)));
  const { target } = context;
  if (!target)
    throw new InputError('NeedsTarget', `selection by ${by} needs a target`, { field: 'target', rule: 'a column' });
  if (by === 'l1') return sparseScores(columns, target, alpha, context);
  const own =
    target.classes > 0
      ? Int32Array.from(target.values)
      : binned(target.values, edgesOf(target.values.slice().sort(), bins));
  return Float64Array.from(names, (_, j) => {
    context.checkpoint();
    return mutualInformation(binned(present(columns, j), edgesOf(sorted(columns, j), bins)), own);
  });
}

/** Upper edges: the distinct values where there are few, else quantiles. */
function edgesOf(values: Float64Array, bins: number): Float64Array {
  const distinct = values.filter((value, i) => i === 0 || value !== values[i - 1]);
  if (distinct.length <= bins) return distinct;
  const edges = Float64Array.from({ length: bins }, (_, i) => quantile(values, (i + 1) / bins));
  return edges.filter((edge, i) => i === 0 || edge !== edges[i - 1]);
}

function binned(values: Float64Array, edges: Float64Array): Int32Array {
  return Int32Array.from(values, (value) => {
    let [low, high] = [0, edges.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= edges[middle]!) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** Σ p(a, b) ln(p(a, b) / (p(a) p(b))). */
export function mutualInformation(a: Int32Array, b: Int32Array): number {
  const n = a.length;
  const [width, height] = [Math.max(...unique(a)) + 1, Math.max(...unique(b)) + 1];
  const joint = new Float64Array(width * height);
  const [ofA, ofB] = [new Float64Array(width), new Float64Array(height)];
  for (let row = 0; row < n; row += 1) {
    joint[a[row]! * height + b[row]!]! += 1;
    ofA[a[row]!]! += 1;
    ofB[b[row]!]! += 1;
  }
  let sum = 0;
  joint.forEach((count, at) => {
    if (count > 0) sum += (count / n) * Math.log((count * n) / (ofA[Math.floor(at / height)]! * ofB[at % height]!));
  });
  return Math.max(0, sum);
}

function unique(values: Int32Array): Set<number> {
  return new Set(values);
}

function sparseScores(
  columns: Columns,
  target: NonNullable<StepContext['target']>,
  alpha: number,
  { checkpoint }: StepContext,
): Float64Array {
  const { names, rows, values } = columns;
  const width = names.length;
  const centres = Float64Array.from(names, (_, j) => mean(present(columns, j)));
  const scales = Float64Array.from(names, (_, j) => Math.sqrt(variance(present(columns, j), centres[j])) || 1);
  const scaled = values.map((value, at) => (value - centres[at % width]!) / scales[at % width]!);
  const scores = new Float64Array(width);
  const classes = target.classes > 2 ? Array.from({ length: target.classes }, (_, c) => c) : [1];
  for (const own of classes) {
    const wanted = target.classes > 0 ? target.values.map((value) => Number(value === own)) : target.values;
    const { coefficients } = fitSparse(
      { rows, width, names, values: scaled, target: wanted, classes: 0 },
      rows,
      { alpha, ratio: 1, tolerance: 1e-10, maximumIterations: 10_000 },
      checkpoint,
    );
    coefficients.forEach((value, j) => (scores[j] = Math.max(scores[j]!, Math.abs(value))));
  }
  return scores;
}
