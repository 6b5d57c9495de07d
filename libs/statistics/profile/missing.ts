import { chiSquareSf } from '../special/distributions.js';
import type { Table, TableColumn } from '../table/index.js';
import { invert, zeros } from './matrix.js';
import { isConstant, momentsOf, populationDeviation } from './moments.js';

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
  /** Rows read: all, or evenly spaced ones of a very long table. */
  readonly rows: number;
  readonly iterations: number;
  readonly columns: readonly string[];
}

const maximumColumns = 50;
/** Patterns × columns³ of one step of EM at most. */
const maximumWork = 2e7;
/** A profile reads at most so many rows for Little's test, evenly spaced. */
export const rowsOfProfile = 200_000;

const isMissing = (column: TableColumn, row: number): boolean =>
  column.kind === 'numeric' ? Number.isNaN(column.values[row]!) : column.codes[row]! < 0;

/** The patterns, without the test, which is a task of its own. */
export function missingPatterns(table: Table): Omit<MissingProfile, 'little'> {
  const holey = table.columns.filter(({ nulls }) => nulls > 0);
  // The pattern of a row is built column by column: a pattern and one more bit make the next pattern.
  const pattern = new Int32Array(holey.length > 0 ? table.rows : 0);
  let members: (readonly string[])[] = [[]];
  for (const column of holey) {
    const next = new Map<number, number>();
    const grown: (readonly string[])[] = [];
    for (let row = 0; row < table.rows; row += 1) {
      const missing = isMissing(column, row);
      const key = pattern[row]! * 2 + (missing ? 1 : 0);
      let code = next.get(key);
      if (code === undefined) {
        next.set(key, (code = grown.length));
        const before = members[pattern[row]!]!;
        grown.push(missing ? [...before, column.name] : before);
      }
      pattern[row] = code;
    }
    members = grown;
  }
  const counts = new Float64Array(members.length);
  if (holey.length === 0) counts[0] = table.rows;
  else for (const code of pattern) counts[code]! += 1;
  const patterns = members
    .map((missing, code) => ({ missing, rows: counts[code]! }))
    .filter(({ rows }) => rows > 0)
    .sort((a, b) => b.rows - a.rows || (a.missing.join('\0') < b.missing.join('\0') ? -1 : 1));
  return {
    patterns: patterns.slice(0, 50),
    completeRows: patterns.find(({ missing }) => missing.length === 0)?.rows ?? 0,
  };
}

/**
 * Little's test that values are missing completely at random (R. J. A. Little, JASA 83, 1988): Σ over patterns of
 * n_j (ȳ_j − μ)' Σ⁻¹ (ȳ_j − μ) on the observed columns, μ and Σ by EM under a normal model (Dempster, Laird, Rubin),
 * chi-square with Σ k_j − k degrees. Over the numeric columns that vary, standardised first (the test does not change).
 * EM works on the sums and cross products of each pattern, so that a step costs patterns, not rows.
 * @returns undefined where no numeric column misses a value
 */
export function littleTest(
  table: Pick<Table, 'rows' | 'columns'>,
  maximumRows = Infinity,
): LittleTest | { undefined: string } | undefined {
  const columns = table.columns.flatMap((column) => (column.kind === 'numeric' ? [column] : []));
  if (!columns.some(({ nulls }) => nulls > 0)) return undefined;
  const stride = Math.max(1, Math.ceil(table.rows / maximumRows));
  const room = new Float64Array(Math.ceil(table.rows / stride));
  const used = columns.flatMap(({ name, values }) => {
    const scaling = scalingOf(values, stride, room);
    return scaling ? [{ name, values, ...scaling }] : [];
  });
  const k = used.length;
  if (k < 2) return { undefined: 'fewer-than-two-varying-columns' };
  if (k > maximumColumns) return { undefined: `more-than-${maximumColumns}-columns` };
  const patterns = patternsOf(used, room.length, stride);
  if (!patterns || patterns.length * k ** 3 > maximumWork) return { undefined: 'too-many-patterns' };
  const fitted = expectationMaximisation(k, patterns);
  if (!fitted) return { undefined: 'singular-covariance' };
  let statistic = 0;
  let degrees = -k;
  for (const { observed, n, sums } of patterns) {
    const inverse = invert(observed.map((i) => observed.map((j) => fitted.covariance[i]![j]!)));
    if (!inverse) return { undefined: 'singular-covariance' };
    const gap = observed.map((i, o) => sums[o]! / n - fitted.mean[i]!);
    let form = 0;
    gap.forEach((a, i) => gap.forEach((b, j) => (form += a * inverse[i]![j]! * b)));
    statistic += n * form;
    degrees += observed.length;
  }
  if (degrees <= 0) return { undefined: 'one-pattern' };
  return {
    statistic,
    degrees,
    pvalue: chiSquareSf(statistic, degrees),
    patterns: patterns.length,
    rows: patterns.reduce((sum, { n }) => sum + n, 0),
    iterations: fitted.iterations,
    columns: used.map(({ name }) => name),
  };
}

/** Mean and population deviation of every `stride`-th finite value. @returns undefined where they do not vary */
function scalingOf(values: Float64Array, stride: number, room: Float64Array): { mean: number; sd: number } | undefined {
  for (let i = 0; i < room.length; i += 1) {
    const value = values[i * stride]!;
    room[i] = Number.isFinite(value) ? value : Number.NaN;
  }
  const moments = momentsOf(room);
  if (moments.n < 2 || isConstant(moments)) return undefined;
  return { mean: moments.mean, sd: populationDeviation(moments) };
}

/** Rows with the same columns observed: their number, sums and cross products over these columns. */
interface Pattern {
  readonly observed: readonly number[];
  n: number;
  readonly sums: Float64Array;
  /** Row by row, observed × observed. */
  readonly products: Float64Array;
}

