import { InputError } from '#libs/statistics';
import type { Algorithm, FittedModel, TrainingSet } from '../algorithm.js';
import { checkClasses, checkNumber, checkSet } from '../linear/checked.js';
import { softmaxInPlace } from '../linear/linear-model.js';
import { integer } from '../onnx/index.js';

export interface NaiveBayes {
  readonly name: 'naive_bayes';
  readonly distribution?: 'gaussian' | 'bernoulli' | 'multinomial';
  readonly smoothing?: number;
}

const mostColumns = 100_000;
/** scikit-learn's `var_smoothing`: share of the greatest variance that is added to each. */
const varianceShare = 1e-9;

/**
 * Bayes' rule with columns that are independent within a class (scikit-learn 1.9.1 `GaussianNB`, `BernoulliNB`,
 * `MultinomialNB`); `smoothing` is the count added to each value of a column and class (Laplace, Lidstone).
 */
export const naiveBayes: Algorithm<NaiveBayes> = {
  name: 'naive_bayes',
  tasks: ['classification'],
  precision: 'float64',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: { const: 'naive_bayes' },
      distribution: {
        enum: ['gaussian', 'bernoulli', 'multinomial'],
        default: 'gaussian',
        description: 'Of a column within a class; bernoulli: above 0 or not; multinomial: counts, at least 0.',
      },
      smoothing: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 1,
        description: 'Count added to every value; not used by gaussian.',
      },
    },
  },
  fit(set, { distribution = 'gaussian', smoothing = 1 }, { checkpoint }) {
    checkNumber('smoothing', smoothing, (alpha) => alpha > 0, '> 0');
    const total = checkSet(set, mostColumns);
    checkClasses(set);
    checkpoint();
    const masses = new Float64Array(set.classes);
    for (let row = 0; row < set.rows; row += 1) masses[set.target[row]!]! += set.weights?.[row] ?? 1;
    // A class that no row has (a fold may miss one) is never said.
    const priors = masses.map((mass) => Math.log(Math.max(mass / total, Number.MIN_VALUE)));
    const prior = { masses: Object.fromEntries(masses.entries()), distribution };
    if (distribution === 'gaussian') return gaussian(set, masses, priors, prior);
    return linear(set, masses, priors, distribution, smoothing, prior);
  },
};

function gaussian(
  set: TrainingSet,
  masses: Float64Array,
  priors: Float64Array,
  summary: FittedModel['summary'],
): FittedModel {
  const { rows, width, values, target, classes } = set;
  const means = new Float64Array(classes * width);
  const variances = new Float64Array(classes * width);
  const weightOf = (row: number): number => set.weights?.[row] ?? 1;
  for (let row = 0; row < rows; row += 1)
    for (let j = 0; j < width; j += 1)
      means[target[row]! * width + j]! += (weightOf(row) / masses[target[row]!]!) * values[row * width + j]!;
  for (let row = 0; row < rows; row += 1)
    for (let j = 0; j < width; j += 1) {
      const at = target[row]! * width + j;
      variances[at]! += (weightOf(row) / masses[target[row]!]!) * (values[row * width + j]! - means[at]!) ** 2;
    }
  const added = varianceShare * greatestVariance(set);
  for (let i = 0; i < variances.length; i += 1) variances[i]! += added;
  if (!(variances.reduce((least, own) => Math.min(least, own), Infinity) > 0))
    throw new InputError('Singular', 'every column is constant', {
      field: 'features',
      rule: 'a column that varies for naive_bayes gaussian',
    });
  const constants = Float64Array.from(priors, (prior, k) => {
    let sum = prior;
    for (let j = 0; j < width; j += 1) sum -= Math.log(2 * Math.PI * variances[k * width + j]!) / 2;
    return sum;
  });
  return {
    outputs: classes,
    summary,
    predict(asked, count) {
      const result = new Float64Array(count * classes);
      for (let row = 0; row < count; row += 1) {
        for (let k = 0; k < classes; k += 1) {
          let sum = 0;
          for (let j = 0; j < width; j += 1)
            sum += (asked[row * width + j]! - means[k * width + j]!) ** 2 / variances[k * width + j]!;
          result[row * classes + k] = constants[k]! - sum / 2;
        }
        softmaxInPlace(result, row * classes, classes);
      }
      return result;
    },
    addTo(graph, input) {
      const name = (part: string): string => `naive_bayes_${part}`;
      const one = graph.constant(name('one'), [1], BigInt64Array.of(1n));
      const rowsOfOne = graph.node('Unsqueeze', name('row'), [input, one]);
      // Differences before squares: a product of its own would lose a column far from 0.
      const apart = graph.node('Sub', name('apart'), [
        rowsOfOne,
        graph.constant(name('means'), [1, classes, width], means),
      ]);
      const squared = graph.node('Mul', name('squared'), [apart, apart]);
      const scaled = graph.node('Div', name('scaled'), [
        squared,
        graph.constant(
          name('twice_variances'),
          [1, classes, width],
          variances.map((own) => 2 * own),
        ),
      ]);
      const two = graph.constant(name('two'), [1], BigInt64Array.of(2n));
      const sum = graph.node('ReduceSum', name('sum'), [scaled, two], [integer('keepdims', 0)]);
      const joint = graph.node('Sub', name('joint'), [graph.constant(name('constants'), [1, classes], constants), sum]);
      return { name: graph.node('Softmax', name('softmax'), [joint], [integer('axis', 1)]), type: 'float64' };
    },
  };
}

