import { readFileSync } from 'node:fs';
import { InputError } from '../errors.js';
import { sortedOrder } from '../sorting/radix.js';
import type { GroupScores } from './scores.js';

export type AdjustmentConstraint = 'demographic_parity' | 'true_positive_rate_parity' | 'equalized_odds';

/** A note of law beside a number: versioned data, never code. */
export interface LegalNote {
  readonly id: string;
  readonly version: number;
  readonly text: string;
  readonly sources: readonly string[];
}

/** What a cut-off does; rates are undefined where their class is empty. */
export interface CutOffOutcome {
  readonly accuracy: number;
  readonly groups: readonly {
    readonly group: string;
    readonly n: number;
    readonly selectionRate: number;
    readonly truePositiveRate: number | null;
    readonly falsePositiveRate: number | null;
  }[];
}

/** Decisions of one group: favourable with chance `share` by the lower cut-off and else by the upper, then mixed. */
export interface GroupCutOffs {
  readonly group: string;
  /** Favourable where the score is over it; null selects nobody. */
  readonly upper: number | null;
  /** Favourable where the score is over it; null selects everybody. */
  readonly lower: number | null;
  /** Chance of the lower cut-off. */
  readonly share: number;
  /** Chance that the score is not looked at, and then of a favourable decision. */
  readonly ignored: number;
  readonly constant: number;
}

export interface Adjustment {
  readonly method: string;
  readonly before: CutOffOutcome;
  readonly after: CutOffOutcome;
  /** Accuracy before − after: what the constraint costs on these rows. */
  readonly accuracyPaid: number;
  readonly cutOffs: readonly GroupCutOffs[];
  /** Where cut-offs differ by group. */
  readonly legalNote?: LegalNote;
}

/** One corner of a group's trade-off: everybody over the threshold is decided on favourably. */
interface Corner {
  readonly x: number;
  readonly y: number;
  readonly threshold: number;
}

const gridSize = 1000;

/**
 * Threshold adjustment (M. Hardt, E. Price and N. Srebro, NeurIPS 2016; fairlearn 0.15.0 `ThresholdOptimizer`, objective
 * accuracy, grid of 1,000): each group's cut-offs are chosen, and mixed by chance where one alone cannot meet it, so that
 * all groups have the same selection rate, true positive rate, or true and false positive rates, at the best expected
 * accuracy. Outcomes are expected values on the rows given; nothing says that they hold on others.
 * @param cutOff the common one in use, favourable where the score is over it
 * @throws InputError `OneClass` where a group lacks a class, `TooFewGroups`
 */
export function adjustThresholds(
  groups: readonly GroupScores[],
  constraint: AdjustmentConstraint,
  cutOff: number,
): Adjustment {
  checkGroups(groups);
  const curves = groups.map((group) => hull(corners(group, constraint)));
  const n = groups.reduce((sum, { labels }) => sum + labels.length, 0);
  const positives = groups.reduce((sum, { labels }) => sum + countOf(labels), 0);
  let best = { x: 0, value: -Infinity };
  for (let step = 0; step <= gridSize; step += 1) {
    const x = step / gridSize;
    const heights = curves.map((curve) => heightAt(curve, x).y);
    const value =
      constraint === 'equalized_odds'
        ? (Math.min(...heights) * positives + (1 - x) * (n - positives)) / n
        : heights.reduce((sum, y, i) => sum + (y * groups[i]!.labels.length) / n, 0);
    if (value > best.value + 1e-15) best = { x, value };
  }
  const odds = constraint === 'equalized_odds';
  const lowest = odds ? Math.min(...curves.map((curve) => heightAt(curve, best.x).y)) : 0;
  const cutOffs = groups.map(({ group }, i): GroupCutOffs => {
    const { y, left, right, share } = heightAt(curves[i]!, best.x);
    const ignored = odds && y > best.x ? (y - lowest) / (y - best.x) : 0;
    return {
      group,
      upper: finite(left.threshold),
      lower: finite(right.threshold),
      share,
      ignored,
      constant: odds ? best.x : 0,
    };
  });
  const before = outcome(groups, (_, score) => (score > cutOff ? 1 : 0));
  const after = outcome(groups, (i, score) => chance(cutOffs[i]!, score));
  return {
    method: `threshold_optimizer_${constraint}@fairlearn`,
    before,
    after,
    accuracyPaid: before.accuracy - after.accuracy,
    cutOffs,
    legalNote: legalNote('cut-off-by-group'),
  };
}

