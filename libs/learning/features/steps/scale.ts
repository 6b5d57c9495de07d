import { InputError } from '#libs/statistics';
import type { Columns, FittedStep, Step, StepContext, StepDocument } from '../step.js';
import { affine, byName, elementwise, mean, present, quantile, sorted, variance } from './columns.js';

interface MinMaxScale extends StepDocument {
  readonly step: 'min_max_scale';
  readonly low?: number;
  readonly high?: number;
}

/** To [low, high] by the smallest and largest value fitted on (scikit-learn 1.9.1 `MinMaxScaler`; constant: low). */
export const minMaxScale: Step<MinMaxScale> = {
  step: 'min_max_scale',
  takes: () => 'numeric',
  missing: 'passes',
  properties: { low: { type: 'number', default: 0 }, high: { type: 'number', default: 1 } },
  fit(columns, { low = 0, high = 1 }) {
    if (!(low < high))
      throw new InputError('Hyperparameter', `from ${low} to ${high}`, { field: 'pipeline.low', rule: 'low < high' });
    const ordered = columns.names.map((_, j) => sorted(columns, j));
    const smallest = Float64Array.from(ordered, (values) => values[0]!);
    const ranges = Float64Array.from(ordered, (values) => values.at(-1)! - values[0]! || 1);
    return affine(columns.names, smallest, ranges, high - low, low);
  },
};

interface RobustScale extends StepDocument {
  readonly step: 'robust_scale';
  readonly lower?: number;
  readonly upper?: number;
}

/** (x − median) / (quantile(upper) − quantile(lower)) (scikit-learn 1.9.1 `RobustScaler`; a range of 0 counts as 1). */
export const robustScale: Step<RobustScale> = {
  step: 'robust_scale',
  takes: () => 'numeric',
  missing: 'passes',
  properties: {
    lower: { type: 'number', minimum: 0, maximum: 1, default: 0.25 },
    upper: { type: 'number', minimum: 0, maximum: 1, default: 0.75 },
  },
  fit(columns, { lower = 0.25, upper = 0.75 }) {
    if (!(lower < upper))
      throw new InputError('Hyperparameter', `quantiles ${lower} and ${upper}`, {
        field: 'pipeline.lower',
        rule: 'lower < upper',
      });
    const ordered = columns.names.map((_, j) => sorted(columns, j));
    return affine(
      columns.names,
      Float64Array.from(ordered, (values) => quantile(values, 0.5)),
      Float64Array.from(ordered, (values) => quantile(values, upper) - quantile(values, lower) || 1),
    );
  },
};

interface LogScale extends StepDocument {
  readonly step: 'log_scale';
  readonly shift?: number;
}

/** ln(x + shift). What is served below the smallest value fitted on is taken as that one, so that it has a logarithm. */
export const logScale: Step<LogScale> = {
  step: 'log_scale',
  takes: () => 'numeric',
  missing: 'passes',
  properties: { shift: { type: 'number', default: 0 } },
  fit(columns, { shift = 0 }, context) {
    const smallest = positive(columns, shift, context, 'x + shift > 0');
    return elementwise(
      columns.names,
      (x, j) => Math.log(atLeast(x + shift, smallest[j]!)),
      (input, { op, row, number }) => op('Log', [op('Max', [op('Add', [input, number(shift)]), row(smallest)])]),
      { smallest: byName(columns.names, smallest) },
    );
  },
};

interface ExponentialScale extends StepDocument {
  readonly step: 'exponential_scale';
  readonly rate?: number;
}

/** e^(rate · x). What is served beyond the largest exponent fitted on is taken as that one. */
export const exponentialScale: Step<ExponentialScale> = {
  step: 'exponential_scale',
  takes: () => 'numeric',
  missing: 'passes',
  properties: { rate: { type: 'number', default: 1 } },
  fit(columns, { rate = 1 }, { rows }) {
    const width = columns.names.length;
    const at = columns.values.findIndex((x) => rate * x > 700);
    if (at >= 0) throw outOfRange(columns.names[at % width]!, rows[Math.floor(at / width)], 'rate · x ≤ 700');
    const largest = Float64Array.from(columns.names, (_, j) => {
      const most = present(columns, j).reduce((one, other) => Math.max(one, rate * other), -Infinity);
      return most === -Infinity ? 0 : most;
    });
    return elementwise(
      columns.names,
      (x, j) => Math.exp(atMost(rate * x, largest[j]!)),
      (input, { op, row, number }) => op('Exp', [op('Min', [op('Mul', [input, number(rate)]), row(largest)])]),
      { largest: byName(columns.names, largest) },
    );
  },
};

