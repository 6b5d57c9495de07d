import { Generator, InputError } from '#libs/statistics';
import { factorise, solveFactorised } from '../../linear/cholesky.js';
import type { Columns, FittedStep, Step, StepContext, StepDocument } from '../step.js';
import { byName, mean, quantile, sorted } from './columns.js';
import { termsOf } from './terms.js';

interface Impute extends StepDocument {
  readonly step: 'impute';
  readonly strategy: 'mean' | 'median' | 'mode' | 'constant' | 'regression' | 'chained';
  readonly value?: number | string;
  readonly iterations?: number;
  readonly imputations?: number;
}

/**
 * Fills missing values: by the column's mean, median or mode (of equal ones the smallest: scikit-learn 1.9.1
 * `SimpleImputer`), by a constant (a text may be a new category), by linear regression on the other columns (their own
 * gaps at their means), or by chained equations: that regression again and again, column after column, on what was
 * filled before (S. van Buuren and K. Groothuis-Oudshoorn, J. Stat. Software 45(3), 2011; with one imputation
 * scikit-learn 1.9.1 `IterativeImputer(LinearRegression(), imputation_order='roman', tol=0)`). Several imputations draw
 * residuals while they are fitted (multiple imputation); what is served is the mean of their predictions.
 * Columns without a gap in the rows fitted on are filled with their mean by the last two.
 * @throws InputError `AllMissing`, `Hyperparameter`
 */
export const impute: Step<Impute> = {
  step: 'impute',
  takes: ({ strategy, value }) => (strategy === 'mode' ? 'any' : typeof value === 'string' ? 'categorical' : 'numeric'),
  missing: 'fills',
  properties: {
    strategy: { enum: ['mean', 'median', 'mode', 'constant', 'regression', 'chained'] },
    value: { type: ['number', 'string'], description: 'Of the strategy constant; a text for a column of texts.' },
    iterations: { type: 'integer', minimum: 1, maximum: 100, default: 10, description: 'Rounds of chained equations.' },
    imputations: { type: 'integer', minimum: 1, maximum: 20, default: 5, description: 'Of chained equations.' },
  },
  required: ['strategy'],
  fit(columns, document, context) {
    switch (document.strategy) {
      case 'mean':
        return filled(columns, (j) => mean(sorted(columns, j)));
      case 'median':
        return filled(columns, (j) => quantile(sorted(columns, j), 0.5));
      case 'mode':
        return filled(columns, (j) => mode(sorted(columns, j)));
      case 'constant':
        return constant(columns, document.value);
      case 'regression':
        return chained(columns, 1, 1, context);
      case 'chained': {
        const { iterations = 10, imputations = 5 } = document;
        return chained(columns, iterations, imputations, context);
      }
    }
  },
};

function mode(values: Float64Array): number {
  let [best, most] = [values[0]!, 0];
  for (let start = 0; start < values.length;) {
    let end = start;
    while (end < values.length && values[end] === values[start]) end += 1;
    if (end - start > most) [best, most] = [values[start]!, end - start];
    start = end;
  }
  return best;
}

function filled(columns: Columns, fill: (j: number) => number, categories = columns.categories): FittedStep {
  const { names } = columns;
  const fills = Float64Array.from(names, (_, j) => fill(j));
  return {
    names,
    categories,
    transform: ({ values }) => values.map((value, at) => (Number.isNaN(value) ? fills[at % names.length]! : value)),
    addTo(graph, input, name) {
      const { op, row } = termsOf(graph, name);
      return op('Where', [op('IsNaN', [input]), row(fills), input]);
    },
    summary: { fills: byName(names, fills) },
  };
}

function constant(columns: Columns, value: number | string | undefined): FittedStep {
  if (value === undefined)
    throw new InputError('Hyperparameter', 'impute with a constant needs its value', {
      field: 'pipeline.value',
      rule: 'a number, or a text',
    });
  if (typeof value === 'number') return filled(columns, () => value);
  const categories = columns.categories.map((texts) => (texts!.includes(value) ? texts! : [...texts!, value]));
  return filled(columns, (j) => categories[j]!.indexOf(value), categories);
}

/** One regression of a round: the column, and its equation on the others (0 for itself). */
interface Equation {
  readonly column: number;
  readonly coefficients: Float64Array;
  readonly intercept: number;
}

