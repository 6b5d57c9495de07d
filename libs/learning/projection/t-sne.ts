import { Generator, InputError } from '#libs/statistics';
import { symmetricEigen } from '../features/steps/eigen.js';

export interface TsneOptions {
  /** Effective number of neighbours, in (1, rows / 3]; default 30, or fewer of few rows. */
  readonly perplexity?: number;
  readonly iterations?: number;
  readonly seed: number;
  readonly checkpoint?: () => void;
}

export interface Map2d {
  /** Row-major, `rows × 2`. */
  readonly coordinates: Float64Array;
  /** Kullback-Leibler divergence of the neighbourhoods, in nats, at the end. */
  readonly divergence: number;
  readonly iterations: number;
}

export const maximumTsneRows = 3000;
const exaggeration = 12;
const exaggerated = 250;

/**
 * A map of rows in two dimensions that keeps neighbours together: exact t-SNE (L. van der Maaten and G. Hinton, JMLR 9,
 * 2008; starts from the first two principal components scaled to 1e-4, learning rate max(n / 48, 50):
 * scikit-learn 1.9.1 `TSNE(method='exact', init='pca', learning_rate='auto')`). For looking: distances between groups
 * and sizes of groups mean nothing, and a new row has no place in it, so it is never served.
 * @param values row-major, finite, `rows × width`; scale the columns first
 * @throws InputError `TooLarge`, `NoRows`, `Hyperparameter`
 */
export function tsne(values: Float64Array, rows: number, options: TsneOptions): Map2d {
  const width = values.length / Math.max(1, rows);
  const { seed, iterations = 1000, checkpoint = () => {} } = options;
  const perplexity = options.perplexity ?? Math.min(30, (rows - 1) / 3);
  if (rows < 4) throw new InputError('NoRows', `${rows} rows`, { field: 'rows', rule: 'at least four rows' });
  if (rows > maximumTsneRows)
    throw new InputError('TooLarge', `${rows} rows`, {
      field: 'rows',
      rule: `at most ${maximumTsneRows} rows: time and memory grow with their square; draw a sample`,
    });
  if (!(perplexity > 1 && perplexity <= (rows - 1) / 3 + 1e-12))
    throw new InputError('Hyperparameter', `perplexity ${perplexity}`, {
      field: 'perplexity',
      rule: 'above 1, at most a third of the other rows',
    });
  const p = neighbourhoods(values, rows, width, perplexity, checkpoint);
  const y = principalStart(values, rows, width, seed);
  const rate = Math.max(rows / exaggeration / 4, 50);
  const update = new Float64Array(rows * 2);
  const gains = new Float64Array(rows * 2).fill(1);
  const gradient = new Float64Array(rows * 2);
  let divergence = 0;
  let done = 0;
  for (; done < iterations; done += 1) {
    if (done % 5 === 0) checkpoint();
    const early = done < exaggerated;
    divergence = slope(p, y, rows, early ? exaggeration : 1, gradient);
    if (!early && length(gradient) < 1e-7) break;
    const momentum = early ? 0.5 : 0.8;
    for (let at = 0; at < y.length; at += 1) {
      const turned = update[at]! * gradient[at]! < 0;
      gains[at] = Math.max(0.01, turned ? gains[at]! + 0.2 : gains[at]! * 0.8);
      update[at] = momentum * update[at]! - rate * gains[at]! * gradient[at]!;
      y[at]! += update[at]!;
    }
  }
  divergence = slope(p, y, rows, 1, gradient);
  return { coordinates: y, divergence, iterations: done };
}

function length(values: Float64Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}

