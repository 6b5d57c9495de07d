import type { Step, StepDocument } from '../step.js';
import { termsOf } from './terms.js';

const columns = {
  type: 'array',
  items: { type: 'string', minLength: 1 },
  minItems: 1,
  uniqueItems: true,
};
const order = { type: 'string', minLength: 1, description: 'Column that orders the rows: numbers, or ISO timestamps.' };
const by = { type: 'string', minLength: 1, description: 'Each value of this column has a history of its own.' };

/** Steps on the table itself: nothing is fitted, they make the columns of the input tensor (`inputsOf`). */
function ofTable(
  step: string,
  properties: Readonly<Record<string, unknown>>,
  required: readonly string[],
  missing: Step['missing'] = 'passes',
): Step {
  return {
    step,
    takes: () => 'any',
    missing,
    reads: 'table',
    properties: { columns, ...properties },
    required: ['columns', ...required],
    fit: () => {
      throw new Error(`${step} is no step of the graph`);
    },
  };
}

/** Columns `name#0` … of word counts by hash (`onnx/text.ts`). */
export const hashText = ofTable(
  'hash_text',
  {
    buckets: { type: 'integer', minimum: 1, maximum: 65_536, default: 256 },
    ngrams: { type: 'integer', minimum: 1, maximum: 5, default: 1 },
    signed: { type: 'boolean', default: true },
  },
  [],
);

/** Columns `name_lag_1` …: the value of earlier rows; a caller sends them by these names (`history.ts`). */
export const lag = ofTable(
  'lag',
  {
    lags: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 10_000 }, minItems: 1, uniqueItems: true },
    order,
    by,
  },
  ['lags', 'order'],
);

/** Columns `name_mean_3` …: a statistic of the rows before; a caller sends them by these names (`history.ts`). */
export const rolling = ofTable(
  'rolling',
  {
    window: { type: 'integer', minimum: 1, maximum: 10_000 },
    statistic: { enum: ['mean', 'sd', 'minimum', 'maximum', 'sum'] },
    minimumRows: { type: 'integer', minimum: 1, description: 'Default: the window.' },
    order,
    by,
  },
  ['window', 'statistic', 'order'],
);

interface TfIdf extends StepDocument {
  readonly step: 'tf_idf';
  readonly norm?: 'l2' | 'l1' | 'none';
  readonly sublinear?: boolean;
}

/**
 * Counts times ln((1 + n) / (1 + n with the word)) + 1, each row scaled to norm 1 (scikit-learn 1.9.1
 * `TfidfTransformer`); `sublinear`: 1 + ln of the count. Meant for unsigned counts. A row without words stays 0.
 */
export const tfIdf: Step<TfIdf> = {
  step: 'tf_idf',
  takes: () => 'numeric',
  missing: 'refuses',
  properties: {
    columns,
    norm: { enum: ['l2', 'l1', 'none'], default: 'l2' },
    sublinear: { type: 'boolean', default: false },
  },
  required: ['columns'],
  fit({ rows, names, values }, { norm = 'l2', sublinear = false }) {
    const width = names.length;
    const documents = new Float64Array(width);
    values.forEach((count, at) => {
      if (count !== 0) documents[at % width]! += 1;
    });
    const weights = documents.map((count) => Math.log((1 + rows) / (1 + count)) + 1);
    return {
      names,
      transform(given) {
        const result = given.values.map((count, at) => {
          const term = sublinear ? (count > 0 ? Math.log(count) + 1 : 0) : count;
          return term * weights[at % width]!;
        });
        if (norm === 'none') return result;
        for (let row = 0; row < given.rows; row += 1) {
          const own = result.subarray(row * width, (row + 1) * width);
          const size =
            norm === 'l1'
              ? own.reduce((sum, x) => sum + Math.abs(x), 0)
              : Math.sqrt(own.reduce((sum, x) => sum + x * x, 0));
          if (size > 0) own.forEach((x, j) => (own[j] = x / size));
        }
        return result;
      },
      addTo(graph, input, name) {
        const { op, row, number, sum } = termsOf(graph, name);
        let term = input;
        if (sublinear) {
          const there = op('Greater', [input, number(0)]);
          const safe = op('Where', [there, input, number(1)]);
          term = op('Where', [there, op('Add', [op('Log', [safe]), number(1)]), number(0)]);
        }
        const weighted = op('Mul', [term, row(weights)]);
        if (norm === 'none') return weighted;
        const size =
          norm === 'l1' ? sum(op('Abs', [weighted]), 1, 1) : op('Sqrt', [sum(op('Mul', [weighted, weighted]), 1, 1)]);
        return op('Div', [weighted, op('Where', [op('Greater', [size, number(0)]), size, number(1)])]);
      },
      summary: { weights: Array.from(weights) },
    };
  },
};