/**
 * Constraint adjustment: the one cut-off for everybody that decides most accurately among those where the lowest
 * selection rate is at least `ratio` of the highest. Nobody is treated by group.
 * @returns undefined where no cut-off meets the ratio and selects somebody
 */
export function adjustCommonCutOff(
  groups: readonly GroupScores[],
  ratio: number,
  cutOff: number,
): Adjustment | undefined {
  checkGroups(groups);
  const scores = concatenated(groups);
  const order = sortedOrder(scores.values);
  const n = order.length;
  const selected = new Float64Array(groups.length);
  // From the highest score down: everybody from this place on is selected.
  let right = n - groups.reduce((sum, { labels }) => sum + countOf(labels), 0);
  let best: { threshold: number; right: number } | undefined;
  for (let place = n - 1; place >= 0; place -= 1) {
    const row = order[place]!;
    selected[scores.group[row]!]! += 1;
    right += scores.labels[row] === 1 ? 1 : -1;
    const value = scores.values[row]!;
    const below = place > 0 ? scores.values[order[place - 1]!]! : -Infinity;
    if (below === value) continue;
    const rates = groups.map(({ labels }, i) => selected[i]! / labels.length);
    if (Math.min(...rates) < ratio * Math.max(...rates)) continue;
    if (!best || right > best.right) best = { threshold: between(below, value), right };
  }
  if (!best) return undefined;
  const { threshold } = best;
  const before = outcome(groups, (_, score) => (score > cutOff ? 1 : 0));
  const cutOffs = groups.map(({ group }): GroupCutOffs => {
    const everybody = threshold === -Infinity;
    return {
      group,
      upper: finite(threshold),
      lower: finite(threshold),
      share: everybody ? 1 : 0,
      ignored: 0,
      constant: 0,
    };
  });
  const after = outcome(groups, (i, score) => chance(cutOffs[i]!, score));
  return {
    method: 'common_cut_off@assay',
    before,
    after,
    accuracyPaid: before.accuracy - after.accuracy,
    cutOffs,
  };
}

let notes: readonly LegalNote[] | undefined;

export function legalNote(id: string): LegalNote {
  notes ??= JSON.parse(readFileSync(new URL('./legal-notes.json', import.meta.url), 'utf8')) as LegalNote[];
  return notes.find((note) => note.id === id)!;
}

function checkGroups(groups: readonly GroupScores[]): void {
  if (groups.length < 2)
    throw new InputError('TooFewGroups', `${groups.length} groups have rows`, {
      field: 'protected',
      rule: 'at least two groups',
    });
  for (const { group, labels } of groups) {
    const positives = countOf(labels);
    if (positives === 0 || positives === labels.length)
      throw new InputError('OneClass', `group "${group}" has one class only`, {
        field: 'label',
        rule: 'both classes in every group',
      });
  }
}

const countOf = (labels: Uint8Array): number => labels.reduce((sum, label) => sum + label, 0);
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
const between = (low: number, high: number): number => (Number.isFinite(low) ? low / 2 + high / 2 : low);

