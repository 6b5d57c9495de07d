import type { CategoryColumn } from '../table/index.js';
import { rocAuc } from '../performance/index.js';
import { upperBound } from '../drift/bins.js';

/** Scores and labels of one group. */
export interface GroupScores {
  readonly group: string;
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  /** What each row counts for; default 1. Calibration only. */
  readonly weights?: Float64Array;
}

export function scoresByGroup(column: CategoryColumn, labels: Uint8Array, scores: Float64Array): GroupScores[] {
  const sizes = new Int32Array(column.categories.length);
  for (const code of column.codes) if (code >= 0) sizes[code]! += 1;
  const groups = column.categories.map((group, code) => ({
    group,
    labels: new Uint8Array(sizes[code]!),
    scores: new Float64Array(sizes[code]!),
  }));
  const filled = new Int32Array(groups.length);
  column.codes.forEach((code, row) => {
    if (code < 0) return;
    const at = filled[code]!;
    filled[code] = at + 1;
    groups[code]!.labels[at] = labels[row]!;
    groups[code]!.scores[at] = scores[row]!;
  });
  return groups.filter(({ labels: own }) => own.length > 0);
}

/** Area under the ROC curve within the group. @returns undefined where a class is missing */
export function groupAuc({ labels, scores }: GroupScores): number | undefined {
  return rocAuc(labels, scores);
}

/**
 * Cross-group AUC: the chance that a positive of `positives` outscores a negative of `negatives`, ties half
 * (N. Kallus and A. Zhou, NeurIPS 2019). xAUC(g, h) ≠ xAUC(h, g) shows a ranking that favours one group.
 * @returns undefined where there are no such positives or negatives
 */
export function crossAuc(positives: GroupScores, negatives: GroupScores): number | undefined {
  const up = positives.scores.filter((_, i) => positives.labels[i] === 1);
  const down = negatives.scores.filter((_, i) => negatives.labels[i] === 0).sort();
  if (up.length === 0 || down.length === 0) return undefined;
  let wins = 0;
  for (const score of up) {
    const atMost = upperBound(down, score);
    let below = atMost;
    while (below > 0 && down[below - 1] === score) below -= 1;
    wins += below + (atMost - below) / 2;
  }
  return wins / (up.length * down.length);
}

export interface CalibrationBin {
  readonly low: number;
  readonly high: number;
  readonly n: number;
  readonly meanScore: number;
  readonly rate: number;
}

/** Mean score against rate of positives in `bins` equal parts of [0, 1]; empty parts are left out. Scores are probabilities. */
export function calibration({ labels, scores, weights }: GroupScores, bins = 10): CalibrationBin[] {
  const sums = Array.from({ length: bins }, () => ({ n: 0, score: 0, positives: 0 }));
  scores.forEach((score, i) => {
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.floor(score * bins)))]!;
    const weight = weights?.[i] ?? 1;
    bin.n += weight;
    bin.score += weight * score;
    bin.positives += weight * labels[i]!;
  });
  return sums.flatMap(({ n, score, positives }, i) =>
    n === 0 ? [] : [{ low: i / bins, high: (i + 1) / bins, n, meanScore: score / n, rate: positives / n }],
  );
}

/** Expected calibration error: Σ n_b / n |rate − mean score| (Naeini, Cooper and Hauskrecht, AAAI 2015). */
export function calibrationError(group: GroupScores, bins = 10): number | undefined {
  const parts = calibration(group, bins);
  const n = parts.reduce((sum, bin) => sum + bin.n, 0);
  return n === 0 ? undefined : parts.reduce((sum, bin) => sum + (bin.n / n) * Math.abs(bin.rate - bin.meanScore), 0);
}

/** Median; the mean of the middle two where their number is even. */
export function median(values: Float64Array): number {
  const x = Float64Array.from(values).sort();
  const middle = x.length >>> 1;
  return x.length % 2 === 1 ? x[middle]! : (x[middle - 1]! + x[middle]!) / 2;
}

/** NYC Local Law 144: share of a category above the median score of the full sample; ties are not above (6 RCNY 5-300). */
export function scoringRate(own: Float64Array, medianOfAll: number): number {
  return own.reduce((count, score) => count + (score > medianOfAll ? 1 : 0), 0) / own.length;
}