/** Of all columns over all rows, weighted. */
function greatestVariance({ rows, width, values, weights }: TrainingSet): number {
  let greatest = 0;
  for (let j = 0; j < width; j += 1) {
    let total = 0;
    let mean = 0;
    for (let row = 0; row < rows; row += 1) {
      total += weights?.[row] ?? 1;
      mean += (weights?.[row] ?? 1) * values[row * width + j]!;
    }
    mean /= total;
    let sum = 0;
    for (let row = 0; row < rows; row += 1) sum += (weights?.[row] ?? 1) * (values[row * width + j]! - mean) ** 2;
    greatest = Math.max(greatest, sum / total);
  }
  return greatest;
}

/** Bernoulli and multinomial: the joint log-likelihood is linear in the columns (above 0 or not; counts). */
function linear(
  set: TrainingSet,
  masses: Float64Array,
  priors: Float64Array,
  distribution: 'bernoulli' | 'multinomial',
  smoothing: number,
  summary: FittedModel['summary'],
): FittedModel {
  const { rows, width, values, target, classes, names } = set;
  const binary = distribution === 'bernoulli';
  const counts = new Float64Array(classes * width);
  for (let row = 0; row < rows; row += 1)
    for (let j = 0; j < width; j += 1) {
      const x = values[row * width + j]!;
      if (!binary && x < 0)
        throw new InputError('Negative', `column "${names[j]}" is ${x} in row ${row}`, {
          field: names[j],
          row,
          rule: 'at least 0 for naive_bayes multinomial',
        });
      counts[target[row]! * width + j]! += (set.weights?.[row] ?? 1) * (binary ? (x > 0 ? 1 : 0) : x);
    }
  /** `width × classes`. */
  const coefficients = new Float64Array(width * classes);
  const intercepts = priors.slice();
  for (let k = 0; k < classes; k += 1) {
    const own = counts.subarray(k * width, (k + 1) * width);
    const total = own.reduce((sum, count) => sum + count, 0) + smoothing * width;
    for (let j = 0; j < width; j += 1) {
      const smoothed = own[j]! + smoothing;
      if (!binary) coefficients[j * classes + k] = Math.log(smoothed / total);
      else {
        const absent = masses[k]! + 2 * smoothing - smoothed;
        coefficients[j * classes + k] = Math.log(smoothed / absent);
        intercepts[k]! += Math.log(absent / (masses[k]! + 2 * smoothing));
      }
    }
  }
  return {
    outputs: classes,
    summary,
    predict(asked, count) {
      const result = new Float64Array(count * classes);
      for (let row = 0; row < count; row += 1) {
        for (let k = 0; k < classes; k += 1) {
          let sum = intercepts[k]!;
          for (let j = 0; j < width; j += 1) {
            const x = asked[row * width + j]!;
            sum += coefficients[j * classes + k]! * (binary ? (x > 0 ? 1 : 0) : x);
          }
          result[row * classes + k] = sum;
        }
        softmaxInPlace(result, row * classes, classes);
      }
      return result;
    },
    addTo(graph, input) {
      const name = (part: string): string => `naive_bayes_${part}`;
      let columns = input;
      if (binary) {
        const above = graph.node('Greater', name('above'), [
          input,
          graph.constant(name('zero'), [1, 1], Float64Array.of(0)),
        ]);
        columns = graph.node('Cast', name('present'), [above], [integer('to', 11)]);
      }
      const product = graph.node('MatMul', name('product'), [
        columns,
        graph.constant(name('logarithms'), [width, classes], coefficients),
      ]);
      const joint = graph.node('Add', name('joint'), [
        product,
        graph.constant(name('constants'), [1, classes], intercepts),
      ]);
      return { name: graph.node('Softmax', name('softmax'), [joint], [integer('axis', 1)]), type: 'float64' };
    },
    ...(binary ? { boundaryRows: (asked: Float64Array, count: number) => nearZero(asked, count, width) } : {}),
  };
}

/** Rows with a value that rounding of the pipeline may put on the other side of 0. */
function nearZero(values: Float64Array, rows: number, width: number): Int32Array {
  const found: number[] = [];
  for (let row = 0; row < rows; row += 1)
    for (let j = 0; j < width; j += 1) {
      const x = values[row * width + j]!;
      if (x !== 0 && Math.abs(x) < 1e-12) {
        found.push(row);
        break;
      }
    }
  return Int32Array.from(found);
}
