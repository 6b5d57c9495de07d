/**
 * P(U ≥ u) of Mann and Whitney's U without ties: the number of ways that n1 of n1 + n2 ranks give it, by the recurrence of the
 * Gaussian binomial coefficient. O(n1² n2) in counts that are doubles (exact below 2^53).
 */
export function mannWhitneyExactSf(u: number, n1: number, n2: number): number {
  const most = n1 * n2;
  // Coefficients of ∏ (1 − q^{n2+i}) / (1 − q^i), i = 1 … n1.
  const ways = new Float64Array(most + 1);
  ways[0] = 1;
  for (let i = 1; i <= n1; i += 1) {
    for (let k = most; k >= n2 + i; k -= 1) ways[k]! -= ways[k - n2 - i]!;
    for (let k = i; k <= most; k += 1) ways[k]! += ways[k - i]!;
  }
  let [tail, total] = [0, 0];
  for (let k = 0; k <= most; k += 1) {
    total += ways[k]!;
    if (k >= u) tail += ways[k]!;
  }
  return tail / total;
}

/**
 * P(T ≥ t) of the two-sample Cramér-von Mises statistic, exactly, without ties (Y. Xiao, A. Gordon and A. Yakovlev, J. Stat. Software
 * 17(8), 2007): over all lattice paths from (0, 0) to (n, m), how often the sum of squared gaps, in whole numbers, reaches the observed.
 * @param statistic T = n m / (n + m)² Σ (F − G)²
 */
export function cramerVonMisesExactSf(statistic: number, n: number, m: number): number {
  const divisor = greatestCommon(n, m);
  const [a, b] = [n / divisor, m / divisor];
  const least = (n * m) / divisor;
  // As scipy: tied samples give a sum between whole numbers, and the one below counts.
  const reached = Math.floor((statistic * least * least * (n + m) ** 2) / (n * m) + 1e-7);
  let row: Map<number, number>[] = [];
  for (let i = 0; i <= n; i += 1) {
    const next: Map<number, number>[] = [];
    for (let j = 0; j <= m; j += 1) {
      const own = new Map<number, number>();
      const gap = (i * b - j * a) ** 2;
      if (i === 0 && j === 0) own.set(0, 1);
      for (const before of [i > 0 ? row[j] : undefined, j > 0 ? next[j - 1] : undefined])
        before?.forEach((count, sum) => own.set(sum + gap, (own.get(sum + gap) ?? 0) + count));
      next.push(own);
    }
    row = next;
  }
  let [tail, total] = [0, 0];
  row[m]!.forEach((count, sum) => {
    total += count;
    if (sum >= reached) tail += count;
  });
  return tail / total;
}

function greatestCommon(a: number, b: number): number {
  return b === 0 ? a : greatestCommon(b, a % b);
}
