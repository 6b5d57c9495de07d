/** What both passes over the rows read. */
export interface LogisticData {
  /** Row-major, `labels.length × width`. */
  readonly rows: Float64Array;
  readonly width: number;
  readonly labels: Uint8Array;
  readonly weights: Float64Array | undefined;
  /** λ of λ/2 ‖β‖²; the intercept, last of the parameters, is free. */
  readonly l2: number;
}

export interface LogisticState {
  readonly objective: number;
  readonly gradient: Float64Array;
  /** Largest absolute entry of the gradient. */
  readonly largest: number;
  /** w p (1 − p) of each row. */
  readonly curvatures: Float64Array;
}

/** Objective, gradient and curvatures at `beta`, in one pass, four rows at a time; `curvatures` is overwritten. */
export function evaluateLogistic(data: LogisticData, beta: Float64Array, curvatures: Float64Array): LogisticState {
  const { rows, width, labels, weights, l2 } = data;
  const n = labels.length;
  const gradient = new Float64Array(width + 1);
  const bias = beta[width]!;
  let objective = 0;
  let total = 0;
  const residuals = new Float64Array(4);
  const scores = new Float64Array(4);
  for (let row = 0; row < n; row += 4) {
    const count = Math.min(4, n - row);
    const a = row * width;
    if (count === 4) {
      const [b, c, d] = [a + width, a + 2 * width, a + 3 * width];
      let [z0, z1, z2, z3] = [bias, bias, bias, bias];
      for (let j = 0; j < width; j += 1) {
        const own = beta[j]!;
        z0 += own * rows[a + j]!;
        z1 += own * rows[b + j]!;
        z2 += own * rows[c + j]!;
        z3 += own * rows[d + j]!;
      }
      scores[0] = z0;
      scores[1] = z1;
      scores[2] = z2;
      scores[3] = z3;
    } else {
      scores.fill(0);
      for (let i = 0; i < count; i += 1) {
        let z = bias;
        for (let j = 0; j < width; j += 1) z += beta[j]! * rows[a + i * width + j]!;
        scores[i] = z;
      }
    }
    for (let i = 0; i < count; i += 1) {
      const z = scores[i]!;
      const label = labels[row + i]!;
      const weight = weights === undefined ? 1 : weights[row + i]!;
      // ln(1 + e^z) − y z, without overflow.
      const e = Math.exp(-Math.abs(z));
      const larger = 1 / (1 + e);
      objective += weight * ((z > 0 ? z : 0) + Math.log1p(e) - label * z);
      const residual = weight * ((z >= 0 ? larger : e * larger) - label);
      residuals[i] = residual;
      curvatures[row + i] = weight * e * larger * larger;
      total += residual;
    }
    if (count === 4) {
      const [b, c, d] = [a + width, a + 2 * width, a + 3 * width];
      const [r0, r1, r2, r3] = [residuals[0]!, residuals[1]!, residuals[2]!, residuals[3]!];
      for (let j = 0; j < width; j += 1)
        gradient[j]! += r0 * rows[a + j]! + r1 * rows[b + j]! + r2 * rows[c + j]! + r3 * rows[d + j]!;
    } else
      for (let i = 0; i < count; i += 1)
        for (let j = 0; j < width; j += 1) gradient[j]! += residuals[i]! * rows[a + i * width + j]!;
  }
  gradient[width] = total;
  let penalty = 0;
  for (let j = 0; j < width; j += 1) {
    penalty += beta[j]! * beta[j]!;
    gradient[j]! += l2 * beta[j]!;
  }
  let largest = 0;
  for (let j = 0; j <= width; j += 1) largest = Math.max(largest, Math.abs(gradient[j]!));
  return { objective: objective + (l2 / 2) * penalty, gradient, largest, curvatures };
}

/**
 * Lower triangle of the Hessian, row-major, over every `stride`-th block of four rows (scaled up to all of them).
 */
export function hessianOf(data: LogisticData, curvatures: Float64Array, stride: number): Float64Array {
  const { rows, width, l2 } = data;
  const n = curvatures.length;
  const size = width + 1;
  const result = new Float64Array(size * size);
  let seen = 0;
  for (let row = 0; row < n; row += 4 * stride) {
    const count = Math.min(4, n - row);
    seen += count;
    const a = row * width;
    if (count < 4) {
      for (let i = 0; i < count; i += 1) addRow(result, rows, a + i * width, width, curvatures[row + i]!);
      continue;
    }
    const [b, c, d] = [a + width, a + 2 * width, a + 3 * width];
    const [w0, w1, w2, w3] = [curvatures[row]!, curvatures[row + 1]!, curvatures[row + 2]!, curvatures[row + 3]!];
    for (let i = 0; i < width; i += 1) {
      const s0 = w0 * rows[a + i]!;
      const s1 = w1 * rows[b + i]!;
      const s2 = w2 * rows[c + i]!;
      const s3 = w3 * rows[d + i]!;
      const at = i * size;
      for (let j = 0; j <= i; j += 1)
        result[at + j]! += s0 * rows[a + j]! + s1 * rows[b + j]! + s2 * rows[c + j]! + s3 * rows[d + j]!;
      result[width * size + i]! += s0 + s1 + s2 + s3;
    }
    result[width * size + width]! += w0 + w1 + w2 + w3;
  }
  if (seen < n) for (let i = 0; i < result.length; i += 1) result[i]! *= n / seen;
  for (let i = 0; i < width; i += 1) result[i * size + i]! += l2;
  return result;
}

function addRow(result: Float64Array, rows: Float64Array, start: number, width: number, curvature: number): void {
  const size = width + 1;
  for (let i = 0; i < width; i += 1) {
    const scaled = curvature * rows[start + i]!;
    for (let j = 0; j <= i; j += 1) result[i * size + j]! += scaled * rows[start + j]!;
    result[width * size + i]! += scaled;
  }
  result[width * size + width]! += curvature;
}