function chained(columns: Columns, iterations: number, imputations: number, context: StepContext): FittedStep {
  const { names, values, rows } = columns;
  const width = names.length;
  if (columns.categories.some((texts) => texts && texts.length > 2))
    throw new InputError('WrongType', 'regression fills numbers', { field: 'pipeline.columns', rule: 'numbers' });
  const means = Float64Array.from(names, (_, j) => mean(sorted(columns, j)));
  const incomplete = names.flatMap((_, j) => {
    for (let row = 0; row < rows; row += 1) if (Number.isNaN(values[row * width + j]!)) return [j];
    return [];
  });
  const random = new Generator(context.seed);
  const chains = Array.from({ length: imputations }, () => {
    const state = values.map((value, at) => (Number.isNaN(value) ? means[at % width]! : value));
    const equations: Equation[] = [];
    for (let round = 0; round < iterations; round += 1)
      for (const column of incomplete) {
        context.checkpoint();
        const equation = regress(values, state, rows, width, column);
        equations.push(equation);
        for (let row = 0; row < rows; row += 1)
          if (Number.isNaN(values[row * width + column]!))
            state[row * width + column] =
              solve(state, row, width, equation) + (imputations > 1 ? equation.deviation * random.normal() : 0);
      }
    return equations;
  });
  return {
    names,
    categories: columns.categories,
    transform({ rows: count, values: given }) {
      const result = new Float64Array(given.length);
      for (const equations of chains) {
        const state = given.map((value, at) => (Number.isNaN(value) ? means[at % width]! : value));
        for (const equation of equations)
          for (let row = 0; row < count; row += 1) {
            const at = row * width + equation.column;
            if (Number.isNaN(given[at]!)) state[at] = solve(state, row, width, equation);
          }
        state.forEach((value, at) => (result[at]! += value));
      }
      return result.map((sum, at) => (Number.isNaN(given[at]!) ? sum / imputations : given[at]!));
    },
    addTo(graph, input, name) {
      const { op, row, number, block, truths } = termsOf(graph, name);
      const missing = op('IsNaN', [input]);
      const start = op('Where', [missing, row(means), input]);
      const masks = new Map(
        incomplete.map((column) => [column, op('And', [missing, truths(names.map((_, j) => j === column))])]),
      );
      const ends = chains.map((equations) =>
        equations.reduce((state, { column, coefficients, intercept }) => {
          const product = op('MatMul', [state, block([width, 1], coefficients)]);
          return op('Where', [masks.get(column)!, op('Add', [product, number(intercept)]), state]);
        }, start),
      );
      if (ends.length === 1) return ends[0]!;
      const total = ends.reduce((sum, end) => op('Add', [sum, end]));
      return op('Where', [missing, op('Div', [total, number(imputations)]), input]);
    },
    summary: {
      means: byName(names, means),
      columns: incomplete.map((j) => names[j]!),
      iterations,
      imputations,
    },
  };
}

function solve(state: Float64Array, row: number, width: number, { coefficients, intercept }: Equation): number {
  let sum = 0;
  for (let j = 0; j < width; j += 1) sum += state[row * width + j]! * coefficients[j]!;
  return sum + intercept;
}

/** Least squares of a column on the others over the rows where it is there; a hair of ridge holds collinear columns. */
function regress(
  values: Float64Array,
  state: Float64Array,
  rows: number,
  width: number,
  column: number,
): Equation & { readonly deviation: number } {
  const others = Array.from({ length: width }, (_, j) => j).filter((j) => j !== column);
  const known = Array.from({ length: rows }, (_, row) => row).filter(
    (row) => !Number.isNaN(values[row * width + column]!),
  );
  const centres = new Float64Array(width);
  for (const row of known) for (let j = 0; j < width; j += 1) centres[j]! += state[row * width + j]! / known.length;
  const size = others.length;
  const gram = new Float64Array(size * size);
  const product = new Float64Array(size);
  for (const row of known) {
    const y = values[row * width + column]! - centres[column]!;
    for (let a = 0; a < size; a += 1) {
      const x = state[row * width + others[a]!]! - centres[others[a]!]!;
      product[a]! += x * y;
      for (let b = 0; b <= a; b += 1)
        gram[a * size + b]! += x * (state[row * width + others[b]!]! - centres[others[b]!]!);
    }
  }
  let trace = 0;
  for (let a = 0; a < size; a += 1) trace += gram[a * size + a]!;
  let solved: Float64Array | undefined;
  for (let ridge = 0; !solved; ridge = ridge === 0 ? 1e-12 : ridge * 100) {
    const held = gram.slice();
    for (let a = 0; a < size; a += 1) held[a * size + a]! += ridge * (trace || 1) + (gram[a * size + a] === 0 ? 1 : 0);
    if (factorise(held, size)) solved = solveFactorised(held, product);
  }
  const coefficients = new Float64Array(width);
  others.forEach((j, a) => (coefficients[j] = solved[a]!));
  let intercept = centres[column]!;
  for (const j of others) intercept -= coefficients[j]! * centres[j]!;
  const equation = { column, coefficients, intercept };
  let squares = 0;
  for (const row of known) squares += (values[row * width + column]! - solve(state, row, width, equation)) ** 2;
  const freedom = Math.max(1, known.length - size - 1);
  return { ...equation, deviation: Math.sqrt(squares / freedom) };
}
