export function zeros(rows: number, columns: number): Float64Array[] {
  return Array.from({ length: rows }, () => new Float64Array(columns));
}

/** Gauss-Jordan with pivoting. @returns undefined where singular */
export function invert(matrix: readonly ArrayLike<number>[]): Float64Array[] | undefined {
  const n = matrix.length;
  const a = matrix.map((row, i) => {
    const wide = new Float64Array(2 * n);
    wide.set(row);
    wide[n + i] = 1;
    return wide;
  });
  for (let i = 0; i < n; i += 1) {
    let pivot = i;
    for (let row = i + 1; row < n; row += 1) if (Math.abs(a[row]![i]!) > Math.abs(a[pivot]![i]!)) pivot = row;
    if (!(Math.abs(a[pivot]![i]!) >= 1e-12)) return undefined;
    [a[i], a[pivot]] = [a[pivot]!, a[i]!];
    const own = a[i]!;
    const divisor = own[i]!;
    for (let j = i; j < 2 * n; j += 1) own[j]! /= divisor;
    for (let row = 0; row < n; row += 1) {
      if (row === i) continue;
      const other = a[row]!;
      const factor = other[i]!;
      if (factor !== 0) for (let j = i; j < 2 * n; j += 1) other[j]! -= factor * own[j]!;
    }
  }
  return a.map((row) => row.slice(n));
}