function corners({ labels, scores }: GroupScores, constraint: AdjustmentConstraint): Corner[] {
  const order = sortedOrder(scores);
  const n = order.length;
  const positives = countOf(labels);
  const found: Corner[] = [];
  let [tp, fp] = [0, 0];
  const corner = (threshold: number): void => {
    const accuracy = (tp + n - positives - fp) / n;
    const tpr = tp / positives;
    const fpr = fp / (n - positives);
    if (constraint === 'demographic_parity') found.push({ x: (tp + fp) / n, y: accuracy, threshold });
    else if (constraint === 'equalized_odds') found.push({ x: fpr, y: tpr, threshold });
    else found.push({ x: tpr, y: accuracy, threshold });
  };
  corner(Infinity);
  for (let place = n - 1; place >= 0; place -= 1) {
    const row = order[place]!;
    if (labels[row] === 1) tp += 1;
    else fp += 1;
    const below = place > 0 ? scores[order[place - 1]!]! : -Infinity;
    if (below !== scores[row]) corner(between(below, scores[row]!));
  }
  return found;
}

/** Upper concave hull of corners whose x does not fall (Andrew's monotone chain). */
function hull(corners: readonly Corner[]): Corner[] {
  const sorted = [...corners].sort((a, b) => a.x - b.x || a.y - b.y);
  const kept: Corner[] = [];
  for (const next of sorted) {
    while (kept.length > 0 && kept.at(-1)!.x === next.x && kept.at(-1)!.y <= next.y) kept.pop();
    while (kept.length > 1) {
      const [a, b] = [kept.at(-2)!, kept.at(-1)!];
      if ((b.x - a.x) * (next.y - a.y) - (b.y - a.y) * (next.x - a.x) < 0) break;
      kept.pop();
    }
    kept.push(next);
  }
  return kept;
}

/** The hull at x, and how its two corners are mixed there. */
function heightAt(curve: readonly Corner[], x: number): { y: number; left: Corner; right: Corner; share: number } {
  let at = 0;
  while (at + 2 < curve.length && curve[at + 1]!.x < x) at += 1;
  const left = curve[at]!;
  const right = curve[Math.min(at + 1, curve.length - 1)]!;
  const share = right.x > left.x ? Math.min(1, Math.max(0, (x - left.x) / (right.x - left.x))) : 0;
  return { y: left.y + share * (right.y - left.y), left, right, share };
}

function chance({ upper, lower, share, ignored, constant }: GroupCutOffs, score: number): number {
  // The upper cut-off is absent only where it selects nobody, the lower only where it selects everybody.
  const byUpper = upper !== null && score > upper ? 1 : 0;
  const byLower = lower === null || score > lower ? 1 : 0;
  const mixed = (1 - share) * byUpper + share * byLower;
  return ignored * constant + (1 - ignored) * mixed;
}

function outcome(groups: readonly GroupScores[], selected: (group: number, score: number) => number): CutOffOutcome {
  let right = 0;
  let n = 0;
  const byGroup = groups.map(({ group, labels, scores }, i) => {
    let [tp, fp, positives] = [0, 0, 0];
    labels.forEach((label, row) => {
      const share = selected(i, scores[row]!);
      if (label === 1) {
        positives += 1;
        tp += share;
      } else fp += share;
    });
    const negatives = labels.length - positives;
    right += tp + negatives - fp;
    n += labels.length;
    return {
      group,
      n: labels.length,
      selectionRate: (tp + fp) / labels.length,
      truePositiveRate: positives > 0 ? tp / positives : null,
      falsePositiveRate: negatives > 0 ? fp / negatives : null,
    };
  });
  return { accuracy: right / n, groups: byGroup };
}

function concatenated(groups: readonly GroupScores[]) {
  const n = groups.reduce((sum, { labels }) => sum + labels.length, 0);
  const values = new Float64Array(n);
  const labels = new Uint8Array(n);
  const group = new Int32Array(n);
  let at = 0;
  groups.forEach((own, i) => {
    values.set(own.scores, at);
    labels.set(own.labels, at);
    group.fill(i, at, at + own.labels.length);
    at += own.labels.length;
  });
  return { values, labels, group };
}
