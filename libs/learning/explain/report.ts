import { Generator, InputError, asCategories, columnOf, numbersOf, rSquared, rocAuc } from '#libs/statistics';
import type { Table } from '#libs/statistics';
import type { ModelMetadata } from '../onnx/index.js';
import { attributorOf, revealedFor } from './attribution.js';
import { sampledOrders } from './sampled-shapley.js';
import type { Attributor } from './attribution.js';
import { decisionOf, explainLimits, mostProbable, nameOf, written } from './decision.js';
import { observedGrid, partialDependence } from './partial-dependence.js';
import { permutationImportance, shuffled } from './permutation-importance.js';
import type { ExplainOptions, ExplainReport } from './report-shape.js';
import { openScorer } from './scorer.js';
import type { Scorer } from './scorer.js';
import { blocksOf, tensorOf } from './tensor.js';
import type { FeatureBlock } from './tensor.js';

/**
 * What a model goes by, over a table and for one row of it. Works for every model that `assay train` writes: exact
 * attributions for trees and linear models, sampled ones for the others; all else only asks the model.
 * @throws InputError `NoRows`, `UnknownRow`, `UnsupportedModel`, `UnknownColumn`, and those of reading file and rows
 */
export async function explainModel(
  model: Uint8Array,
  table: Table,
  options: ExplainOptions = {},
): Promise<ExplainReport> {
  const { seed = 0, row } = options;
  if (table.rows === 0) throw new InputError('NoRows', 'there are no rows to explain', { rule: 'at least one row' });
  if (row !== undefined && !(Number.isInteger(row) && row >= 0 && row < table.rows))
    throw new InputError('UnknownRow', `there is no row ${row}`, { field: 'row', rule: `0 to ${table.rows - 1}` });
  const known = options.background ?? table;
  if (known.rows === 0)
    throw new InputError('NoRows', 'the background has no rows', { field: 'background', rule: 'at least one row' });
  const scorer = await openScorer(model, revealedFor);
  try {
    const blocks = blocksOf(scorer.metadata);
    checkNames(scorer.metadata, options);
    const random = new Generator(seed);
    const sample = (from: Table, most: number): Float32Array =>
      tensorOf(scorer.metadata, from, shuffled(from.rows, random).slice(0, most).sort());
    const background = sample(known, explainLimits.backgroundRows);
    const attributor = await attributorOf(scorer, blocks, background, options.method ?? 'auto', seed);
    // Drawn by the seed alone, as `assay measure permutation_importance@sklearn` draws.
    const importance = await permutedImportance(scorer, blocks, table, new Generator(seed), options);
    options.onProgress?.('attribution', 0, 1);
    const attribution = await globalShares(scorer, attributor, sample(table, attributor.affordableRows));
    const dependence = await dependenceOf(scorer, blocks, sample(table, explainLimits.dependenceRows), options);
    const decision =
      row === undefined ? {} : { decision: await decisionOf(scorer, blocks, attributor, table, known, row, options) };
    return {
      outputs: scorer.outputs,
      rows: table.rows,
      background: background.length / scorer.width,
      seed,
      importance,
      attribution,
      dependence,
      ...decision,
    };
  } finally {
    await scorer.close();
  }
}

function checkNames({ features }: ModelMetadata, { immutable = [] }: ExplainOptions): void {
  const unknown = immutable.find((name) => !features.includes(name));
  if (unknown !== undefined)
    throw new InputError('UnknownColumn', `"${unknown}" is no feature of the model`, {
      field: 'immutable',
      rule: `one of ${features.slice(0, 20).join(', ')}`,
    });
}

