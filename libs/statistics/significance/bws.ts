import { ordered, walk } from './ordered.js';

/**
 * Two-sided statistic of W. Baumgartner, P. Weiß and H. Schindler (Biometrics 54, 1998): the mean over both samples of the squared
 * distances of ranks from their expectation, each divided by its variance. Tied values get their mean rank.
 * @returns undefined with fewer than two values on a side
 */
export function baumgartnerWeissSchindler(a: ArrayLike<number>, b: ArrayLike<number>): number | undefined {
  const [n, m] = [a.length, b.length];
  if (n < 2 || m < 2) return undefined;
  const total = n + m;
  let [first, second, i, j] = [0, 0, 0, 0];
  const term = (rank: number, place: number, own: number): number => {
    const share = place / (own + 1);
    return (rank - (total / own) * place) ** 2 / (((share * (1 - share)) / own) * (total - own) * total);
  };
  walk(ordered(a), ordered(b), (_value, nextI, nextJ) => {
    const rank = (i + j + 1 + nextI + nextJ) / 2;
    for (; i < nextI; i += 1) first += term(rank, i + 1, n);
    for (; j < nextJ; j += 1) second += term(rank, j + 1, m);
  });
  return (first / n + second / m) / 2;
}
