import { Generator, InputError } from '#libs/statistics';
import type { TrainingSet } from '../algorithm.js';
import { binColumns } from './bins.js';
import { addTree } from './ensemble.js';
import type { Ensemble, Tree } from './ensemble.js';
import { Grower } from './grow.js';
import type { GrowOptions } from './grow.js';
import { fixedPoint } from './losses.js';
import type { Loss } from './losses.js';

export interface EarlyStopping {
  /** Share of the rows that are kept from fitting, in (0, 1); drawn by the seed, of each class alike. */
  readonly fraction: number;
  /** Rounds without a lower loss after which it stops. */
  readonly rounds: number;
  /** A lower loss is one that is lower by more than this. */
  readonly tolerance: number;
}

export interface BoostingOptions extends GrowOptions {
  /** Rounds at most: one tree a round, or one for each class where there are three or more. */
  readonly rounds: number;
  /** Bins of a column at most, 2 … 255. */
  readonly bins: number;
  readonly earlyStopping?: EarlyStopping;
}

export interface Boosted {
  /** Raw scores: logits, log-odds or the prediction. */
  readonly ensemble: Ensemble;
  readonly rounds: number;
  /** Mean loss over the rows fitted on, where it stopped. */
  readonly loss: number;
  /** Mean loss over the rows kept from fitting, where it stopped. */
  readonly heldOutLoss?: number;
}

/**
 * Histogram gradient boosting (Friedman 2001; leaf-wise, second order, as scikit-learn 1.9.1 `HistGradientBoosting*`):
 * columns are cut into at most 255 bins once, each tree is grown leaf by leaf on histograms of gradients, the larger
 * child's histogram is the parent's less the smaller one's. Nothing is random but the rows of early stopping: the model
 * does not depend on the order of rows, and a row of integer weight w is w rows (`minimumRows` counts rows as they stand).
 */
export function boost(
  set: Pick<TrainingSet, 'values' | 'target' | 'weights' | 'rows' | 'width' | 'classes'>,
  loss: Loss,
  options: BoostingOptions,
  context: { readonly seed: number; readonly checkpoint: () => void },
): Boosted {
  const { values, target, weights, width } = set;
  const { outputs } = loss;
  const { fitted, heldOut } = splitRows(set, options.earlyStopping, context.seed);
  const whole = heldOut.length === 0 && fitted.length === set.rows;
  const own = whole ? { values, target, weights } : take(set, fitted);
  const rows = fitted.length;
  const binned = binColumns(own.values, rows, width, options.bins, own.weights, context.checkpoint);
  const base = loss.baseline(own.target, own.weights);
  const scores = constantScores(base, rows);
  const check = heldOut.length > 0 ? take(set, heldOut) : undefined;
  const checkScores = check && constantScores(base, heldOut.length);
  const grower = new Grower(binned, own.weights, options, context.checkpoint);
  const pairs = new Float64Array(2 * rows);
  const trees: Tree[] = [];
  let best = check ? loss.mean(checkScores!, check.target, check.weights) : Infinity;
  let bestRound = 0;
  let rounds = 0;
  while (rounds < options.rounds) {
    const before = outputs > 1 ? scores.slice() : scores;
    let grown = false;
    for (let output = 0; output < outputs; output += 1) {
      context.checkpoint();
      loss.pairs(before, own.target, output, pairs);
      fixedPoint(pairs, own.weights);
      const tree = grower.grow(pairs, output);
      grown ||= tree.feature.length > 1;
      trees.push(tree);
      for (const { node, start, end } of grower.leaves) {
        const step = tree.value[node]!;
        for (let i = start; i < end; i += 1) scores[grower.rows[i]! * outputs + output]! += step;
      }
      if (check) addTree(tree, check.values, heldOut.length, width, outputs, checkScores!);
    }
    rounds += 1;
    if (check) {
      const now = loss.mean(checkScores!, check.target, check.weights);
      if (now < best - options.earlyStopping!.tolerance) {
        best = now;
        bestRound = rounds;
      } else if (rounds - bestRound >= options.earlyStopping!.rounds) break;
    }
    // No column splits any leaf: further rounds would only move the baseline that is already at its minimum.
    if (!grown) break;
  }
  // What came after the best round did not help rows that were not fitted on.
  if (check) rounds = bestRound;
  const kept = trees.slice(0, rounds * outputs);
  const final = check ? constantScores(base, rows) : scores;
  if (check) for (const tree of kept) addTree(tree, own.values, rows, width, outputs, final);
  return {
    ensemble: { trees: kept, outputs, base },
    rounds,
    loss: loss.mean(final, own.target, own.weights),
    ...(check ? { heldOutLoss: best } : {}),
  };
}

function splitRows(
  { rows, target, weights, classes }: Pick<TrainingSet, 'rows' | 'target' | 'weights' | 'classes'>,
  earlyStopping: EarlyStopping | undefined,
  seed: number,
): { fitted: Int32Array; heldOut: Int32Array } {
  // A row without weight takes part in nothing.
  const all = Array.from({ length: rows }, (_, row) => row).filter((row) => (weights?.[row] ?? 1) > 0);
  if (!earlyStopping) return { fitted: Int32Array.from(all), heldOut: new Int32Array(0) };
  const random = new Generator(seed);
  const strata = new Map<number, number[]>();
  for (const row of all) {
    const stratum = classes > 0 ? target[row]! : 0;
    const members = strata.get(stratum);
    if (members) members.push(row);
    else strata.set(stratum, [row]);
  }
  const out: number[] = [];
  for (const stratum of [...strata.keys()].sort((a, b) => a - b)) {
    const members = strata.get(stratum)!;
    const count = Math.min(members.length - 1, Math.round(members.length * earlyStopping.fraction));
    for (let i = 0; i < count; i += 1) {
      const other = i + random.integer(members.length - i);
      [members[i], members[other]] = [members[other]!, members[i]!];
      out.push(members[i]!);
    }
  }
  if (out.length === 0)
    throw new InputError('NoRows', `early stopping keeps no row of ${all.length}`, {
      field: 'algorithm.earlyStopping.fraction',
      rule: 'at least one row is kept from fitting',
    });
  const held = new Set(out);
  return { fitted: Int32Array.from(all.filter((row) => !held.has(row))), heldOut: Int32Array.from(out).sort() };
}

function take(
  { values, target, weights, width }: Pick<TrainingSet, 'values' | 'target' | 'weights' | 'width'>,
  rows: Int32Array,
) {
  const own = new Float64Array(rows.length * width);
  rows.forEach((row, i) => own.set(values.subarray(row * width, (row + 1) * width), i * width));
  return {
    values: own,
    target: Float64Array.from(rows, (row) => target[row]!),
    weights: weights && Float64Array.from(rows, (row) => weights[row]!),
  };
}

function constantScores(base: Float64Array, rows: number): Float64Array {
  const scores = new Float64Array(rows * base.length);
  for (let row = 0; row < rows; row += 1) scores.set(base, row * base.length);
  return scores;
}
