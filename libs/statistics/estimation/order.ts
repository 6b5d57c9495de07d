/** Row numbers in ascending order of their value; equal values keep the order of their rows. No NaN. */
export function sortedRows(values: ArrayLike<number>): Int32Array {
  const order = new Int32Array(values.length);
  for (let i = 0; i < order.length; i += 1) order[i] = i;
  return order.sort((a, b) => values[a]! - values[b]! || a - b);
}
