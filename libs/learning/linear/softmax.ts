import { InputError } from '#libs/statistics';
import type { Algorithm, TrainingSet } from '../algorithm.js';
import { checkClasses, checkNumber, checkSet } from './checked.js';
import { byName, linearModel, softmaxInPlace } from './linear-model.js';

export interface SoftmaxRegression {
  readonly name: 'softmax_regression';
  /** λ of λ/2 ‖W‖² beside the summed loss: scikit-learn's 1 / C. */
  readonly l2: number;
  readonly tolerance?: number;
  readonly maximumIterations?: number;
}

const mostColumns = 2000;

interface Problem {
  readonly set: TrainingSet;
  readonly l2: number;
  readonly checkpoint: () => void;
}

interface Point {
  /** Row-major `(width + 1) × classes`, intercepts last. */
  readonly parameters: Float64Array;
  readonly objective: number;
  readonly gradient: Float64Array;
  readonly largest: number;
  readonly probabilities: Float64Array;
}

/**
 * Multinomial logistic regression: minimises Σ w (−ln p of the class) + λ/2 ‖W‖², intercepts free, by Newton's method
 * with conjugate gradients (J. Nocedal and S. Wright, Numerical Optimization, 2nd ed., 7.1) from zero, so that the
 * intercepts sum to zero. scikit-learn 1.9.1 `LogisticRegression(C=1/λ)` of three classes and more.
 * @throws InputError `OneClass`, `Hyperparameter`, `NoRows`, `NoFeatures`, `NotFinite`, `Weight`, `TooLarge`
 */
export const softmaxRegression: Algorithm<SoftmaxRegression> = {
  name: 'softmax_regression',
  tasks: ['classification'],
  precision: 'float64',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'l2'],
    properties: {
      name: { const: 'softmax_regression' },
      l2: { type: 'number', minimum: 0, description: 'λ of λ/2 ‖W‖² beside the summed loss; scikit-learn’s 1 / C.' },
      tolerance: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 1e-10,
        description: 'Stops where no partial derivative over the sum of weights is larger.',
      },
      maximumIterations: {
        type: 'integer',
        minimum: 1,
        maximum: 10_000,
        default: 200,
        description: 'Newton steps at most.',
      },
    },
  },
  fit(set, { l2, tolerance = 1e-10, maximumIterations = 200 }, { checkpoint }) {
    checkNumber('l2', l2, (value) => value >= 0, 'finite and ≥ 0');
    const total = checkSet(set, mostColumns);
    checkClasses(set);
    const problem = { set, l2, checkpoint };
    const { classes, width } = set;
    let point = evaluate(problem, new Float64Array((width + 1) * classes));
    let iterations = 0;
    let stuck = false;
    while (iterations < maximumIterations && point.largest / total > tolerance && !stuck) {
      const next = step(problem, point, total);
      stuck = !next;
      point = next ?? point;
      iterations += 1;
    }
    const gradient = point.largest / total;
    // No loss is left: the weights were on their way to infinity.
    if (l2 === 0 && point.objective < 1e-6 * total)
      throw new InputError('Singular', 'the columns separate the classes, and l2 does not hold them', {
        field: 'algorithm.l2',
        rule: 'l2 > 0',
      });
    const coefficients = point.parameters.slice(0, width * classes);
    const intercepts = point.parameters.slice(width * classes);
    const ofClass = (k: number): Float64Array =>
      Float64Array.from({ length: width }, (_, j) => coefficients[j * classes + k]!);
    return linearModel({
      name: 'softmax_regression',
      coefficients,
      intercepts,
      link: 'softmax',
      summary: {
        rows: set.rows,
        iterations,
        gradient,
        converged: gradient <= Math.max(tolerance, 1e-9),
        objective: point.objective,
        coefficients: Array.from(intercepts, (_, k) => byName(set.names, ofClass(k))),
        intercepts: [...intercepts],
      },
    });
  },
};

/** One damped Newton step. @returns undefined where no step lowers the objective: the minimum to working precision */
function step(problem: Problem, point: Point, total: number): Point | undefined {
  const direction = conjugateGradients(problem, point, total);
  let slope = 0;
  for (let i = 0; i < direction.length; i += 1) slope += direction[i]! * point.gradient[i]!;
  for (let scale = 1; scale > 1e-8; scale /= 2) {
    const next = evaluate(
      problem,
      point.parameters.map((value, i) => value + scale * direction[i]!),
    );
    if (!Number.isFinite(next.objective)) continue;
    if (next.objective <= point.objective + 1e-4 * scale * slope && next.objective < point.objective) return next;
    // Near the minimum the objective has no digits left: a smaller gradient is progress too.
    const level = Math.abs(next.objective - point.objective) <= 1e-14 * Math.abs(point.objective);
    if (level && next.largest < 0.9 * point.largest) return next;
  }
  return undefined;
}

