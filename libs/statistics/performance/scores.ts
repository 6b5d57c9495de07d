import { sortNumbers } from '../sorting/radix.js';
import { meanOf } from './regression.js';

/**
 * Area under the ROC curve: the probability that a positive outscores a negative, ties counted half
 * (Mann and Whitney 1947; scikit-learn 1.9.1 `roc_auc_score`). Weights are ≥ 0.
 * @returns undefined where one class has no weight
 */
export function rocAuc(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number | undefined {
  if (!weights) return unweightedAuc(labels, scores);
  const order = descending(scores);
  const scale = powerOfTwo(weights);
  let positives = 0;
  let negatives = 0;
  let area = 0;
  for (let i = 0; i < order.length;) {
    let tiedPositives = 0;
    let tiedNegatives = 0;
    const score = scores[order[i]!]!;
    while (i < order.length && scores[order[i]!] === score) {
      const weight = weights[order[i]!]! * scale;
      if (labels[order[i]!] === 1) tiedPositives += weight;
      else tiedNegatives += weight;
      i += 1;
    }
    area += tiedNegatives * (positives + tiedPositives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
  }
  return positives > 0 && negatives > 0 ? area / (positives * negatives) : undefined;
}

/** Both classes sorted, then merged: whole counts and halves, so that nothing is rounded below 2^53 pairs. */
function unweightedAuc(labels: ArrayLike<number>, scores: ArrayLike<number>): number | undefined {
  const n = labels.length;
  let positives = 0;
  for (let row = 0; row < n; row += 1) if (labels[row] === 1) positives += 1;
  if (positives === 0 || positives === n) return undefined;
  const up = new Float64Array(positives);
  const down = new Float64Array(n - positives);
  let [i, j] = [0, 0];
  for (let row = 0; row < n; row += 1) {
    if (labels[row] === 1) up[i++] = scores[row]!;
    else down[j++] = scores[row]!;
  }
  const [upper, lower] = [sortNumbers(up), sortNumbers(down)];
  let wins = 0;
  let below = 0;
  let atMost = 0;
  for (const score of upper) {
    while (below < lower.length && lower[below]! < score) below += 1;
    if (atMost < below) atMost = below;
    while (atMost < lower.length && lower[atMost]! <= score) atMost += 1;
    wins += (below + atMost) / 2;
  }
  return wins / (up.length * down.length);
}

/**
 * Average precision, Σ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores, without interpolation (scikit-learn 1.9.1
 * `average_precision_score`).
 * @returns undefined without positives
 */
export function averagePrecision(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number | undefined {
  const order = descending(scores);
  const scale = weights ? powerOfTwo(weights) : 1;
  let positives = 0;
  let selected = 0;
  let sum = 0;
  for (let i = 0; i < order.length;) {
    const before = positives;
    const score = scores[order[i]!]!;
    while (i < order.length && scores[order[i]!] === score) {
      const weight = weights ? weights[order[i]!]! * scale : 1;
      selected += weight;
      if (labels[order[i]!] === 1) positives += weight;
      i += 1;
    }
    if (positives > before) sum += ((positives - before) * positives) / selected;
  }
  return positives > 0 ? sum / positives : undefined;
}

/** Mean of −ln of the probability given to what happened, probabilities clipped to [ε, 1 − ε], ε = 2^-52 (scikit-learn 1.9.1 `log_loss`). */
export function logLoss(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number | undefined {
  return meanOf(labels.length, weights, (row) => surprise(labels[row]!, scores[row]!));
}

/** What one row adds to the log loss. */
export function surprise(label: number, score: number): number {
  const p = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, score));
  return label === 1 ? -Math.log(p) : -Math.log(1 - p);
}

/** Mean squared distance of probability and label (Brier 1950; scikit-learn 1.9.1 `brier_score_loss`). */
export function brierScore(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number | undefined {
  return meanOf(labels.length, weights, (row) => (scores[row]! - labels[row]!) ** 2);
}

/** What brings the largest weight near 1, exactly: products of weights neither vanish nor overflow. */
function powerOfTwo(weights: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < weights.length; i += 1) largest = Math.max(largest, weights[i]!);
  return largest > 0 ? 2 ** Math.min(1000, -Math.floor(Math.log2(largest))) : 1;
}

function descending(scores: ArrayLike<number>): Int32Array {
  const order = new Int32Array(scores.length);
  for (let i = 0; i < order.length; i += 1) order[i] = i;
  return order.sort((a, b) => scores[b]! - scores[a]! || a - b);
}
