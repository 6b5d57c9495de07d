/** Rows that are searched, centred on their means so that squares of distances lose little to rounding. */
export interface Neighbourhood {
  readonly rows: number;
  readonly width: number;
  readonly means: Float64Array;
  /** Row-major, centred. */
  readonly values: Float64Array;
  /** Σ squares of each row. */
  readonly squares: Float64Array;
}

export interface Found {
  /** Indices of the nearest rows, `rows × neighbours`; equal distances by the lower index. */
  readonly indices: Int32Array;
  /** Rows whose last neighbour is no nearer than the next row, but for rounding. */
  readonly ties: Int32Array;
}

/** @param values row-major */
export function neighbourhood(values: Float64Array, rows: number, width: number): Neighbourhood {
  const means = new Float64Array(width);
  for (let i = 0; i < rows * width; i += 1) means[i % width]! += values[i]! / rows;
  const centred = new Float64Array(rows * width);
  const squares = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1)
    for (let j = 0; j < width; j += 1) {
      const x = values[row * width + j]! - means[j]!;
      centred[row * width + j] = x;
      squares[row]! += x * x;
    }
  return { rows, width, means, values: centred, squares };
}

/** The k nearest by Euclidean distance; |t|² − 2 x·t ranks as |x − t|² does, and is how the runtime computes it. */
export function nearest(
  { rows, width, means, values, squares }: Neighbourhood,
  asked: Float64Array,
  count: number,
  neighbours: number,
): Found {
  const indices = new Int32Array(count * neighbours);
  const ties: number[] = [];
  const own = new Float64Array(width);
  const best = new Float64Array(neighbours + 1);
  const at = new Int32Array(neighbours + 1);
  for (let row = 0; row < count; row += 1) {
    let square = 0;
    for (let j = 0; j < width; j += 1) {
      own[j] = asked[row * width + j]! - means[j]!;
      square += own[j]! * own[j]!;
    }
    let filled = 0;
    for (let other = 0; other < rows; other += 1) {
      let product = 0;
      const start = other * width;
      for (let j = 0; j < width; j += 1) product += own[j]! * values[start + j]!;
      const distance = squares[other]! - 2 * product;
      if (filled > neighbours && distance >= best[neighbours]!) continue;
      // Insertion into the sorted nearest; one more than asked for tells a tie.
      let place = Math.min(filled, neighbours);
      while (place > 0 && best[place - 1]! > distance) {
        best[place] = best[place - 1]!;
        at[place] = at[place - 1]!;
        place -= 1;
      }
      best[place] = distance;
      at[place] = other;
      filled = Math.min(filled + 1, neighbours + 1);
    }
    indices.set(at.subarray(0, neighbours), row * neighbours);
    const rounding = 1e-12 * (square + squares[at[neighbours - 1]!]!);
    if (filled > neighbours && best[neighbours]! - best[neighbours - 1]! <= rounding) ties.push(row);
  }
  return { indices, ties: Int32Array.from(ties) };
}
