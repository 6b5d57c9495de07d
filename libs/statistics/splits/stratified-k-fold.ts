import { InputError } from '../errors.js';
import { MersenneTwister } from './mersenne-twister.js';

/** One fold: rows to fit on and rows to score, both ascending. */
export interface Fold {
  readonly training: Int32Array;
  readonly test: Int32Array;
}

/**
 * Stratified k-fold: every fold gets its share of every class, as even as whole rows allow. The same folds as
 * scikit-learn 1.9.1 `StratifiedKFold(n_splits=k, shuffle=seed !== undefined, random_state=seed)`: classes in order of
 * first appearance; class sizes per fold from dealing the class-sorted rows round; without a seed each class fills the
 * folds in row order, with a seed each class's fold numbers are shuffled by MT19937.
 *
 * @param labels class code per row, ≥ 0
 * @throws InputError `Folds` where k is no integer ≥ 2, `ClassTooSmall` where every class has fewer than k rows or
 * some class is rarer than k (scikit-learn only warns in the second case; a fold without a class hides its errors).
 */
export function stratifiedKFold(labels: ArrayLike<number>, k: number, seed?: number): Fold[] {
  if (!Number.isSafeInteger(k) || k < 2)
    throw new InputError('Folds', `${k} folds`, { field: 'validation.k', rule: 'an integer ≥ 2' });
  const classOf = new Map<number, number>();
  const sizes: number[] = [];
  const codes = new Int32Array(labels.length);
  for (let row = 0; row < labels.length; row += 1) {
    let code = classOf.get(labels[row]!);
    if (code === undefined) {
      code = sizes.length;
      classOf.set(labels[row]!, code);
      sizes.push(0);
    }
    codes[row] = code;
    sizes[code]! += 1;
  }
  for (const [label, code] of classOf)
    if (sizes[code]! < k)
      throw new InputError('ClassTooSmall', `class ${label} has ${sizes[code]} rows for ${k} folds`, {
        field: 'target',
        rule: `at least ${k} rows of each class`,
        rows: sizes[code],
      });
  const random = seed === undefined ? undefined : new MersenneTwister(seed);
  const foldOf = new Int32Array(labels.length);
  let start = 0;
  sizes.forEach((size, code) => {
    const folds = new Int32Array(size);
    let filled = 0;
    for (let fold = 0; fold < k; fold += 1) {
      // Positions start … start + size - 1 of the class-sorted rows, dealt round: fold takes those ≡ fold (mod k).
      const count = dealt(start + size, fold, k) - dealt(start, fold, k);
      folds.fill(fold, filled, filled + count);
      filled += count;
    }
    random?.shuffle(folds);
    let next = 0;
    for (let row = 0; row < codes.length; row += 1) if (codes[row] === code) foldOf[row] = folds[next++]!;
    start += size;
  });
  return Array.from({ length: k }, (_, fold) => ({
    training: rowsWhere(foldOf, (assigned) => assigned !== fold),
    test: rowsWhere(foldOf, (assigned) => assigned === fold),
  }));
}

/** How many of the positions 0 … end - 1 are ≡ fold modulo k. */
function dealt(end: number, fold: number, k: number): number {
  return end <= fold ? 0 : Math.floor((end - 1 - fold) / k) + 1;
}

function rowsWhere(foldOf: Int32Array, accept: (fold: number) => boolean): Int32Array {
  const rows = new Int32Array(foldOf.length);
  let length = 0;
  foldOf.forEach((fold, row) => {
    if (accept(fold)) rows[length++] = row;
  });
  return rows.slice(0, length);
}
