/**
 * Two ordered samples, cut at common values into pieces of about 256: what a piece adds to a comparison is often known
 * from its ends, and then the piece is never walked.
 */
const span = 256;

/**
 * Ends (i, j) of the pieces, flat: up to the k-th, i values of x and j of y; all of a piece's values lie above those of
 * the pieces before it. The last is (x.length, y.length); none where both are empty.
 */
export function spanEnds(x: Float64Array, y: Float64Array): Float64Array {
  const xLeads = x.length >= y.length;
  const [leading, other] = xLeads ? [x, y] : [y, x];
  const ends: number[] = [];
  let [a, b] = [0, 0];
  while (a < leading.length) {
    const last = Math.min(a + span, leading.length);
    const value = leading[last - 1]!;
    a = pastFrom(leading, value, last);
    b = pastFrom(other, value, b);
    ends.push(xLeads ? a : b, xLeads ? b : a);
  }
  if (b < other.length) ends.push(x.length, y.length);
  return Float64Array.from(ends);
}

/** First index ≥ from with x[index] > value, looked for nearby first. */
function pastFrom(x: Float64Array, value: number, from: number): number {
  let low = from;
  let step = 1;
  while (low + step <= x.length && x[low + step - 1]! <= value) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, x.length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * max of i n2 − j n1 (`greater`), of j n1 − i n2 (`less`) or of both over the pooled values, where i and j count what lies
 * at or below: the Kolmogorov-Smirnov distance times n1 n2, in integers, so that equal distances are equal. Pieces that
 * cannot hold it are passed over.
 */
export function largestGap(x: Float64Array, y: Float64Array, side: 'two-sided' | 'greater' | 'less'): number {
  const [n1, n2] = [x.length, y.length];
  const [up, down] = [side !== 'less', side !== 'greater'];
  const ends = spanEnds(x, y);
  let largest = 0;
  for (let at = 0; at < ends.length; at += 2) {
    const gap = ends[at]! * n2 - ends[at + 1]! * n1;
    if (up && gap > largest) largest = gap;
    if (down && -gap > largest) largest = -gap;
  }
  let [i, j] = [0, 0];
  for (let at = 0; at < ends.length; at += 2) {
    const [i1, j1] = [ends[at]!, ends[at + 1]!];
    if ((up && i1 * n2 - j * n1 > largest) || (down && j1 * n1 - i * n2 > largest)) {
      while (i < i1 || j < j1) {
        const value = j >= j1 || (i < i1 && x[i]! <= y[j]!) ? x[i]! : y[j]!;
        while (i < i1 && x[i] === value) i += 1;
        while (j < j1 && y[j] === value) j += 1;
        const gap = i * n2 - j * n1;
        if (up && gap > largest) largest = gap;
        if (down && -gap > largest) largest = -gap;
      }
    }
    [i, j] = [i1, j1];
  }
  return largest;
}

/**
 * ∫ |F − G| between two ordered samples (Wasserstein-1). Where F − G keeps its sign over a piece, its integral is a sum of
 * distances to the piece's end; else the piece is walked. Summed with Neumaier's compensation.
 */
export function areaBetween(x: Float64Array, y: Float64Array): number {
  const [n1, n2] = [x.length, y.length];
  const ends = spanEnds(x, y);
  let [i, j, sum, lost] = [0, 0, 0, 0];
  let previous = Math.min(x[0]!, y[0]!);
  const take = (term: number): void => {
    const next = sum + term;
    lost += sum >= term ? sum - next + term : term - next + sum;
    sum = next;
  };
  for (let at = 0; at < ends.length; at += 2) {
    const [i1, j1] = [ends[at]!, ends[at + 1]!];
    const value = Math.max(i1 > i ? x[i1 - 1]! : -Infinity, j1 > j ? y[j1 - 1]! : -Infinity);
    const keepsSign = i * n2 - j1 * n1 >= 0 || i1 * n2 - j * n1 <= 0;
    const area = keepsSign
      ? ((i * n2 - j * n1) / (n1 * n2)) * (value - previous) +
        distances(x, i, i1, value) / n1 -
        distances(y, j, j1, value) / n2
      : Number.NaN;
    if (Math.abs(area) < Infinity) take(Math.abs(area));
    else {
      let gap = Math.abs(i / n1 - j / n2);
      let last = previous;
      while (i < i1 || j < j1) {
        const own = j >= j1 || (i < i1 && x[i]! <= y[j]!) ? x[i]! : y[j]!;
        take(gap * (own - last));
        while (i < i1 && x[i] === own) i += 1;
        while (j < j1 && y[j] === own) j += 1;
        last = own;
        gap = Math.abs(i / n1 - j / n2);
      }
    }
    previous = value;
    [i, j] = [i1, j1];
  }
  return sum + lost;
}

/** Σ (to − x) over x[from], …, x[until − 1]. */
function distances(x: Float64Array, from: number, until: number, to: number): number {
  let sum = 0;
  for (let at = from; at < until; at += 1) sum += to - x[at]!;
  return sum;
}
