import { InputError } from '#libs/statistics';

export type Linkage = 'single' | 'complete' | 'average' | 'ward';

/** One join: clusters by number, the rows being 0 … n − 1 and the i-th join n + i; the smaller number first. */
export interface Join {
  readonly left: number;
  readonly right: number;
  readonly height: number;
  readonly rows: number;
}

export const maximumHierarchyRows = 5000;

/**
 * Joins the two nearest clusters until one is left: n − 1 joins from the lowest to the highest, of Euclidean distances,
 * by nearest-neighbour chains (F. Murtagh 1983) with the updates of G. Lance and W. Williams (1967). scipy 1.17.1
 * `scipy.cluster.hierarchy.linkage(values, method)`. For looking, never served.
 * @param values row-major, finite, `rows × width`
 * @throws InputError `TooLarge`, `NoRows`
 */
export function hierarchy(
  values: Float64Array,
  rows: number,
  linkage: Linkage,
  checkpoint: () => void = () => {},
): Join[] {
  if (rows < 2) throw new InputError('NoRows', `${rows} rows`, { field: 'rows', rule: 'at least two rows' });
  if (rows > maximumHierarchyRows)
    throw new InputError('TooLarge', `${rows} rows`, {
      field: 'rows',
      rule: `at most ${maximumHierarchyRows} rows: memory grows with their square; draw a sample`,
    });
  const distances = pairs(values, rows);
  const sizes = new Int32Array(rows).fill(1);
  const joins: { a: number; b: number; height: number }[] = [];
  const chain: number[] = [];
  let first = 0;
  while (joins.length < rows - 1) {
    if (joins.length % 64 === 0) checkpoint();
    if (chain.length === 0) {
      while (sizes[first] === 0) first += 1;
      chain.push(first);
    }
    for (;;) {
      const top = chain.at(-1)!;
      const before = chain.at(-2);
      // Of equally near ones the one that came before: a chain ends.
      let nearest = before ?? -1;
      let least = before === undefined ? Infinity : distances[place(top, before)]!;
      for (let other = 0; other < rows; other += 1) {
        if (other === top || sizes[other] === 0) continue;
        const distance = distances[place(top, other)]!;
        if (distance < least) {
          nearest = other;
          least = distance;
        }
      }
      if (nearest === before) {
        chain.length -= 2;
        merge(distances, sizes, Math.min(top, nearest), Math.max(top, nearest), linkage);
        joins.push({ a: top, b: nearest, height: least });
        break;
      }
      chain.push(nearest);
    }
  }
  return numbered(joins, rows);
}

/**
 * The cluster of each row, 0 … in order of their first rows, where the tree is cut into `clusters`.
 * @throws InputError `Hyperparameter`
 */
export function cut(joins: readonly Join[], clusters: number): Int32Array {
  const rows = joins.length + 1;
  if (!Number.isSafeInteger(clusters) || clusters < 1 || clusters > rows)
    throw new InputError('Hyperparameter', `${clusters} clusters of ${rows} rows`, {
      field: 'clusters',
      rule: 'an integer from 1 to the number of rows',
    });
  const parent = Int32Array.from({ length: rows + joins.length }, (_, i) => i);
  joins.slice(0, rows - clusters).forEach(({ left, right }, i) => (parent[left] = parent[right] = rows + i));
  const found = new Map<number, number>();
  return Int32Array.from({ length: rows }, (_, row) => {
    let root = row;
    while (parent[root] !== root) root = parent[root]!;
    if (!found.has(root)) found.set(root, found.size);
    return found.get(root)!;
  });
}

/** Of i ≠ j in the lower triangle. */
function place(i: number, j: number): number {
  return i < j ? (j * (j - 1)) / 2 + i : (i * (i - 1)) / 2 + j;
}

function pairs(values: Float64Array, rows: number): Float64Array {
  const width = values.length / rows;
  const result = new Float64Array((rows * (rows - 1)) / 2);
  let at = 0;
  for (let i = 1; i < rows; i += 1)
    for (let j = 0; j < i; j += 1) {
      let sum = 0;
      for (let k = 0; k < width; k += 1) sum += (values[i * width + k]! - values[j * width + k]!) ** 2;
      result[at++] = Math.sqrt(sum);
    }
  return result;
}

/** b takes a in. */
function merge(distances: Float64Array, sizes: Int32Array, a: number, b: number, linkage: Linkage): void {
  const [na, nb] = [sizes[a]!, sizes[b]!];
  const between = distances[place(a, b)]!;
  for (let other = 0; other < sizes.length; other += 1) {
    const n = sizes[other]!;
    if (n === 0 || other === a || other === b) continue;
    const da = distances[place(a, other)]!;
    const db = distances[place(b, other)]!;
    let distance: number;
    switch (linkage) {
      case 'single':
        distance = Math.min(da, db);
        break;
      case 'complete':
        distance = Math.max(da, db);
        break;
      case 'average':
        distance = (na * da + nb * db) / (na + nb);
        break;
      case 'ward': {
        const squares = (n + na) * da * da + (n + nb) * db * db - n * between * between;
        distance = Math.sqrt(Math.max(0, squares) / (n + na + nb));
        break;
      }
    }
    distances[place(b, other)] = distance;
  }
  sizes[b] = na + nb;
  sizes[a] = 0;
}

/** Joins in order of their heights, by the numbers of the clusters that they join. */
function numbered(joins: { a: number; b: number; height: number }[], rows: number): Join[] {
  const parent = Int32Array.from({ length: 2 * rows - 1 }, (_, i) => i);
  const sizes = new Int32Array(2 * rows - 1).fill(1);
  const root = (of: number): number => {
    let own = of;
    while (parent[own] !== own) own = parent[own] = parent[parent[own]!]!;
    return own;
  };
  return joins
    .map((join, order) => ({ ...join, order }))
    .sort((one, other) => one.height - other.height || one.order - other.order)
    .map(({ a, b, height }, i) => {
      const [one, other] = [root(a), root(b)];
      const own = rows + i;
      sizes[own] = sizes[one]! + sizes[other]!;
      parent[one] = parent[other] = own;
      return { left: Math.min(one, other), right: Math.max(one, other), height, rows: sizes[own]! };
    });
}
