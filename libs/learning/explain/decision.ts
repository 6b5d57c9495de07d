import { Generator } from '#libs/statistics';
import type { Table } from '#libs/statistics';
import type { ModelMetadata } from '../onnx/index.js';
import { featureOf } from './attribution.js';
import type { AttributedRow, Attributor } from './attribution.js';
import { counterfactuals } from './counterfactual.js';
import { shuffled } from './permutation-importance.js';
import type { Decision, ExplainOptions, FeatureValue } from './report-shape.js';
import type { Scorer } from './scorer.js';
import { tensorOf } from './tensor.js';
import type { FeatureBlock } from './tensor.js';

/** Rows of a table that each part looks at, at most; drawn by the seed. */
export const explainLimits = { importanceRows: 5000, dependenceRows: 500, backgroundRows: 100, dependencePoints: 20 };
const plausible = [0.01, 0.99] as const;

/** One row's decision: its shares, and rows near it that are decided otherwise. */
export async function decisionOf(
  scorer: Scorer,
  blocks: readonly FeatureBlock[],
  attributor: Attributor,
  table: Table,
  known: Table,
  row: number,
  options: ExplainOptions,
): Promise<Decision> {
  const tensor = tensorOf(scorer.metadata, table, [row]);
  const answer = [...(await scorer.score(tensor))];
  const [attributed] = await attributor.attribute(tensor, 1);
  const value = ({ feature, first, width }: FeatureBlock): [string, FeatureValue] => [
    feature,
    width > 1 ? null : written(scorer.metadata, feature, tensor[first]!),
  ];
  options.onProgress?.('counterfactuals', 0, 1);
  return {
    row,
    values: Object.fromEntries(blocks.map(value)),
    answer,
    attribution: sharesOf(scorer, attributor, attributed!),
    counterfactuals: await counterfactualsOf(scorer, blocks, tensor, answer, known, options),
  };
}

function sharesOf(
  scorer: Scorer,
  { columns, definition, perturbation, space }: Attributor,
  { outputs }: AttributedRow,
): Decision['attribution'] {
  return {
    definition,
    perturbation,
    space,
    outputs: outputs.map(({ output, base, score, shares, errors }) => ({
      output,
      base,
      score,
      shares: columns
        .map((column, j) => ({
          ...nameOf(scorer, column),
          share: shares[j]!,
          ...(errors ? { standardError: errors[j]! } : {}),
        }))
        .sort((a, b) => Math.abs(b.share) - Math.abs(a.share)),
    })),
  };
}

async function counterfactualsOf(
  scorer: Scorer,
  blocks: readonly FeatureBlock[],
  row: Float32Array,
  answer: readonly number[],
  known: Table,
  options: ExplainOptions,
): Promise<Decision['counterfactuals']> {
  const { metadata } = scorer;
  if ((metadata.task ?? 'classification') !== 'classification') return { undefined: 'no-decision' };
  const { threshold = 0.5, seed = 0 } = options;
  const binary = scorer.outputs.length === 1;
  const own = binary ? Number(answer[0]! >= threshold) : mostProbable(answer, 0, scorer);
  const wanted = (answers: Float64Array, at: number): boolean =>
    binary ? Number(answers[at]! >= threshold) !== own : mostProbable(answers, at, scorer) !== own;
  const fixed = new Set([...(options.immutable ?? []), ...(options.protectedFeatures ?? [])]);
  const rows = shuffled(known.rows, new Generator(seed)).slice(0, explainLimits.importanceRows).sort();
  const { found, asked } = await counterfactuals(
    row,
    tensorOf(metadata, known, rows),
    blocks,
    scorer.outputs.length,
    wanted,
    (part) => scorer.score(part),
    {
      seed,
      count: options.counterfactuals ?? 3,
      quantiles: plausible,
      immutable: fixed,
      categorical: new Set(Object.keys(metadata.encoding)),
    },
  );
  const decided = binary
    ? own === 1
      ? metadata.target!.scored!
      : (metadata.target!.other ?? `not ${metadata.target!.scored}`)
    : scorer.outputs[own]!;
  return {
    definition: 'counterfactual_search@assay',
    decided,
    ...(binary ? { threshold } : {}),
    quantiles: plausible,
    unchanged: blocks.filter(({ feature, width }) => width > 1 || fixed.has(feature)).map(({ feature }) => feature),
    asked,
    found: found.map(({ changes, distance, answer: other }) => ({
      changes: changes.map(({ feature, from, to }) => ({
        feature,
        from: written(metadata, feature, from),
        to: written(metadata, feature, to),
      })),
      distance,
      answer: other,
    })),
  };
}

/** Place of the largest probability, the first of equal ones. */
export function mostProbable(answers: ArrayLike<number>, at: number, { outputs }: Scorer): number {
  let best = 0;
  for (let k = 1; k < outputs.length; k += 1) if (answers[at + k]! > answers[at + best]!) best = k;
  return best;
}

/** The number of the tensor as the data writes it: its category, else the shortest number that is the same float32. */
export function written({ encoding }: ModelMetadata, feature: string, value: number): FeatureValue {
  if (Number.isNaN(value)) return null;
  const codes = encoding[feature];
  if (codes) return Object.keys(codes).find((category) => codes[category] === value) ?? null;
  for (let digits = 1; digits <= 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

/** A column and the feature it is made of. */
export function nameOf({ metadata }: Scorer, column: string): { column: string; feature?: string } {
  const feature = featureOf(column, metadata.features);
  return { column, ...(feature === undefined ? {} : { feature }) };
}
