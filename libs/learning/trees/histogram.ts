import type { BinnedColumns } from './bins.js';

/** Rows of a bin of one column, over rows `start … end − 1` of `rows`. */
export function countBins(
  { words }: Pick<BinnedColumns, 'words'>,
  column: number,
  rows: Int32Array,
  start: number,
  end: number,
  counts: Int32Array,
): void {
  const own = words[column >> 2]!;
  const shift = (column & 3) * 8;
  counts.fill(0);
  for (let i = start; i < end; i += 1) counts[(own[rows[i]!]! >>> shift) & 255]! += 1;
}

/**
 * Moves the rows of `start … end − 1` whose bin of the column is ≤ `bin` before the others; the order within each side
 * stays.
 * @param spare as long as `rows`
 * @returns index of the first row of the right side
 */
export function partition(
  { words }: Pick<BinnedColumns, 'words'>,
  column: number,
  bin: number,
  rows: Int32Array,
  start: number,
  end: number,
  spare: Int32Array,
): number {
  const own = words[column >> 2]!;
  const shift = (column & 3) * 8;
  let left = start;
  let right = 0;
  for (let i = start; i < end; i += 1) {
    const row = rows[i]!;
    // Written to both sides, kept on one: no branch that the processor would guess wrong every other time.
    const stays = (((own[row]! >>> shift) & 255) - bin - 1) >>> 31;
    rows[left] = row;
    spare[right] = row;
    left += stays;
    right += 1 - stays;
  }
  rows.set(spare.subarray(0, right), left);
  return left;
}
