import { contextCounts, contextModel } from '../../profile/context.js';
import { crossProducts } from '../../profile/cross.js';
import { momentsOf } from '../../profile/moments.js';
import { interquartileOutliers, robustOutliers, zScoreOutliers } from '../../profile/numbers.js';
import { sortNumbers } from '../../sorting/radix.js';
import { InputError } from '../../errors.js';
import { columnOf } from '../../table/index.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';

const column: ArgumentDefinition = {
  name: 'column',
  type: 'column',
  required: true,
  description: 'a column of numbers; nulls and infinities are left out',
};
const own = { profile: 'assay', version: '1', family: 'outliers', files: 1 as const, range: '[0, n]' };

function numeric(inputs: Inputs, name: string): Float64Array {
  const found = columnOf(inputs.table(), name);
  if (found.kind === 'numeric') return found.values;
  throw new InputError('WrongType', `column "${name}" holds texts`, { field: name, rule: 'numbers' });
}

const counted =
  (count: (sorted: Float64Array, limit: number) => number | undefined, limit: number, reason: string) =>
  (inputs: Inputs): Answer => {
    const sorted = sortNumbers(numeric(inputs, inputs.text('column')).filter(Number.isFinite));
    const n = sorted.length;
    if (n === 0) return { undefined: 'empty-sample', n };
    return answer(count(sorted, inputs.number('limit', limit)), { n }, reason);
  };

const limitOf = (limit: number): ArgumentDefinition => ({
  name: 'limit',
  type: 'number',
  required: false,
  default: limit,
  description: 'beyond it a value counts',
});

export const outlierDefinitions: readonly MeasureDefinition[] = [
  {
    ...own,
    name: 'zscore_outliers',
    arguments: [column, limitOf(3)],
    formula: 'number of values with |x − mean| / population sd > limit; 0 where the column is constant',
    undefinedCases: ['empty-sample: no value'],
    source: 'scipy.stats.zscore, counted',
    compute: counted((sorted, limit) => zScoreOutliers(sorted, momentsOf(sorted), limit), 3, 'empty-sample'),
  },
  {
    ...own,
    name: 'interquartile_outliers',
    arguments: [column, limitOf(1.5)],
    formula: 'number of values outside [q1 − limit IQR, q3 + limit IQR], quartiles linear (Hyndman and Fan 7)',
    undefinedCases: ['empty-sample: no value'],
    source: 'Tukey, Exploratory Data Analysis, 1977',
    compute: counted(interquartileOutliers, 1.5, 'empty-sample'),
  },
  {
    ...own,
    name: 'robust_outliers',
    arguments: [column, limitOf(3.5)],
    formula: 'number of values with 0.6745 |x − median| / MAD > limit',
    undefinedCases: ['empty-sample: no value', 'no-deviation: over half of the values are one'],
    source: 'Iglewicz and Hoaglin 1993',
    compute: counted(robustOutliers, 3.5, 'no-deviation'),
  },
  {
    ...own,
    name: 'mahalanobis_outliers',
    arguments: [
      {
        name: 'columns',
        type: 'columns',
        required: true,
        description: 'columns of numbers that are looked at together',
      },
    ],
    formula:
      'number of complete rows with (x − mean)′ S⁻¹ (x − mean) over the 0.999 quantile of chi-square, S the sample covariance; a column that those before it determine is left out',
    undefinedCases: ['too-few-complete-rows-or-columns'],
    source: 'Mahalanobis 1936',
    compute(inputs) {
      const scaled = inputs.texts('columns').flatMap((name) => {
        const values = numeric(inputs, name);
        const finite = values.filter(Number.isFinite);
        const moments = momentsOf(finite);
        const scale = Math.sqrt(moments.m2 / moments.n) * moments.scale;
        const holes = finite.length < values.length;
        return scale > 0 && Number.isFinite(1 / scale) ? [{ values, centre: moments.mean, scale, holes }] : [];
      });
      const { rows } = inputs.table();
      const cross = crossProducts(scaled, 0, rows);
      const model = contextModel(cross, scaled.length);
      if (!model) return { undefined: 'too-few-complete-rows-or-columns', n: cross.completeRows };
      const counts = contextCounts(
        model.used.map((at) => scaled[at]!),
        model,
        0,
        rows,
      );
      return { value: counts.outliers, n: counts.rows };
    },
  },
];
