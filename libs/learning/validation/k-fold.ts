import { InputError, MersenneTwister } from '#libs/statistics';
import type { Fold } from '#libs/statistics';

/**
 * k folds of consecutive rows, or of shuffled ones: the same as scikit-learn 1.9.1
 * `KFold(n_splits=k, shuffle=seed !== undefined, random_state=seed)`; the first n mod k folds hold one row more.
 * @throws InputError `Folds`
 */
export function kFold(rows: number, k: number, seed?: number): Fold[] {
  if (!Number.isSafeInteger(k) || k < 2 || k > rows)
    throw new InputError('Folds', `${k} folds of ${rows} rows`, {
      field: 'validation.k',
      rule: 'an integer from 2 to the number of rows',
    });
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  if (seed !== undefined) new MersenneTwister(seed).shuffle(order);
  const folds: Fold[] = [];
  let start = 0;
  for (let fold = 0; fold < k; fold += 1) {
    const end = start + Math.floor(rows / k) + (fold < rows % k ? 1 : 0);
    folds.push(foldOf(rows, order.slice(start, end)));
    start = end;
  }
  return folds;
}

/** The fold whose test rows are the given ones, and which is fitted on all others. */
export function foldOf(rows: number, test: Int32Array): Fold {
  const isTest = new Uint8Array(rows);
  for (const row of test) isTest[row] = 1;
  const training = new Int32Array(rows - test.length);
  let next = 0;
  for (let row = 0; row < rows; row += 1) if (!isTest[row]) training[next++] = row;
  return { training, test: test.toSorted() };
}