/** Symmetric joint probabilities; each row's bandwidth by bisection on its entropy. */
function neighbourhoods(
  values: Float64Array,
  rows: number,
  width: number,
  perplexity: number,
  checkpoint: () => void,
): Float64Array {
  const conditional = new Float64Array(rows * rows);
  const distances = new Float64Array(rows);
  const wanted = Math.log(perplexity);
  for (let i = 0; i < rows; i += 1) {
    if (i % 64 === 0) checkpoint();
    let nearest = Infinity;
    for (let j = 0; j < rows; j += 1) {
      let sum = 0;
      for (let k = 0; k < width; k += 1) sum += (values[i * width + k]! - values[j * width + k]!) ** 2;
      distances[j] = sum;
      if (j !== i) nearest = Math.min(nearest, sum);
    }
    let [low, high, precision] = [0, Infinity, 1];
    for (let step = 0; step < 100; step += 1) {
      let total = 0;
      let weighted = 0;
      for (let j = 0; j < rows; j += 1) {
        if (j === i) continue;
        // From the nearest row on, so that far rows do not all vanish.
        const own = Math.exp(-(distances[j]! - nearest) * precision);
        conditional[i * rows + j] = own;
        total += own;
        weighted += own * (distances[j]! - nearest);
      }
      const entropy = Math.log(total) + (precision * weighted) / total;
      for (let j = 0; j < rows; j += 1) if (j !== i) conditional[i * rows + j]! /= total;
      if (Math.abs(entropy - wanted) < 1e-10) break;
      if (entropy > wanted) {
        low = precision;
        precision = high === Infinity ? precision * 2 : (precision + high) / 2;
      } else {
        high = precision;
        precision = (low + precision) / 2;
      }
    }
  }
  for (let i = 0; i < rows; i += 1)
    for (let j = 0; j < i; j += 1) {
      const joint = Math.max((conditional[i * rows + j]! + conditional[j * rows + i]!) / (2 * rows), Number.EPSILON);
      conditional[i * rows + j] = conditional[j * rows + i] = joint;
    }
  return conditional;
}

function principalStart(values: Float64Array, rows: number, width: number, seed: number): Float64Array {
  const random = new Generator(seed);
  const means = new Float64Array(width);
  for (let at = 0; at < values.length; at += 1) means[at % width]! += values[at]! / rows;
  const covariance = new Float64Array(width * width);
  for (let row = 0; row < rows; row += 1)
    for (let a = 0; a < width; a += 1)
      for (let b = 0; b < width; b += 1)
        covariance[a * width + b]! +=
          ((values[row * width + a]! - means[a]!) * (values[row * width + b]! - means[b]!)) / rows;
  const { vectors } = symmetricEigen(covariance, width);
  const y = new Float64Array(rows * 2);
  for (let axis = 0; axis < Math.min(2, width); axis += 1) {
    let strongest = 0;
    for (let j = 1; j < width; j += 1)
      if (Math.abs(vectors[axis * width + j]!) > Math.abs(vectors[axis * width + strongest]!)) strongest = j;
    const sign = vectors[axis * width + strongest]! < 0 ? -1 : 1;
    for (let row = 0; row < rows; row += 1)
      for (let j = 0; j < width; j += 1)
        y[row * 2 + axis]! += sign * (values[row * width + j]! - means[j]!) * vectors[axis * width + j]!;
  }
  let squares = 0;
  for (let row = 0; row < rows; row += 1) squares += y[row * 2]! ** 2 / rows;
  const scale = squares > 0 ? 1e-4 / Math.sqrt(squares) : 0;
  // Equal rows would never part: a hair of noise, a thousandth of the start's size.
  return y.map((value) => value * scale + 1e-7 * random.normal());
}

/** Gradient of the divergence, written into `gradient`; the divergence itself without exaggeration. */
function slope(p: Float64Array, y: Float64Array, rows: number, factor: number, gradient: Float64Array): number {
  gradient.fill(0);
  let total = 0;
  for (let i = 0; i < rows; i += 1)
    for (let j = 0; j < i; j += 1) {
      const dx = y[i * 2]! - y[j * 2]!;
      const dy = y[i * 2 + 1]! - y[j * 2 + 1]!;
      total += 2 / (1 + dx * dx + dy * dy);
    }
  let divergence = 0;
  for (let i = 0; i < rows; i += 1)
    for (let j = 0; j < i; j += 1) {
      const dx = y[i * 2]! - y[j * 2]!;
      const dy = y[i * 2 + 1]! - y[j * 2 + 1]!;
      const closeness = 1 / (1 + dx * dx + dy * dy);
      const q = Math.max(closeness / total, Number.EPSILON);
      const own = p[i * rows + j]!;
      divergence += 2 * own * Math.log(own / q);
      const pull = 4 * (factor * own - q) * closeness;
      gradient[i * 2]! += pull * dx;
      gradient[i * 2 + 1]! += pull * dy;
      gradient[j * 2]! -= pull * dx;
      gradient[j * 2 + 1]! -= pull * dy;
    }
  return divergence;
}
