import type { Algorithm, FitContext, TrainingSet } from '../algorithm.js';
import { checkNumber, checkSet } from './checked.js';
import { fitSparse } from './coordinate-descent.js';
import { reduceToTriangle, solveTriangle } from './least-squares.js';
import { byName, linearModel } from './linear-model.js';

/** Columns behind the pipeline at most: the solver's work grows with their cube. */
const mostColumns = 1000;

export interface LinearRegression {
  readonly name: 'linear_regression';
}

export interface Ridge {
  readonly name: 'ridge';
  /** λ of Σ w (y − Xβ − b)² + λ ‖β‖²: scikit-learn's `alpha`. */
  readonly l2: number;
}

export interface Lasso {
  readonly name: 'lasso';
  readonly alpha: number;
  readonly tolerance?: number;
  readonly maximumIterations?: number;
}

export interface ElasticNet extends Omit<Lasso, 'name'> {
  readonly name: 'elastic_net';
  readonly l1Ratio: number;
}

function fitDense(name: string, set: TrainingSet, l2: number, { checkpoint }: FitContext) {
  const total = checkSet(set, mostColumns);
  const triangle = reduceToTriangle(set, total, checkpoint);
  const tolerance = Math.max(set.rows, set.width) * Number.EPSILON;
  const { coefficients, rank, condition } = solveTriangle(triangle, l2, tolerance, checkpoint);
  let intercept = triangle.targetMean;
  for (let j = 0; j < set.width; j += 1) intercept -= triangle.means[j]! * coefficients[j]!;
  return linearModel({
    name,
    coefficients,
    intercepts: Float64Array.of(intercept),
    link: 'identity',
    summary: {
      rows: set.rows,
      rank,
      condition,
      converged: true,
      coefficients: byName(set.names, coefficients),
      intercept,
    },
  });
}

function fitSparseModel(
  name: string,
  set: TrainingSet,
  {
    alpha,
    ratio,
    tolerance = 1e-10,
    maximumIterations = 10_000,
  }: {
    alpha: number;
    ratio: number;
    tolerance?: number | undefined;
    maximumIterations?: number | undefined;
  },
  { checkpoint }: FitContext,
) {
  const total = checkSet(set, mostColumns);
  const fit = fitSparse(set, total, { alpha, ratio, tolerance, maximumIterations }, checkpoint);
  return linearModel({
    name,
    coefficients: fit.coefficients,
    intercepts: Float64Array.of(fit.intercept),
    link: 'identity',
    summary: {
      rows: set.rows,
      iterations: fit.iterations,
      dualityGap: fit.gap,
      converged: fit.converged,
      nonZero: fit.coefficients.reduce((count, value) => count + Number(value !== 0), 0),
      coefficients: byName(set.names, fit.coefficients),
      intercept: fit.intercept,
    },
  });
}

const object = (name: string, required: readonly string[], properties: Readonly<Record<string, object>>) => ({
  type: 'object',
  additionalProperties: false,
  required: ['name', ...required],
  properties: { name: { const: name }, ...properties },
});

const sparseProperties = {
  alpha: { type: 'number', exclusiveMinimum: 0, description: 'Strength α; scikit-learn’s `alpha`.' },
  tolerance: {
    type: 'number',
    exclusiveMinimum: 0,
    default: 1e-10,
    description: 'Stops where the duality gap is at most this × the mean square of the centred target.',
  },
  maximumIterations: {
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description: 'Sweeps at most.',
  },
};

/**
 * Least squares; of dependent columns the solution of least norm, as LAPACK's `gelsd` and scikit-learn 1.9.1
 * `LinearRegression` give. @throws InputError `NoRows`, `NoFeatures`, `NotFinite`, `Weight`, `TooLarge`
 */
export const linearRegression: Algorithm<LinearRegression> = {
  name: 'linear_regression',
  tasks: ['regression'],
  precision: 'float64',
  schema: object('linear_regression', [], {}),
  fit: (set, _, context) => fitDense('linear_regression', set, 0, context),
};

/** Σ w (y − Xβ − b)² + λ ‖β‖², the intercept free; scikit-learn 1.9.1 `Ridge(alpha=λ)`. */
export const ridge: Algorithm<Ridge> = {
  name: 'ridge',
  tasks: ['regression'],
  precision: 'float64',
  schema: object('ridge', ['l2'], {
    l2: { type: 'number', minimum: 0, description: 'λ of λ ‖β‖² beside the sum of squares; scikit-learn’s `alpha`.' },
  }),
  fit(set, { l2 }, context) {
    checkNumber('l2', l2, (value) => value >= 0, 'finite and ≥ 0');
    return fitDense('ridge', set, l2, context);
  },
};

/** Σ w (y − Xβ − b)² / (2 Σ w) + α ‖β‖₁; scikit-learn 1.9.1 `Lasso(alpha)`. */
export const lasso: Algorithm<Lasso> = {
  name: 'lasso',
  tasks: ['regression'],
  precision: 'float64',
  schema: object('lasso', ['alpha'], sparseProperties),
  fit(set, { alpha, tolerance, maximumIterations }, context) {
    checkNumber('alpha', alpha, (value) => value > 0, 'finite and > 0');
    return fitSparseModel('lasso', set, { alpha, ratio: 1, tolerance, maximumIterations }, context);
  },
};

/** As the lasso, with α ρ ‖β‖₁ + α (1 − ρ) / 2 ‖β‖²; scikit-learn 1.9.1 `ElasticNet(alpha, l1_ratio)`. */
export const elasticNet: Algorithm<ElasticNet> = {
  name: 'elastic_net',
  tasks: ['regression'],
  precision: 'float64',
  schema: object('elastic_net', ['alpha', 'l1Ratio'], {
    ...sparseProperties,
    l1Ratio: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'ρ of α ρ ‖β‖₁ + α (1 − ρ) / 2 ‖β‖²; without the first part it is `ridge`.',
    },
  }),
  fit(set, { alpha, l1Ratio, tolerance, maximumIterations }, context) {
    checkNumber('alpha', alpha, (value) => value > 0, 'finite and > 0');
    checkNumber('l1Ratio', l1Ratio, (value) => value > 0 && value <= 1, 'in (0, 1]');
    return fitSparseModel('elastic_net', set, { alpha, ratio: l1Ratio, tolerance, maximumIterations }, context);
  },
};
