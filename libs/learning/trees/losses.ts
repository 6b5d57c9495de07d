/** A loss of boosting: raw scores, row-major `rows × outputs`, to gradients and hessians. */
export interface Loss {
  readonly outputs: number;
  /** Scores of a model without trees: the minimum of the weighted loss over constants. */
  baseline(target: Float64Array, weights: Float64Array | undefined): Float64Array;
  /** Writes gradient and hessian of one output, interleaved, unweighted. */
  pairs(scores: Float64Array, target: Float64Array, output: number, pairs: Float64Array): void;
  /** Weighted mean of the loss. */
  mean(scores: Float64Array, target: Float64Array, weights: Float64Array | undefined): number;
}

/** Half the squared error; hessian 1. */
export const squaredError: Loss = {
  outputs: 1,
  baseline(target, weights) {
    let sum = 0;
    let total = 0;
    for (let row = 0; row < target.length; row += 1) {
      const weight = weights ? weights[row]! : 1;
      sum += weight * target[row]!;
      total += weight;
    }
    return Float64Array.of(sum / total);
  },
  pairs(scores, target, _output, pairs) {
    for (let row = 0; row < target.length; row += 1) {
      pairs[2 * row] = scores[row]! - target[row]!;
      pairs[2 * row + 1] = 1;
    }
  },
  mean: (scores, target, weights) => average(target, weights, (row) => (scores[row]! - target[row]!) ** 2 / 2),
};

/** Log loss of two classes; the score is the log-odds of class 1. */
export const binaryLogLoss: Loss = {
  outputs: 1,
  baseline(target, weights) {
    const [none, one] = masses(target, weights, 2);
    return Float64Array.of(Math.log(one! / none!));
  },
  pairs(scores, target, _output, pairs) {
    for (let row = 0; row < target.length; row += 1) {
      const e = Math.exp(-Math.abs(scores[row]!));
      const scale = 1 / (1 + e);
      pairs[2 * row] = (scores[row]! >= 0 ? scale : e * scale) - target[row]!;
      pairs[2 * row + 1] = e * scale * scale;
    }
  },
  mean: (scores, target, weights) =>
    average(target, weights, (row) => {
      const score = scores[row]!;
      return Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score))) - target[row]! * score;
    }),
};

/** Log loss of K classes; the scores are logits, softmax of them the probabilities. */
export function softmaxLogLoss(classes: number): Loss {
  return {
    outputs: classes,
    baseline(target, weights) {
      const counts = masses(target, weights, classes);
      const total = counts.reduce((sum, mass) => sum + mass, 0);
      // A class without a row is as unlikely as float64 can tell from never.
      const logarithms = counts.map((mass) => Math.log(Math.max(mass / total, Number.EPSILON)));
      const mean = logarithms.reduce((sum, value) => sum + value, 0) / classes;
      return logarithms.map((value) => value - mean);
    },
    pairs(scores, target, output, pairs) {
      for (let row = 0; row < target.length; row += 1) {
        const p = Math.exp(scores[row * classes + output]! - logSum(scores, row * classes, classes));
        pairs[2 * row] = p - (target[row] === output ? 1 : 0);
        pairs[2 * row + 1] = p * (1 - p);
      }
    },
    mean: (scores, target, weights) =>
      average(target, weights, (row) => logSum(scores, row * classes, classes) - scores[row * classes + target[row]!]!),
  };
}

/**
 * Rounds gradients and hessians to multiples of a power of two that is so chosen that every sum over rows is exact in
 * float64, then weighs them. Sums then do not depend on the order of rows, a difference of sums is exact, and a row of
 * integer weight w is w rows. The step is the greatest sum that can occur over 2^51: for 100,000 rows of log loss 6e-11.
 */
export function fixedPoint(pairs: Float64Array, weights: Float64Array | undefined): void {
  for (const part of [0, 1]) {
    let sum = 0;
    for (let i = part, row = 0; i < pairs.length; i += 2, row += 1)
      sum += Math.abs(pairs[i]!) * (weights ? weights[row]! : 1);
    if (!(sum > 0)) continue;
    const step = 2 ** (Math.ceil(Math.log2(sum)) - 51);
    const inverse = 1 / step;
    if (weights)
      for (let i = part, row = 0; i < pairs.length; i += 2, row += 1)
        pairs[i] = Math.round(Math.round(pairs[i]! * inverse) * weights[row]!) * step;
    else for (let i = part; i < pairs.length; i += 2) pairs[i] = Math.round(pairs[i]! * inverse) * step;
  }
}

/** ln Σ exp of a row's logits. */
export function logSum(scores: Float64Array, start: number, classes: number): number {
  let greatest = -Infinity;
  for (let k = 0; k < classes; k += 1) greatest = Math.max(greatest, scores[start + k]!);
  let sum = 0;
  for (let k = 0; k < classes; k += 1) sum += Math.exp(scores[start + k]! - greatest);
  return greatest + Math.log(sum);
}

function masses(target: Float64Array, weights: Float64Array | undefined, classes: number): Float64Array {
  const result = new Float64Array(classes);
  for (let row = 0; row < target.length; row += 1) result[target[row]!]! += weights ? weights[row]! : 1;
  return result;
}

function average(target: Float64Array, weights: Float64Array | undefined, loss: (row: number) => number): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < target.length; row += 1) {
    const weight = weights ? weights[row]! : 1;
    if (weight === 0) continue;
    sum += weight * loss(row);
    total += weight;
  }
  return sum / total;
}
