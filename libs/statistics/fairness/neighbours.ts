import { InputError } from '../errors.js';

/** Pairs of rows compared at most: about ten seconds. */
const maximumPairs = 2e9;

/**
 * The k nearest rows of `known` to each row of `asked`, Euclidean; of rows equally far, the earlier ones. Every pair is
 * looked at. `known` and `asked` are columns of equal length within each.
 * @returns row numbers, k for each asked row, nearest first
 * @throws InputError `TooManyRows`
 */
export function nearestRows(known: readonly Float64Array[], asked: readonly Float64Array[], k: number): Int32Array {
  const [n, m] = [known[0]?.length ?? 0, asked[0]?.length ?? 0];
  if (n * m > maximumPairs)
    throw new InputError('TooManyRows', `${n} × ${m} pairs of rows`, { rule: `at most ${maximumPairs} pairs of rows` });
  const found = new Int32Array(m * k);
  const distances = new Float64Array(n);
  const best = new Float64Array(k);
  for (let row = 0; row < m; row += 1) {
    distances.fill(0);
    known.forEach((column, feature) => {
      const own = asked[feature]![row]!;
      for (let i = 0; i < n; i += 1) {
        const d = column[i]! - own;
        distances[i]! += d * d;
      }
    });
    best.fill(Infinity);
    const at = row * k;
    for (let i = 0; i < n; i += 1) {
      const distance = distances[i]!;
      if (!(distance < best[k - 1]!)) continue;
      let place = k - 1;
      for (; place > 0 && best[place - 1]! > distance; place -= 1) {
        best[place] = best[place - 1]!;
        found[at + place] = found[at + place - 1]!;
      }
      best[place] = distance;
      found[at + place] = i;
    }
  }
  return found;
}

/** 1 − mean |ŷ − mean ŷ of its k nearest rows|, the row among them (Zemel et al., ICML 2013; AIF360 0.6.1). */
export function consistency(features: readonly Float64Array[], predictions: Uint8Array, k: number): number {
  const nearest = nearestRows(features, features, k);
  let sum = 0;
  predictions.forEach((own, row) => {
    let near = 0;
    for (let i = row * k; i < (row + 1) * k; i += 1) near += predictions[nearest[i]!]!;
    sum += Math.abs(own - near / k);
  });
  return 1 - sum / predictions.length;
}

/**
 * Flip test of SageMaker Clarify (smclarify 0.5): a k-nearest-neighbour vote of the advantaged side's decisions is put
 * beside the decisions on the other side; (favourable where the vote is not − unfavourable where the vote is) / rows of
 * that side. k is 5, or 1 where the advantaged side has fewer than 10 rows.
 */
export function flipTest(
  features: readonly Float64Array[],
  predictions: Uint8Array,
  privileged: Uint8Array,
): number | undefined {
  const rows = Array.from(privileged.keys());
  const a = rows.filter((row) => privileged[row] === 1);
  const d = rows.filter((row) => privileged[row] === 0);
  if (a.length === 0 || d.length === 0) return undefined;
  const pick = (own: readonly number[]): Float64Array[] =>
    features.map((column) => Float64Array.from(own, (row) => column[row]!));
  const k = a.length < 10 ? 1 : 5;
  const nearest = nearestRows(pick(a), pick(d), k);
  let flips = 0;
  d.forEach((row, i) => {
    let votes = 0;
    for (let j = i * k; j < (i + 1) * k; j += 1) votes += predictions[a[nearest[j]!]!]!;
    flips += predictions[row]! - (votes * 2 > k ? 1 : 0);
  });
  return flips / d.length;
}
