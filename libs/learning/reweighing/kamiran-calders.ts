import { InputError } from '#libs/statistics';
import type { CategoryColumn } from '#libs/statistics';

/**
 * Reweighing (F. Kamiran and T. Calders, Knowledge and Information Systems 33, 2012; AIF360 0.6.1 `Reweighing`): a row
 * of group g and label c weighs P(g) P(c) / P(g, c), so that label and group are independent in the weighted rows.
 * @param rows rows to weigh; the probabilities are over these rows
 * @returns one weight per entry of `rows`
 * @throws InputError `UnknownGroup` where the protected attribute is null
 */
export function reweigh(protectedColumn: CategoryColumn, labels: Uint8Array, rows: Int32Array): Float64Array {
  const groups = protectedColumn.categories.length;
  const joint = new Float64Array(groups * 2);
  for (const row of rows) {
    const group = protectedColumn.codes[row]!;
    if (group < 0)
      throw new InputError('UnknownGroup', `"${protectedColumn.name}" is unknown in row ${row}`, {
        field: protectedColumn.name,
        row,
        rule: 'reweighing needs the group of every row',
      });
    joint[group * 2 + labels[row]!]! += 1;
  }
  const n = rows.length;
  const positives = rows.reduce((sum, row) => sum + labels[row]!, 0);
  return Float64Array.from(rows, (row) => {
    const group = protectedColumn.codes[row]!;
    const size = joint[group * 2]! + joint[group * 2 + 1]!;
    const ofLabel = labels[row] === 1 ? positives : n - positives;
    return (size * ofLabel) / (n * joint[group * 2 + labels[row]!]!);
  });
}
