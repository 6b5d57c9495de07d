import { InputError } from '#libs/statistics';
import type { CategoryColumn } from '#libs/statistics';

/**
 * Reweighing (F. Kamiran and T. Calders, Knowledge and Information Systems 33, 2012; AIF360 0.6.1 `Reweighing`): a row
 * of group g and label c weighs P(g) P(c) / P(g, c), so that label and group are independent in the weighted rows.
 * @param rows rows to weigh; the probabilities are over these rows
 * @param weights what each of them counts for before; default 1, and the result is multiplied by it, as AIF360 does
 * @returns one weight per entry of `rows`
 * @throws InputError `UnknownGroup` where the protected attribute is null
 */
export function reweigh(
  protectedColumn: CategoryColumn,
  labels: Uint8Array,
  rows: Int32Array,
  weights?: Float64Array,
): Float64Array {
  const groups = protectedColumn.categories.length;
  const joint = new Float64Array(groups * 2);
  for (const [place, row] of rows.entries()) {
    const group = protectedColumn.codes[row]!;
    if (group < 0)
      throw new InputError('UnknownGroup', `"${protectedColumn.name}" is unknown in row ${row}`, {
        field: protectedColumn.name,
        row,
        rule: 'reweighing needs the group of every row',
      });
    joint[group * 2 + labels[row]!]! += weights?.[place] ?? 1;
  }
  const of = (label: number): number => joint.reduce((sum, own, at) => (at % 2 === label ? sum + own : sum), 0);
  const [negatives, positives] = [of(0), of(1)];
  const n = negatives + positives;
  return Float64Array.from(rows, (row, place) => {
    const weight = weights?.[place] ?? 1;
    if (weight === 0) return 0;
    const group = protectedColumn.codes[row]!;
    const size = joint[group * 2]! + joint[group * 2 + 1]!;
    const ofLabel = labels[row] === 1 ? positives : negatives;
    return (weight * size * ofLabel) / (n * joint[group * 2 + labels[row]!]!);
  });
}
