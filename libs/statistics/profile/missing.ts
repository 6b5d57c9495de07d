import { chiSquareSf } from '../special/distributions.js';
import type { Table } from '../table/index.js';

export interface MissingProfile {
  /** Patterns of missing columns with their rows, most frequent first, at most 50; the empty pattern is a complete row. */
  readonly patterns: readonly { readonly missing: readonly string[]; readonly rows: number }[];
  readonly completeRows: number;
  readonly little?: LittleTest | { readonly undefined: string };
}

/** Small p: the values are not missing completely at random. */
export interface LittleTest {
  readonly statistic: number;
  readonly degrees: number;
  readonly pvalue: number;
  readonly patterns: number;
  readonly iterations: number;
  readonly columns: readonly string[];
}

const maximumColumns = 50;

export function missingProfile(table: Table): MissingProfile {
  const holey = table.columns.filter(({ nulls }) => nulls > 0);
  const counts = new Map<string, number>();
  for (let row = 0; row < table.rows; row += 1) {
    const key = holey
      .map((column) =>
        (column.kind === 'numeric' ? Number.isNaN(column.values[row]!) : column.codes[row]! < 0) ? '1' : '0',
      )
      .join('');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const patterns = [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([key, rows]) => ({ missing: holey.filter((_, i) => key[i] === '1').map(({ name }) => name), rows }));
  const little = littleTest(table);
  return {
    patterns: patterns.slice(0, 50),
    completeRows: patterns.find(({ missing }) => missing.length === 0)?.rows ?? 0,
    ...(little ? { little } : {}),
  };
}

/**
 * Little's test that values are missing completely at random (R. J. A. Little, JASA 83, 1988): Σ over patterns of
 * n_j (ȳ_j − μ)' Σ⁻¹ (ȳ_j − μ) on the observed columns, μ and Σ by EM under a normal model (Dempster, Laird, Rubin),
 * chi-square with Σ k_j − k degrees. Over the numeric columns that vary, standardised first (the test does not change).
 * @returns undefined where no numeric column misses a value
 */
export function littleTest(table: Table): LittleTest | { undefined: string } | undefined {
  const columns = table.columns.flatMap((column) => (column.kind === 'numeric' ? [column] : []));
  if (!columns.some(({ nulls }) => nulls > 0)) return undefined;
  const used = columns.filter(({ values }) => new Set(values.filter(Number.isFinite).slice(0, 10_000)).size > 1);
  const k = used.length;
  if (k < 2) return { undefined: 'fewer-than-two-varying-columns' };
  if (k > maximumColumns) return { undefined: `more-than-${maximumColumns}-columns` };
  const data = used.map(({ values }) => standardised(values));
  const groups = new Map<string, number[]>();
  for (let row = 0; row < table.rows; row += 1) {
    const key = data.map((values) => (Number.isNaN(values[row]!) ? '0' : '1')).join('');
    if (!key.includes('1')) continue;
    const rows = groups.get(key);
    if (rows) rows.push(row);
    else groups.set(key, [row]);
  }
  const patterns = [...groups].map(([key, rows]) => ({
    observed: data.map((_, i) => i).filter((i) => key[i] === '1'),
    rows,
  }));
  const fitted = expectationMaximisation(data, patterns);
  if (!fitted) return { undefined: 'singular-covariance' };
  let statistic = 0;
  let degrees = -k;
  for (const { observed, rows } of patterns) {
    const inverse = invert(observed.map((i) => observed.map((j) => fitted.covariance[i]![j]!)));
    if (!inverse) return { undefined: 'singular-covariance' };
    const gap = observed.map((i) => rows.reduce((sum, row) => sum + data[i]![row]!, 0) / rows.length - fitted.mean[i]!);
    let form = 0;
    gap.forEach((a, i) => gap.forEach((b, j) => (form += a * inverse[i]![j]! * b)));
    statistic += rows.length * form;
    degrees += observed.length;
  }
  if (degrees <= 0) return { undefined: 'one-pattern' };
  return {
    statistic,
    degrees,
    pvalue: chiSquareSf(statistic, degrees),
    patterns: patterns.length,
    iterations: fitted.iterations,
    columns: used.map(({ name }) => name),
  };
}

function standardised(values: Float64Array): Float64Array {
  const present = values.filter(Number.isFinite);
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length;
  const sd = Math.sqrt(present.reduce((sum, value) => sum + (value - mean) ** 2, 0) / present.length);
  return values.map((value) => (Number.isFinite(value) ? (value - mean) / sd : Number.NaN));
}

interface Pattern {
  readonly observed: number[];
  readonly rows: number[];
}

function expectationMaximisation(
  data: Float64Array[],
  patterns: Pattern[],
): { mean: number[]; covariance: number[][]; iterations: number } | undefined {
  const k = data.length;
  const n = patterns.reduce((sum, { rows }) => sum + rows.length, 0);
  let mean = zeros(k);
  let covariance: number[][] = data.map((_, i) => data.map((__, j) => (i === j ? 1 : 0)));
  for (let iteration = 1; iteration <= 1000; iteration += 1) {
    const sums = zeros(k);
    const products = data.map(() => zeros(k));
    for (const { observed, rows } of patterns) {
      const missing = data.map((_, i) => i).filter((i) => !observed.includes(i));
      const inverse = invert(observed.map((i) => observed.map((j) => covariance[i]![j]!)));
      if (!inverse) return undefined;
      const regression = missing.map((i) =>
        observed.map((_, j) => observed.reduce((sum, o, l) => sum + covariance[i]![o]! * inverse[l]![j]!, 0)),
      );
      missing.forEach((i, a) =>
        missing.forEach(
          (j) =>
            (products[i]![j]! +=
              rows.length *
              (covariance[i]![j]! - observed.reduce((sum, o, l) => sum + regression[a]![l]! * covariance[o]![j]!, 0))),
        ),
      );
      const x = new Float64Array(k);
      for (const row of rows) {
        for (const i of observed) x[i] = data[i]![row]!;
        missing.forEach(
          (i, a) =>
            (x[i] =
              mean[i]! + observed.reduce((sum, o, l) => sum + regression[a]![l]! * (data[o]![row]! - mean[o]!), 0)),
        );
        for (let i = 0; i < k; i += 1) {
          sums[i]! += x[i]!;
          for (let j = 0; j <= i; j += 1) products[i]![j]! += x[i]! * x[j]!;
        }
      }
      // The conditional covariance above filled both triangles; keep the lower one.
    }
    const nextMean = sums.map((sum) => sum / n);
    const next = data.map((_, i) =>
      data.map((__, j) => products[Math.max(i, j)]![Math.min(i, j)]! / n - nextMean[i]! * nextMean[j]!),
    );
    let change = 0;
    for (let i = 0; i < k; i += 1) {
      change = Math.max(change, Math.abs(nextMean[i]! - mean[i]!));
      for (let j = 0; j < k; j += 1) change = Math.max(change, Math.abs(next[i]![j]! - covariance[i]![j]!));
    }
    mean = nextMean;
    covariance = next;
    if (change < 1e-10) return { mean, covariance, iterations: iteration };
  }
  return { mean, covariance, iterations: 1000 };
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

/** Gauss-Jordan with pivoting. @returns undefined where singular */
function invert(matrix: number[][]): number[][] | undefined {
  const n = matrix.length;
  const a = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let i = 0; i < n; i += 1) {
    let pivot = i;
    for (let row = i + 1; row < n; row += 1) if (Math.abs(a[row]![i]!) > Math.abs(a[pivot]![i]!)) pivot = row;
    if (Math.abs(a[pivot]![i]!) < 1e-12) return undefined;
    [a[i], a[pivot]] = [a[pivot]!, a[i]!];
    const divisor = a[i]![i]!;
    for (let j = 0; j < 2 * n; j += 1) a[i]![j]! /= divisor;
    for (let row = 0; row < n; row += 1) {
      if (row === i) continue;
      const factor = a[row]![i]!;
      if (factor !== 0) for (let j = 0; j < 2 * n; j += 1) a[row]![j]! -= factor * a[i]![j]!;
    }
  }
  return a.map((row) => row.slice(n));
}