function conjugateGradients(problem: Problem, point: Point, total: number): Float64Array {
  const size = point.gradient.length;
  const result = new Float64Array(size);
  const residual = point.gradient.map((value) => -value);
  const direction = Float64Array.from(residual);
  let square = dot(residual, residual);
  if (square === 0) return result;
  // Superlinear: the system is solved the more exactly the nearer the minimum (forcing term of Eisenstat and Walker).
  const goal = square * Math.min(0.25, Math.sqrt(square) / total) ** 2;
  for (let i = 0; i < Math.min(4 * size, 2000) && square > goal; i += 1) {
    const product = hessianTimes(problem, point.probabilities, direction);
    const curvature = dot(direction, product);
    if (!(curvature > 0)) break;
    const alpha = square / curvature;
    for (let k = 0; k < size; k += 1) {
      result[k]! += alpha * direction[k]!;
      residual[k]! -= alpha * product[k]!;
    }
    const next = dot(residual, residual);
    const beta = next / square;
    square = next;
    for (let k = 0; k < size; k += 1) direction[k] = residual[k]! + beta * direction[k]!;
  }
  if (!result.every(Number.isFinite))
    throw new InputError('Singular', 'the columns separate the classes, and l2 does not hold them', {
      field: 'algorithm.l2',
      rule: 'l2 > 0',
    });
  return dot(result, result) > 0 ? result : point.gradient.map((value) => -value);
}

function evaluate({ set, l2, checkpoint }: Problem, parameters: Float64Array): Point {
  const { rows, width, classes, values, target, weights } = set;
  const gradient = new Float64Array(parameters.length);
  const probabilities = new Float64Array(rows * classes);
  const bias = width * classes;
  let objective = 0;
  for (let row = 0; row < rows; row += 1) {
    if (row % 4096 === 0) checkpoint();
    const at = row * classes;
    for (let k = 0; k < classes; k += 1) probabilities[at + k] = parameters[bias + k]!;
    for (let j = 0; j < width; j += 1) {
      const x = values[row * width + j]!;
      if (x !== 0) for (let k = 0; k < classes; k += 1) probabilities[at + k]! += x * parameters[j * classes + k]!;
    }
    const own = target[row]!;
    const score = probabilities[at + own]!;
    const weight = weights?.[row] ?? 1;
    objective += weight * (softmaxInPlace(probabilities, at, classes) - score);
    addOuter(gradient, set, row, (k) => weight * (probabilities[at + k]! - Number(k === own)));
  }
  let penalty = 0;
  for (let i = 0; i < bias; i += 1) {
    penalty += parameters[i]! * parameters[i]!;
    gradient[i]! += l2 * parameters[i]!;
  }
  let largest = 0;
  for (const partial of gradient) largest = Math.max(largest, Math.abs(partial));
  return { parameters, objective: objective + (l2 / 2) * penalty, gradient, largest, probabilities };
}

function hessianTimes({ set, l2, checkpoint }: Problem, probabilities: Float64Array, v: Float64Array): Float64Array {
  const { rows, width, classes, values, weights } = set;
  const result = new Float64Array(v.length);
  const bias = width * classes;
  const turned = new Float64Array(classes);
  for (let row = 0; row < rows; row += 1) {
    if (row % 4096 === 0) checkpoint();
    for (let k = 0; k < classes; k += 1) turned[k] = v[bias + k]!;
    for (let j = 0; j < width; j += 1) {
      const x = values[row * width + j]!;
      if (x !== 0) for (let k = 0; k < classes; k += 1) turned[k]! += x * v[j * classes + k]!;
    }
    const at = row * classes;
    let mean = 0;
    for (let k = 0; k < classes; k += 1) mean += probabilities[at + k]! * turned[k]!;
    const weight = weights?.[row] ?? 1;
    addOuter(result, set, row, (k) => weight * probabilities[at + k]! * (turned[k]! - mean));
  }
  for (let i = 0; i < bias; i += 1) result[i]! += l2 * v[i]!;
  return result;
}

/** result += (x of the row, 1) ⊗ part. */
function addOuter(
  result: Float64Array,
  { width, classes, values }: TrainingSet,
  row: number,
  part: (k: number) => number,
): void {
  for (let k = 0; k < classes; k += 1) {
    const own = part(k);
    for (let j = 0; j < width; j += 1) result[j * classes + k]! += own * values[row * width + j]!;
    result[width * classes + k]! += own;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