interface Power extends StepDocument {
  readonly step: 'box_cox' | 'yeo_johnson';
}

/**
 * Box and Cox (1964): (x^λ − 1) / λ, or ln x; λ by maximum likelihood per column (scikit-learn 1.9.1
 * `PowerTransformer(method='box-cox', standardize=False)`). Values must be positive; served ones below the smallest
 * fitted on are taken as that one.
 */
export const boxCox: Step<Power> = {
  step: 'box_cox',
  takes: () => 'numeric',
  missing: 'passes',
  properties: {},
  fit(columns, _, context) {
    const smallest = positive(columns, 0, context, 'x > 0');
    const powers = lambdas(
      columns,
      (x, power) => power_(x, power),
      (x) => Math.log(x),
    );
    return elementwise(
      columns.names,
      (x, j) => power_(atLeast(x, smallest[j]!), powers[j]!),
      (input, { op, row, number, truths }) => {
        const base = op('Max', [input, row(smallest)]);
        const curve = op('Div', [
          op('Sub', [op('Pow', [base, row(powers)]), number(1)]),
          row(powers.map((power) => power || 1)),
        ]);
        return op('Where', [truths(Array.from(powers, (power) => power === 0)), op('Log', [base]), curve]);
      },
      { lambda: byName(columns.names, powers) },
    );
  },
};

/**
 * Yeo and Johnson (2000); λ by maximum likelihood per column (scikit-learn 1.9.1
 * `PowerTransformer(standardize=False)`; a constant column keeps λ = 1).
 */
export const yeoJohnson: Step<Power> = {
  step: 'yeo_johnson',
  takes: () => 'numeric',
  missing: 'passes',
  properties: {},
  fit(columns) {
    const curve = (x: number, power: number): number => (x >= 0 ? power_(x + 1, power) : -power_(1 - x, 2 - power));
    const powers = lambdas(columns, curve, (x) => Math.sign(x) * Math.log1p(Math.abs(x)));
    return elementwise(
      columns.names,
      (x, j) => curve(x, powers[j]!),
      (input, { op, row, number, truths }) => {
        const half = (base: string, exponents: Float64Array): string => {
          const part = op('Div', [
            op('Sub', [op('Pow', [base, row(exponents)]), number(1)]),
            row(exponents.map((exponent) => exponent || 1)),
          ]);
          return op('Where', [truths(Array.from(exponents, (exponent) => exponent === 0)), op('Log', [base]), part]);
        };
        const size = op('Add', [op('Abs', [input]), number(1)]);
        const above = half(size, powers);
        const below = op('Neg', [
          half(
            size,
            powers.map((power) => 2 - power),
          ),
        ]);
        return op('Where', [op('GreaterOrEqual', [input, number(0)]), above, below]);
      },
      { lambda: byName(columns.names, powers) },
    );
  },
};

function power_(x: number, power: number): number {
  return power === 0 ? Math.log(x) : (x ** power - 1) / power;
}

/** λ that maximises −n/2 ln variance(curve) + (λ − 1) Σ jacobian, by Brent's method. */
function lambdas(
  columns: Columns,
  curve: (x: number, power: number) => number,
  jacobian: (x: number) => number,
): Float64Array {
  return Float64Array.from(columns.names, (_, j) => {
    const values = present(columns, j);
    if (values.length === 0 || variance(values) === 0) return 1;
    const slope = mean(values.map(jacobian));
    const loss = (power: number): number => {
      const spread = variance(values.map((x) => curve(x, power)));
      const likelihood = -0.5 * Math.log(spread) + (power - 1) * slope;
      return Number.isFinite(likelihood) ? -likelihood : Number.MAX_VALUE;
    };
    return minimum(loss, -2, 2);
  });
}

