import type { TrainingSet } from '../algorithm.js';

/** Centred, weighted least squares reduced to a triangle: ‖√w (y − Xβ)‖² = ‖Rβ − c‖² + rest². */
export interface Triangle {
  /** Upper triangle, row-major `width × width`. */
  readonly r: Float64Array;
  readonly c: Float64Array;
  readonly rest: number;
  readonly means: Float64Array;
  readonly targetMean: number;
}

const blockRows = 256;

/**
 * Householder QR of the weighted, centred rows in blocks (the triangle so far on top of the next rows): the condition
 * of X is kept, not squared as in normal equations, and memory is one block. (G. Golub and C. Van Loan, Matrix
 * Computations, 4th ed., 5.2.)
 */
export function reduceToTriangle(set: TrainingSet, totalWeight: number, checkpoint: () => void): Triangle {
  const { rows, width, values, target, weights } = set;
  const { means, targetMean } = weightedMeans(set, totalWeight);
  const size = width + 1;
  const height = size + blockRows;
  // Column-major, the target as last column.
  const block = new Float64Array(height * size);
  for (let start = 0; start < rows; start += blockRows) {
    checkpoint();
    const count = Math.min(blockRows, rows - start);
    for (let i = 0; i < count; i += 1) {
      const row = start + i;
      const root = Math.sqrt(weights?.[row] ?? 1);
      for (let j = 0; j < width; j += 1) block[j * height + size + i] = root * (values[row * width + j]! - means[j]!);
      block[width * height + size + i] = root * (target[row]! - targetMean);
    }
    eliminate(block, size, height, size + count);
  }
  const r = new Float64Array(width * width);
  const c = new Float64Array(width);
  for (let i = 0; i < width; i += 1) {
    for (let j = i; j < width; j += 1) r[i * width + j] = block[j * height + i]!;
    c[i] = block[width * height + i]!;
  }
  return { r, c, rest: Math.abs(block[width * height + width]!), means, targetMean };
}

/** Weighted means of the columns and of the target, in two passes. */
export function weightedMeans(
  { rows, width, values, target, weights }: TrainingSet,
  totalWeight: number,
): { means: Float64Array; targetMean: number } {
  const means = new Float64Array(width);
  let targetMean = 0;
  // The second pass takes away what rounding left of the first.
  for (let pass = 0; pass < 2; pass += 1) {
    const sums = new Float64Array(width);
    let sum = 0;
    for (let row = 0; row < rows; row += 1) {
      const weight = weights?.[row] ?? 1;
      for (let j = 0; j < width; j += 1) sums[j]! += weight * (values[row * width + j]! - means[j]!);
      sum += weight * (target[row]! - targetMean);
    }
    for (let j = 0; j < width; j += 1) means[j]! += sums[j]! / totalWeight;
    targetMean += sum / totalWeight;
  }
  return { means, targetMean };
}

/** Householder reflections that make the first `size` columns of the first `count` rows an upper triangle. */
function eliminate(block: Float64Array, size: number, height: number, count: number): void {
  for (let k = 0; k < size; k += 1) {
    const column = k * height;
    // Rows k + 1 … size − 1 of column k are zero: they are the triangle of before.
    let below = 0;
    for (let i = size; i < count; i += 1) below = Math.hypot(below, block[column + i]!);
    if (below === 0) continue;
    const pivot = block[column + k]!;
    const norm = Math.hypot(pivot, below);
    const alpha = pivot > 0 ? -norm : norm;
    const head = pivot - alpha;
    // v = (head, rows below); H = I − 2 v vᵀ / vᵀv, and vᵀv / 2 = norm · |head|.
    const half = norm * Math.abs(head);
    for (let j = k + 1; j < size; j += 1) {
      const other = j * height;
      let dot = head * block[other + k]!;
      for (let i = size; i < count; i += 1) dot += block[column + i]! * block[other + i]!;
      const factor = dot / half;
      block[other + k]! -= factor * head;
      for (let i = size; i < count; i += 1) block[other + i]! -= factor * block[column + i]!;
    }
    block[column + k] = alpha;
    block.fill(0, column + size, column + count);
  }
}

export interface LeastSquares {
  readonly coefficients: Float64Array;
  readonly rank: number;
  /** Largest singular value over the smallest that counts; of the centred columns. */
  readonly condition: number;
}

/**
 * The β of least ‖Rβ − c‖² + λ‖β‖²; where several do (λ = 0, dependent columns) the one of least norm, as LAPACK's
 * `gelsd`. By one-sided Jacobi rotations (P. de Rijk 1989): R V = U S.
 * @param tolerance singular values under `tolerance × largest` count as zero
 */
export function solveTriangle(
  { r, c }: Pick<Triangle, 'r' | 'c'>,
  lambda: number,
  tolerance: number,
  checkpoint: () => void,
): LeastSquares {
  const width = c.length;
  const columns = Array.from({ length: width }, (_, j) =>
    Float64Array.from({ length: width }, (_, i) => r[i * width + j]!),
  );
  const rotation = Array.from({ length: width }, (_, j) =>
    Float64Array.from({ length: width }, (_, i) => Number(i === j)),
  );
  for (let sweep = 0; sweep < 60; sweep += 1) {
    let rotated = false;
    for (let i = 0; i < width - 1; i += 1) {
      checkpoint();
      for (let j = i + 1; j < width; j += 1) rotated = rotate(columns, rotation, i, j) || rotated;
    }
    if (!rotated) break;
  }
  const singular = columns.map((column) => Math.hypot(...column));
  const largest = Math.max(0, ...singular);
  const coefficients = new Float64Array(width);
  let rank = 0;
  let smallest = Infinity;
  singular.forEach((value, k) => {
    if (!(value > tolerance * largest)) return;
    rank += 1;
    smallest = Math.min(smallest, value);
    let dot = 0;
    for (let i = 0; i < width; i += 1) dot += columns[k]![i]! * c[i]!;
    // uᵀc · s / (s² + λ), u = column / s.
    const share = dot / (value * value + lambda);
    for (let i = 0; i < width; i += 1) coefficients[i]! += share * rotation[k]![i]!;
  });
  return { coefficients, rank, condition: rank === 0 ? 1 : largest / smallest };
}

function rotate(columns: Float64Array[], rotation: Float64Array[], i: number, j: number): boolean {
  const [a, b] = [columns[i]!, columns[j]!];
  let [alpha, beta, gamma] = [0, 0, 0];
  for (let k = 0; k < a.length; k += 1) {
    alpha += a[k]! * a[k]!;
    beta += b[k]! * b[k]!;
    gamma += a[k]! * b[k]!;
  }
  if (gamma === 0 || Math.abs(gamma) <= 1e-15 * Math.sqrt(alpha * beta)) return false;
  const zeta = (beta - alpha) / (2 * gamma);
  const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + t * t);
  const sine = cosine * t;
  turn(a, b, cosine, sine);
  turn(rotation[i]!, rotation[j]!, cosine, sine);
  return true;
}

function turn(a: Float64Array, b: Float64Array, cosine: number, sine: number): void {
  for (let k = 0; k < a.length; k += 1) {
    const kept = a[k]!;
    a[k] = cosine * kept - sine * b[k]!;
    b[k] = sine * kept + cosine * b[k]!;
  }
}
