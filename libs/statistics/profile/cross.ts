/** A column as it is compared with others: (x − centre) / scale, so that products neither overflow nor cancel. */
export interface ScaledColumn {
  readonly values: Float64Array;
  readonly centre: number;
  readonly scale: number;
  /** Some values are missing or infinite. */
  readonly holes: boolean;
}

/**
 * Sums over rows for every pair of k columns; entry (i, j) at i k + j. Blocks of rows merge by adding the arrays, in
 * the order of the rows, so that every run gives the same bits.
 */
export interface CrossProducts {
  /** Rows where both are present. */
  readonly n: Float64Array;
  /** Σ xᵢ and Σ xᵢ² over these rows; Σ xᵢ xⱼ. */
  readonly sums: Float64Array;
  readonly squares: Float64Array;
  readonly products: Float64Array;
  /** Σ xᵢ xⱼ and Σ xᵢ (last row, k long) over the rows where every column is present. */
  readonly complete: Float64Array;
  completeRows: number;
}

export const blockRows = 512;

export function emptyCrossProducts(k: number): CrossProducts {
  const square = (): Float64Array => new Float64Array(k * k);
  return {
    n: square(),
    sums: square(),
    squares: square(),
    products: square(),
    complete: new Float64Array(k * k + k),
    completeRows: 0,
  };
}

export function addCrossProducts(into: CrossProducts, other: CrossProducts): void {
  for (const name of ['n', 'sums', 'squares', 'products', 'complete'] as const) {
    const [a, b] = [into[name], other[name]];
    for (let i = 0; i < a.length; i += 1) a[i]! += b[i]!;
  }
  into.completeRows += other.completeRows;
}

/** Scaled values of a block with 0 for what is missing; `present` holds 1 and 0. @returns whether something is missing */
export function loadBlock(
  column: ScaledColumn,
  from: number,
  n: number,
  into: Float64Array,
  present: Float64Array,
): boolean {
  const { values, centre, scale } = column;
  const factor = 1 / scale;
  let holes = false;
  for (let i = 0; i < n; i += 1) {
    const z = (values[from + i]! - centre) * factor;
    // NaN and infinities fail the comparison with themselves after a subtraction.
    if (z - z === 0) {
      into[i] = z;
      present[i] = 1;
    } else {
      into[i] = 0;
      present[i] = 0;
      holes = true;
    }
  }
  return holes;
}

/** Cross products over the rows [from, to). */
export function crossProducts(columns: readonly ScaledColumn[], from: number, to: number): CrossProducts {
  const k = columns.length;
  const result = emptyCrossProducts(k);
  const scratch = (): Float64Array[] => columns.map(() => new Float64Array(blockRows));
  const [blocks, masks, masked] = [scratch(), scratch(), scratch()];
  const squared = new Float64Array(blockRows);
  const all = new Float64Array(blockRows);
  const hasHoles = columns.some(({ holes }) => holes);
  for (let start = from; start < to; start += blockRows) {
    const n = Math.min(blockRows, to - start);
    all.fill(1, 0, n);
    const holey = columns.flatMap((column, i) => (loadBlock(column, start, n, blocks[i]!, masks[i]!) ? [i] : []));
    for (const i of holey) for (let row = 0; row < n; row += 1) all[row]! *= masks[i]![row]!;
    gram(blocks, n, k, result.products);
    if (!hasHoles) {
      result.completeRows += n;
      blocks.forEach((block, i) => (result.complete[k * k + i]! += sum(block, n)));
      continue;
    }
    for (let i = 0; i < k; i += 1) {
      const block = blocks[i]!;
      for (let row = 0; row < n; row += 1) squared[row] = block[row]! * block[row]!;
      // Against a column without holes in this block, the rows are those where column i itself is present.
      const own = [sum(masks[i]!, n), sum(block, n), sum(squared, n)] as const;
      for (let j = 0; j < k; j += 1) {
        const at = i * k + j;
        const mask = holey.includes(j) ? masks[j]! : undefined;
        result.n[at]! += mask ? dot(masks[i]!, mask, n) : own[0];
        result.sums[at]! += mask ? dot(block, mask, n) : own[1];
        result.squares[at]! += mask ? dot(squared, mask, n) : own[2];
      }
    }
    result.completeRows += sum(all, n);
    blocks.forEach((block, i) => {
      const own = masked[i]!;
      for (let row = 0; row < n; row += 1) own[row] = block[row]! * all[row]!;
      result.complete[k * k + i]! += sum(own, n);
    });
    gram(masked, n, k, result.complete);
  }
  if (!hasHoles) fillWithoutHoles(result, k);
  return result;
}