/** Golden section after a bracket, widened while the minimum lies at its end; λ to about 1e-8. */
function minimum(loss: (x: number) => number, low: number, high: number): number {
  for (let widening = 0; widening < 6; widening += 1) {
    const found = goldenSection(loss, low, high);
    const margin = (high - low) * 0.01;
    if (found - low > margin && high - found > margin) return found;
    [low, high] = [low * 2, high * 2];
  }
  return goldenSection(loss, low, high);
}

function goldenSection(loss: (x: number) => number, low: number, high: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  let [c, d] = [b - ratio * (b - a), a + ratio * (b - a)];
  let [lossC, lossD] = [loss(c), loss(d)];
  while (b - a > 1e-9 * Math.max(1, Math.abs(a) + Math.abs(b))) {
    if (lossC <= lossD) {
      [b, d, lossD] = [d, c, lossC];
      c = b - ratio * (b - a);
      lossC = loss(c);
    } else {
      [a, c, lossC] = [c, d, lossD];
      d = a + ratio * (b - a);
      lossD = loss(d);
    }
  }
  return (a + b) / 2;
}

/** The smallest x + shift of each column. @throws InputError `OutOfRange` where one is not positive */
function positive(columns: Columns, shift: number, { rows }: StepContext, rule: string): Float64Array {
  const width = columns.names.length;
  const at = columns.values.findIndex((x) => x + shift <= 0);
  if (at >= 0) throw outOfRange(columns.names[at % width]!, rows[Math.floor(at / width)], rule);
  return Float64Array.from(columns.names, (_, j) =>
    present(columns, j).reduce((one, other) => Math.min(one, other + shift), Infinity),
  ).map((value) => (value === Infinity ? 1 : value));
}

/** Like ONNX's Max and Min: what is missing stays missing. */
function atLeast(x: number, bound: number): number {
  return Number.isNaN(x) ? x : Math.max(x, bound);
}

function atMost(x: number, bound: number): number {
  return Number.isNaN(x) ? x : Math.min(x, bound);
}

function outOfRange(field: string, row: number | undefined, rule: string): InputError {
  return new InputError('OutOfRange', `column "${field}" breaks ${rule} in row ${row}`, {
    field,
    ...(row === undefined ? {} : { row }),
    rule,
  });
}

interface Clip extends StepDocument {
  readonly step: 'clip';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly deviations?: number;
  readonly lower?: number;
  readonly upper?: number;
}

/** Between given values, mean ± deviations · sd, or quantiles; where several are given the narrowest counts. */
export const clip: Step<Clip> = {
  step: 'clip',
  takes: () => 'numeric',
  missing: 'passes',
  properties: {
    minimum: { type: 'number' },
    maximum: { type: 'number' },
    deviations: { type: 'number', exclusiveMinimum: 0, description: 'Population standard deviations about the mean.' },
    lower: { type: 'number', minimum: 0, maximum: 1, description: 'Quantile; values below become it.' },
    upper: { type: 'number', minimum: 0, maximum: 1 },
  },
  fit(
    columns,
    { minimum: least = -Number.MAX_VALUE, maximum: most = Number.MAX_VALUE, deviations, lower, upper },
  ): FittedStep {
    const low = new Float64Array(columns.names.length).fill(least);
    const high = new Float64Array(columns.names.length).fill(most);
    columns.names.forEach((name, j) => {
      const values = sorted(columns, j);
      if (deviations !== undefined) {
        const [centre, spread] = [mean(values), Math.sqrt(variance(values))];
        low[j] = Math.max(low[j]!, centre - deviations * spread);
        high[j] = Math.min(high[j]!, centre + deviations * spread);
      }
      if (lower !== undefined) low[j] = Math.max(low[j]!, quantile(values, lower));
      if (upper !== undefined) high[j] = Math.min(high[j]!, quantile(values, upper));
      if (!(low[j]! <= high[j]!))
        throw new InputError('Hyperparameter', `"${name}" would be clipped to [${low[j]}, ${high[j]}]`, {
          field: 'pipeline.minimum',
          rule: 'minimum ≤ maximum',
        });
    });
    return elementwise(
      columns.names,
      (x, j) => atMost(atLeast(x, low[j]!), high[j]!),
      (input, { op, row }) => op('Min', [op('Max', [input, row(low)]), row(high)]),
      { low: byName(columns.names, low), high: byName(columns.names, high) },
    );
  },
};
