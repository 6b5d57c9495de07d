import { InputError, MersenneTwister } from '#libs/statistics';
import type { Fold } from '#libs/statistics';
import { foldOf } from './k-fold.js';

function sequence(length: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length }, (_, i) => i);
}

/** `RandomState.permutation(items)` of numpy. */
function permuted(items: Int32Array, random: MersenneTwister): Int32Array<ArrayBuffer> {
  const result = Int32Array.from(items);
  random.shuffle(result);
  return result;
}

/**
 * One split: ⌈share · n⌉ rows are tested. As scikit-learn 1.9.1 `train_test_split(test_size=share, random_state=seed)`,
 * with `labels` its `stratify=labels` (each class its share, whole rows by largest remainder); without a seed the last
 * rows are tested (`shuffle=False`).
 * @throws InputError `Folds`, `ClassTooSmall`
 */
export function holdOut(rows: number, share: number, seed?: number, labels?: ArrayLike<number>): Fold {
  const test = Math.ceil(share * rows);
  if (!(share > 0 && share < 1) || test >= rows || test < 1)
    throw new InputError('Folds', `${share} of ${rows} rows`, {
      field: 'validation.share',
      rule: 'at least one row to fit on and one to test',
    });
  if (seed === undefined) return foldOf(rows, sequence(rows).slice(rows - test));
  const random = new MersenneTwister(seed);
  if (!labels) return foldOf(rows, permuted(sequence(rows), random).slice(0, test));
  const members = byLabel(labels);
  for (const own of members)
    if (own.length < 2)
      throw new InputError('ClassTooSmall', `class ${labels[own[0]!]} has one row`, {
        field: 'target',
        rule: 'at least two rows of each class',
      });
  if (test < members.length || rows - test < members.length)
    throw new InputError('Folds', `${test} rows to test and ${rows - test} to fit on, of ${members.length} classes`, {
      field: 'validation.share',
      rule: 'at least a row of each class on both sides',
    });
  const sizes = members.map((own) => own.length);
  const trained = apportion(sizes, rows - test, random);
  const left = sizes.map((size, code) => size - trained[code]!);
  const tested = apportion(left, test, random);
  const chosen = members.flatMap((own, code) => {
    const order = permuted(sequence(own.length), random);
    return Array.from(order.slice(trained[code]!, trained[code]! + tested[code]!), (place) => own[place]!);
  });
  return foldOf(rows, Int32Array.from(chosen));
}

/** Rows of each label, labels ascending. */
function byLabel(labels: ArrayLike<number>): number[][] {
  const members = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row += 1) {
    const own = members.get(labels[row]!);
    if (own) own.push(row);
    else members.set(labels[row]!, [row]);
  }
  return [...members].sort(([a], [b]) => a - b).map(([, own]) => own);
}

/** `draws` dealt in proportion to the sizes, by largest remainder; equal remainders are drawn. */
function apportion(sizes: readonly number[], draws: number, random: MersenneTwister): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const exact = sizes.map((size) => (size / total) * draws);
  const dealt = exact.map(Math.floor);
  let missing = draws - dealt.reduce((sum, count) => sum + count, 0);
  const remainders = exact.map((value, i) => value - dealt[i]!);
  for (const remainder of [...new Set(remainders)].sort((a, b) => b - a)) {
    if (missing === 0) break;
    const equal = Int32Array.from(remainders, (_, i) => i).filter((i) => remainders[i] === remainder);
    for (const i of permuted(equal, random).slice(0, missing)) {
      dealt[i]! += 1;
      missing -= 1;
    }
  }
  return dealt;
}

/**
 * k folds that never part a group: the largest group goes to the smallest fold so far (scikit-learn 1.9.1 `GroupKFold`;
 * groups of equal size: the later first).
 * @param groups group code per row, 0 …
 * @throws InputError `Folds` where there are fewer groups than folds
 */
export function groupKFold(groups: ArrayLike<number>, k: number): Fold[] {
  const sizes: number[] = [];
  for (let row = 0; row < groups.length; row += 1) sizes[groups[row]!] = (sizes[groups[row]!] ?? 0) + 1;
  const codes = [...sizes.keys()].filter((code) => sizes[code]! > 0);
  if (!Number.isSafeInteger(k) || k < 2 || k > codes.length)
    throw new InputError('Folds', `${k} folds of ${codes.length} groups`, {
      field: 'validation.k',
      rule: 'an integer from 2 to the number of groups',
    });
  const filled = new Float64Array(k);
  const foldOfGroup = new Map<number, number>();
  for (const code of codes.sort((a, b) => sizes[b]! - sizes[a]! || b - a)) {
    const lightest = filled.indexOf(Math.min(...filled));
    filled[lightest]! += sizes[code]!;
    foldOfGroup.set(code, lightest);
  }
  return Array.from({ length: k }, (_, fold) => {
    const test = sequence(groups.length).filter((row) => foldOfGroup.get(groups[row]!) === fold);
    return foldOf(groups.length, test);
  });
}

/**
 * Folds that are fitted on what lies before them only (scikit-learn 1.9.1 `TimeSeriesSplit(n_splits=k, gap=gap,
 * test_size=testRows, max_train_size=maximumTrainingRows)`).
 * @param order rows of the table from the first to the last in time
 * @throws InputError `Folds`
 */
export function timeSeriesSplit(
  order: Int32Array,
  k: number,
  { gap = 0, testRows = Math.floor(order.length / (k + 1)), maximumTrainingRows = Infinity } = {},
): Fold[] {
  const n = order.length;
  if (!Number.isSafeInteger(k) || k < 2 || testRows < 1 || n - k * testRows - gap < 1)
    throw new InputError('Folds', `${k} folds of ${testRows} rows and a gap of ${gap} in ${n} rows`, {
      field: 'validation.k',
      rule: 'rows to fit on before the first fold',
    });
  return Array.from({ length: k }, (_, fold) => {
    const start = n - (k - fold) * testRows;
    const end = start - gap;
    return {
      training: order.slice(Math.max(0, end - maximumTrainingRows), end).sort(),
      test: order.slice(start, start + testRows).sort(),
    };
  });
}