/**
 * Every `stride`-th row, standardised as it is read; infinities count as missing.
 * @returns undefined where there are more patterns than EM could work on
 */
function patternsOf(
  columns: readonly { readonly values: Float64Array; readonly mean: number; readonly sd: number }[],
  rows: number,
  stride: number,
): Pattern[] | undefined {
  const k = columns.length;
  const most = maximumWork / k ** 3;
  // The columns that are there as bits of a number: exact, since there are at most 50.
  const found = new Map<number, Pattern>();
  const [sources, means, sds] = [
    columns.map(({ values }) => values),
    columns.map(({ mean }) => mean),
    columns.map(({ sd }) => sd),
  ];
  const bits = columns.map((_, i) => 2 ** i);
  const x = new Float64Array(k);
  let [last, pattern]: [number, Pattern | undefined] = [0, undefined];
  for (let row = 0; row < rows; row += 1) {
    let size = 0;
    let key = 0;
    for (let i = 0; i < k; i += 1) {
      const value = sources[i]![row * stride]!;
      if (value - value !== 0) continue;
      x[size] = (value - means[i]!) / sds[i]!;
      size += 1;
      key += bits[i]!;
    }
    if (size === 0) continue;
    if (key !== last || !pattern) {
      pattern = found.get(key);
      if (!pattern) {
        if (found.size >= most) return undefined;
        const observed = columns.map((_, i) => i).filter((i) => Math.floor(key / bits[i]!) % 2 === 1);
        pattern = { observed, n: 0, sums: new Float64Array(size), products: new Float64Array(size * size) };
        found.set(key, pattern);
      }
      last = key;
    }
    const { sums, products } = pattern;
    pattern.n += 1;
    for (let i = 0; i < size; i += 1) {
      const a = x[i]!;
      sums[i]! += a;
      const to = i * size;
      for (let j = 0; j <= i; j += 1) products[to + j]! += a * x[j]!;
    }
  }
  for (const { observed, products } of found.values())
    for (let i = 0; i < observed.length; i += 1)
      for (let j = 0; j < i; j += 1) products[j * observed.length + i] = products[i * observed.length + j]!;
  return [...found.values()];
}

/** Mean and covariance under a normal model; stops where nothing changes by 1e-10, or after 1,000 steps. */
function expectationMaximisation(
  k: number,
  patterns: readonly Pattern[],
): { mean: Float64Array; covariance: Float64Array[]; iterations: number } | undefined {
  const n = patterns.reduce((sum, pattern) => sum + pattern.n, 0);
  let mean = new Float64Array(k);
  let covariance = zeros(k, k);
  for (let i = 0; i < k; i += 1) covariance[i]![i] = 1;
  for (let iteration = 1; iteration <= 1000; iteration += 1) {
    const sums = new Float64Array(k);
    const products = zeros(k, k);
    for (const pattern of patterns) if (!addExpected(pattern, mean, covariance, sums, products)) return undefined;
    const nextMean = sums.map((sum) => sum / n);
    const next = products.map((row, i) => row.map((value, j) => value / n - nextMean[i]! * nextMean[j]!));
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

/** Adds what one pattern's rows are expected to sum to. A missing value is a + B x of the observed ones. */
function addExpected(
  { observed, n, sums: own, products: cross }: Pattern,
  mean: Float64Array,
  covariance: readonly Float64Array[],
  sums: Float64Array,
  products: readonly Float64Array[],
): boolean {
  const size = observed.length;
  for (let i = 0; i < size; i += 1) {
    sums[observed[i]!]! += own[i]!;
    for (let j = 0; j < size; j += 1) products[observed[i]!]![observed[j]!]! += cross[i * size + j]!;
  }
  const seen = new Set(observed);
  const missing = Array.from(mean.keys()).filter((i) => !seen.has(i));
  if (missing.length === 0) return true;
  const inverse = invert(observed.map((i) => observed.map((j) => covariance[i]![j]!)));
  if (!inverse) return false;
  const slopes = missing.map((i) =>
    Float64Array.from(observed, (_, j) =>
      observed.reduce((sum, o, l) => sum + covariance[i]![o]! * inverse[l]![j]!, 0),
    ),
  );
  const starts = missing.map((i, m) => mean[i]! - dot(slopes[m]!, observed, mean));
  const fitted = slopes.map((slope) => slope.reduce((sum, value, j) => sum + value * own[j]!, 0));
  // B C, missing × observed.
  const carried = slopes.map((slope) =>
    Float64Array.from(observed, (_, j) => slope.reduce((sum, value, l) => sum + value * cross[l * size + j]!, 0)),
  );
  missing.forEach((i, m) => {
    sums[i]! += n * starts[m]! + fitted[m]!;
    observed.forEach((o, j) => {
      const value = starts[m]! * own[j]! + carried[m]![j]!;
      products[i]![o]! += value;
      products[o]![i]! += value;
    });
    missing.forEach((h, l) => {
      const conditional =
        covariance[i]![h]! - observed.reduce((sum, o, j) => sum + slopes[m]![j]! * covariance[o]![h]!, 0);
      const carriedBoth = carried[m]!.reduce((sum, value, j) => sum + value * slopes[l]![j]!, 0);
      products[i]![h]! +=
        n * conditional + n * starts[m]! * starts[l]! + starts[m]! * fitted[l]! + fitted[m]! * starts[l]! + carriedBoth;
    });
  });
  return true;
}

function dot(slope: Float64Array, observed: readonly number[], mean: Float64Array): number {
  return observed.reduce((sum, o, j) => sum + slope[j]! * mean[o]!, 0);
}