/** Without holes every pair has the same rows. */
function fillWithoutHoles(result: CrossProducts, k: number): void {
  for (let i = 0; i < k; i += 1)
    for (let j = 0; j < k; j += 1) {
      const at = i * k + j;
      result.n[at] = result.completeRows;
      result.sums[at] = result.complete[k * k + i]!;
      result.squares[at] = result.products[i * k + i]!;
      result.complete[at] = result.products[at]!;
    }
}

/** Adds all inner products, two columns against four at a time. */
function gram(blocks: readonly Float64Array[], n: number, k: number, into: Float64Array): void {
  for (let i = 0; i < k; i += 2) {
    const x = blocks[i]!;
    const y = blocks[i + 1];
    let j = 0;
    if (y)
      for (; j + 3 <= i; j += 4) {
        const [a, b, c, d] = [blocks[j]!, blocks[j + 1]!, blocks[j + 2]!, blocks[j + 3]!];
        let [xa, xb, xc, xd, ya, yb, yc, yd] = [0, 0, 0, 0, 0, 0, 0, 0];
        for (let row = 0; row < n; row += 1) {
          const vx = x[row]!;
          const vy = y[row]!;
          const va = a[row]!;
          const vb = b[row]!;
          const vc = c[row]!;
          const vd = d[row]!;
          xa += vx * va;
          xb += vx * vb;
          xc += vx * vc;
          xd += vx * vd;
          ya += vy * va;
          yb += vy * vb;
          yc += vy * vc;
          yd += vy * vd;
        }
        [xa, xb, xc, xd].forEach((value, at) => add(into, k, i, j + at, value));
        [ya, yb, yc, yd].forEach((value, at) => add(into, k, i + 1, j + at, value));
      }
    for (let rest = j; rest <= i; rest += 1) add(into, k, i, rest, dot(x, blocks[rest]!, n));
    if (y) for (let rest = j; rest <= i + 1; rest += 1) add(into, k, i + 1, rest, dot(y, blocks[rest]!, n));
  }
}

function add(into: Float64Array, k: number, i: number, j: number, value: number): void {
  into[i * k + j]! += value;
  if (i !== j) into[j * k + i]! += value;
}

function dot(a: Float64Array, b: Float64Array, n: number): number {
  let total = 0;
  for (let row = 0; row < n; row += 1) total += a[row]! * b[row]!;
  return total;
}

function sum(a: Float64Array, n: number): number {
  let total = 0;
  for (let row = 0; row < n; row += 1) total += a[row]!;
  return total;
}

/** Pearson's correlation of a pair, over the rows where both are present. @returns undefined where one is constant there */
export function correlationOf(cross: CrossProducts, k: number, i: number, j: number): number | undefined {
  const at = i * k + j;
  const back = j * k + i;
  const n = cross.n[at]!;
  if (n < 2) return undefined;
  const [sx, sy] = [cross.sums[at]!, cross.sums[back]!];
  const xx = cross.squares[at]! - (sx * sx) / n;
  const yy = cross.squares[back]! - (sy * sy) / n;
  const least = n * (Number.EPSILON * n) ** 2;
  if (!(xx > least) || !(yy > least)) return undefined;
  const xy = cross.products[at]! - (sx * sy) / n;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy)));
}