/** Permutation importance of every feature, of at most `explainLimits.importanceRows` drawn rows. */
export async function permutedImportance(
  scorer: Scorer,
  blocks: readonly FeatureBlock[],
  table: Table,
  random: Generator,
  { repeats = 5, onProgress }: Pick<ExplainOptions, 'repeats' | 'onProgress'>,
): Promise<ExplainReport['importance']> {
  const { target, task = 'classification' } = scorer.metadata;
  if (!target) return { undefined: 'no-target' };
  const column = table.columns.find(({ name }) => name === target.column);
  if (!column) return { undefined: 'target-not-in-data' };
  if (column.nulls > 0) return { undefined: 'target-misses-values' };
  const rows = shuffled(table.rows, random).slice(0, explainLimits.importanceRows).sort();
  const tensor = tensorOf(scorer.metadata, table, rows);
  let score: (answers: Float64Array) => number | undefined;
  let name: string;
  if (task === 'regression') {
    const all = numbersOf(column);
    const labels = Float64Array.from(rows, (row) => all[row]!);
    name = 'r2_score@sklearn';
    score = (answers) => rSquared(labels, answers);
  } else {
    const { codes, categories } = asCategories(columnOf(table, target.column));
    if (target.scored !== undefined) {
      const scored = categories.indexOf(target.scored);
      const labels = Uint8Array.from(rows, (row) => Number(codes[row] === scored));
      name = 'roc_auc_score@sklearn';
      score = (answers) => rocAuc(labels, answers);
    } else {
      const labels = Int32Array.from(rows, (row) => scorer.outputs.indexOf(categories[codes[row]!]!));
      name = 'accuracy_score@sklearn';
      score = (answers) => {
        let right = 0;
        for (let i = 0; i < labels.length; i += 1)
          if (mostProbable(answers, i * scorer.outputs.length, scorer) === labels[i]) right += 1;
        return right / labels.length;
      };
    }
  }
  const found = await permutationImportance(
    tensor,
    scorer.width,
    blocks,
    async (part) => score(await scorer.score(part)),
    repeats,
    random.next(),
    (done, total) => onProgress?.('importance', done, total),
  );
  if (!found) return { undefined: 'one-class' };
  return {
    definition: 'permutation_importance@sklearn',
    score: name,
    n: rows.length,
    repeats,
    baseline: found.baseline,
    features: [...found.features].sort((a, b) => b.mean - a.mean),
  };
}

async function globalShares(
  scorer: Scorer,
  attributor: Attributor,
  tensor: Float32Array,
): Promise<ExplainReport['attribution']> {
  const rows = tensor.length / scorer.width;
  const attributed = await attributor.attribute(tensor, rows);
  const { columns, definition, perturbation, space } = attributor;
  const outputs = attributed[0]!.outputs.map(({ output }, k) => {
    const means = new Float64Array(columns.length);
    let base = 0;
    for (const { outputs: own } of attributed) {
      own[k]!.shares.forEach((share, j) => (means[j]! += Math.abs(share) / rows));
      base += own[k]!.base / rows;
    }
    const named = columns.map((column, j) => ({ ...nameOf(scorer, column), meanAbsolute: means[j]! }));
    return { output, base, columns: named.sort((a, b) => b.meanAbsolute - a.meanAbsolute) };
  });
  const orders =
    definition === 'shapley_sampling@assay' ? { orders: rows === 1 ? sampledOrders : sampledOrders / 4 } : {};
  return { definition, perturbation, space, n: rows, ...orders, outputs };
}

async function dependenceOf(
  scorer: Scorer,
  blocks: readonly FeatureBlock[],
  tensor: Float32Array,
  { onProgress }: ExplainOptions,
): Promise<ExplainReport['dependence']> {
  const features = [];
  for (const [index, block] of blocks.entries()) {
    onProgress?.('dependence', index + 1, blocks.length);
    if (block.width > 1) continue;
    const most = explainLimits.dependencePoints;
    const grid = scorer.metadata.encoding[block.feature]
      ? observedGrid(tensor, scorer.width, block, Infinity)
      : observedGrid(tensor, scorer.width, block, most);
    const points = await partialDependence(tensor, scorer.width, block.first, grid, scorer.outputs.length, (part) =>
      scorer.score(part),
    );
    features.push({
      feature: block.feature,
      points: points.map(({ value, means }) => ({ value: written(scorer.metadata, block.feature, value), means })),
    });
  }
  return { definition: 'partial_dependence@sklearn', n: tensor.length / scorer.width, features };
}
