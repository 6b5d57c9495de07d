import { asCategories } from '../../table/index.js';
import type { TableColumn } from '../../table/index.js';
import { answer } from '../definition.js';
import type { Answer, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';
import { pairOf, sampleArguments } from '../sample-inputs.js';

/** Drift of the quality of a column: what is missing, what was never seen, what lies outside. */
function rowsOf(column: TableColumn): number {
  return column.kind === 'numeric' ? column.values.length : column.codes.length;
}

function missing(inputs: Inputs): Answer {
  const { reference, current } = pairOf(inputs);
  const [before, now] = [rowsOf(reference), rowsOf(current)];
  if (before === 0 || now === 0) return { undefined: 'no-rows', n: before + now };
  return answer(current.nulls / now - reference.nulls / before, { n: before + now });
}

/** Numbers by value too: what matters is whether the reference ever held it. */
function unseen(inputs: Inputs): Answer {
  const { reference, current } = pairOf(inputs);
  const known = new Set(asCategories(reference).categories);
  const { codes, categories } = asCategories(current);
  const isNew = categories.map((category) => !known.has(category));
  return share(
    codes,
    (code) => code >= 0,
    (code) => isNew[code]!,
  );
}

function outside(inputs: Inputs): Answer {
  const { reference, current } = pairOf(inputs);
  if (reference.kind !== 'numeric' || current.kind !== 'numeric')
    return { undefined: 'not-numbers', n: rowsOf(current) };
  let [low, high] = [Infinity, -Infinity];
  for (const value of reference.values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return { undefined: 'empty-sample', n: rowsOf(current) };
  return share(
    current.values,
    (value) => !Number.isNaN(value),
    (value) => value < low || value > high,
  );
}

function share(
  values: ArrayLike<number>,
  present: (value: number) => boolean,
  counted: (value: number) => boolean,
): Answer {
  let [n, count] = [0, 0];
  for (let row = 0; row < values.length; row += 1) {
    if (!present(values[row]!)) continue;
    n += 1;
    if (counted(values[row]!)) count += 1;
  }
  return answer(n > 0 ? count / n : undefined, { n }, 'empty-sample');
}

function definition(
  name: string,
  formula: string,
  range: string,
  undefinedCases: readonly string[],
  differs: string,
  compute: (inputs: Inputs) => Answer,
): MeasureDefinition {
  return {
    name,
    profile: 'assay',
    version: '1',
    family: 'data-quality-drift',
    files: 2,
    arguments: sampleArguments,
    formula,
    range,
    undefinedCases,
    source: 'ours',
    differs,
    compute,
  };
}

export const qualityDriftDefinitions: readonly MeasureDefinition[] = [
  definition(
    'missing_share_change',
    'share of missing values now − in the reference',
    '[−1, 1]',
    ['no-rows: a side has no row'],
    'NannyML’s MissingValuesCalculator gives the share of the window; its sign tells here what got worse',
    missing,
  ),
  definition(
    'unseen_share',
    'share of the present current values that the reference never held',
    '[0, 1]',
    ['empty-sample: no value now'],
    'NannyML’s UnseenValuesCalculator counts texts only',
    unseen,
  ),
  definition(
    'out_of_range_share',
    'share of the present current numbers below the least or above the largest finite one of the reference; infinities are outside',
    '[0, 1]',
    ['not-numbers: the column holds texts', 'empty-sample: no value on one side'],
    'deepchecks and great expectations take given ranges; here the reference gives them',
    outside,
  ),
];
