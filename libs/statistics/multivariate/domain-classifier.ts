import { fitBoostedTrees, scoreBoostedTrees } from '../estimation/boosted-trees.js';
import { featureNumbers } from '../estimation/report.js';
import { rocAuc } from '../performance/index.js';
import { stratifiedKFold } from '../splits/index.js';
import { columnOf } from '../table/index.js';
import type { Table } from '../table/index.js';
import { checkSize, spacedRows } from './numbers.js';

/** Rows a side beyond which evenly spaced ones are taken. */
export const classifierRows = 20_000;

/** Learns on some rows which are current (1) and scores others. */
export type DomainClassifier = (
  columns: readonly Float64Array[],
  isCurrent: Uint8Array,
  training: Int32Array,
  test: Int32Array,
) => Float64Array;

/** Own boosted trees: 100 of at most 31 leaves, rate 0.1, 20 rows a leaf, 255 bins. */
export const treesClassifier: DomainClassifier = (columns, isCurrent, training, test) =>
  scoreBoostedTrees(
    fitBoostedTrees(columns, Float64Array.from(isCurrent), training, { loss: 'logistic' }),
    columns,
    test,
  );

/**
 * How well a classifier tells the windows apart: the area under the ROC curve of out-of-fold scores, five stratified folds shuffled by `seed`.
 * 0.5: not at all. Missing values are a value of their own; texts are coded by their order.
 * @returns undefined where a side has fewer rows than folds
 * @throws InputError `EmptyReference`, `NoRows`, `NoColumns`, `TooManyColumns`, `UnknownColumn`
 */
export function domainClassifierAuc(
  reference: Table,
  current: Table,
  names: readonly string[],
  { seed = 0, classifier = treesClassifier, folds = 5 } = {},
): { readonly auc: number; readonly rows: number } | undefined {
  checkSize(reference, current, names);
  const [first, second] = [spacedRows(reference.rows, classifierRows), spacedRows(current.rows, classifierRows)];
  if (Math.min(first.length, second.length) < folds) return undefined;
  const columns = names.map((name) => {
    const [a, b] = featureNumbers(columnOf(reference, name), columnOf(current, name));
    const values = new Float64Array(first.length + second.length);
    first.forEach((row, i) => (values[i] = a[row]!));
    second.forEach((row, i) => (values[first.length + i] = b[row]!));
    return values;
  });
  const isCurrent = new Uint8Array(first.length + second.length).fill(1, first.length);
  const scores = new Float64Array(isCurrent.length);
  for (const { training, test } of stratifiedKFold(isCurrent, folds, seed)) {
    const own = classifier(columns, isCurrent, training, test);
    test.forEach((row, i) => (scores[row] = own[i]!));
  }
  return { auc: rocAuc(isCurrent, scores)!, rows: isCurrent.length };
}
