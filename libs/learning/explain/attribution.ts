import { InputError, interventionalTreeShap, linearAttribution, treeShap } from '#libs/statistics';
import { readEnsemble } from '../trees/onnx.js';
import type { EnsembleInFile } from '../trees/onnx.js';
import { readLinear } from './linear.js';
import type { LinearInFile } from './linear.js';
import { sampledOrders, sampledShapley } from './sampled-shapley.js';
import type { Scorer } from './scorer.js';
import type { FeatureBlock } from './tensor.js';

/** How scores are shared out; `auto` takes the exact way that the file allows. */
export const attributionMethods = ['auto', 'path-dependent', 'interventional', 'linear', 'sampled'] as const;
export type AttributionMethod = (typeof attributionMethods)[number];

/** What the shares add up to. */
export type ScoreSpace = 'log-odds' | 'logit' | 'probability' | 'number';

export interface AttributedRow {
  /** One for each explained output. */
  readonly outputs: readonly {
    readonly output: string;
    readonly base: number;
    readonly score: number;
    readonly shares: Float64Array;
    /** Standard errors, where the shares are sampled. */
    readonly errors?: Float64Array;
  }[];
}

/** How a column that is not known is filled (shap's word): by the trees' weights, or from the background. */
export type Perturbation = 'tree_path_dependent' | 'interventional' | 'independent';

export interface Attributor {
  readonly definition: string;
  readonly perturbation: Perturbation;
  readonly space: ScoreSpace;
  /** What the shares belong to: columns behind the pipeline, or features where the model is asked from outside. */
  readonly columns: readonly string[];
  /** Most rows that a global view should ask for: sampling asks the model many times. */
  readonly affordableRows: number;
  attribute(tensor: Float32Array, rows: number): Promise<readonly AttributedRow[]>;
}

/** Values of the graph that attributions need: what the trees or the coefficients read. */
export function revealedFor(graph: Scorer['graph']): string[] {
  const exact = readEnsemble(graph) ?? readLinear(graph);
  return exact ? [exact.input] : [];
}

/**
 * @param background tensor rows that stand for columns that are not known (not used by path-dependent attributions)
 * @throws InputError `UnsupportedModel` where the file has no trees or no linear model, as the method asks
 */
export async function attributorOf(
  scorer: Scorer,
  blocks: readonly FeatureBlock[],
  background: Float32Array,
  method: AttributionMethod,
  seed: number,
): Promise<Attributor> {
  const ensemble = readEnsemble(scorer.graph);
  const linear = readLinear(scorer.graph);
  const chosen = method !== 'auto' ? method : ensemble ? 'path-dependent' : linear ? 'linear' : 'sampled';
  if (chosen === 'sampled') return sampled(scorer, blocks, background, seed);
  if (chosen === 'linear') {
    if (!linear) throw unsupported(chosen, 'a linear model');
    return exactLinear(scorer, blocks, linear, background);
  }
  if (!ensemble) throw unsupported(chosen, 'a model of trees');
  return exactTrees(scorer, blocks, ensemble, background, chosen);
}

function unsupported(method: string, rule: string): InputError {
  return new InputError('UnsupportedModel', `${method} attributions need ${rule}`, { field: 'attribution', rule });
}

async function exactLinear(
  scorer: Scorer,
  blocks: readonly FeatureBlock[],
  linear: LinearInFile,
  background: Float32Array,
): Promise<Attributor> {
  const behind = await scorer.reveal(background, linear.input);
  const columns = columnsBehind(scorer, blocks, linear.coefficients.length / linear.outputs);
  const isClassifier = (scorer.metadata.task ?? 'classification') === 'classification';
  return {
    definition: 'linear_explainer@shap',
    perturbation: 'independent',
    space: !isClassifier ? 'number' : linear.outputs === 1 ? 'log-odds' : 'logit',
    columns,
    affordableRows: 2000,
    async attribute(tensor, rows) {
      const values = await scorer.reveal(tensor, linear.input);
      const { base, values: shares } = linearAttribution(linear, values, rows, behind);
      return toRows(scorer, rows, linear.outputs, base, shares, columns.length);
    },
  };
}

async function exactTrees(
  scorer: Scorer,
  blocks: readonly FeatureBlock[],
  ensemble: EnsembleInFile,
  background: Float32Array,
  method: 'path-dependent' | 'interventional',
): Promise<Attributor> {
  const probe = await scorer.reveal(background.subarray(0, scorer.width), ensemble.input);
  const columns = columnsBehind(scorer, blocks, probe.length);
  const behind = method === 'interventional' ? await scorer.reveal(background, ensemble.input) : undefined;
  return {
    definition: 'tree_explainer@shap',
    perturbation: method === 'interventional' ? 'interventional' : 'tree_path_dependent',
    space: treeSpace(scorer, ensemble),
    columns,
    affordableRows: method === 'interventional' ? 100 : 500,
    async attribute(tensor, rows) {
      const values = await scorer.reveal(tensor, ensemble.input);
      const { base, values: shares } = behind
        ? interventionalTreeShap(ensemble, values, rows, behind, background.length / scorer.width)
        : treeShap(ensemble, values, rows);
      return toRows(scorer, rows, ensemble.outputs, base, shares, columns.length);
    },
  };
}

function treeSpace(scorer: Scorer, { outputs, output }: EnsembleInFile): ScoreSpace {
  if ((scorer.metadata.task ?? 'classification') !== 'classification') return 'number';
  const linked = (scorer.graph.node ?? []).some(
    ({ op_type, input }) => (op_type === 'Sigmoid' || op_type === 'Softmax') && input?.includes(output),
  );
  if (!linked) return 'probability';
  return outputs === 1 ? 'log-odds' : 'logit';
}

function toRows(
  scorer: Scorer,
  rows: number,
  outputs: number,
  base: Float64Array,
  shares: Float64Array,
  columns: number,
): AttributedRow[] {
  // Two logits of two classes: the scored label's is the second.
  const explained = scorer.outputs.length === 1 ? [outputs - 1] : Array.from({ length: outputs }, (_, k) => k);
  return Array.from({ length: rows }, (_, row) => ({
    outputs: explained.map((k) => {
      const own = shares.slice((row * outputs + k) * columns, (row * outputs + k + 1) * columns);
      const output = scorer.outputs[explained.length === 1 ? 0 : k]!;
      return { output, base: base[k]!, score: own.reduce((sum, share) => sum + share, base[k]!), shares: own };
    }),
  }));
}

function sampled(scorer: Scorer, blocks: readonly FeatureBlock[], background: Float32Array, seed: number): Attributor {
  const isClassifier = (scorer.metadata.task ?? 'classification') === 'classification';
  const { outputs } = scorer;
  const { width } = scorer;
  return {
    definition: 'shapley_sampling@assay',
    perturbation: 'interventional',
    space: isClassifier ? 'probability' : 'number',
    columns: blocks.map(({ feature }) => feature),
    affordableRows: 20,
    async attribute(tensor, rows) {
      const result: AttributedRow[] = [];
      const ask = (part: Float32Array): Promise<Float64Array> => scorer.score(part);
      for (let row = 0; row < rows; row += 1) {
        const own = tensor.slice(row * width, (row + 1) * width);
        // Fewer orders where many rows are asked for: their mean is what counts there.
        const orders = rows === 1 ? sampledOrders : Math.max(10, Math.round(sampledOrders / 4));
        const found = await sampledShapley(own, background, blocks, outputs.length, ask, orders, seed);
        result.push({
          outputs: outputs.map((output, k) => {
            const part = (values: Float64Array): Float64Array =>
              values.slice(k * blocks.length, (k + 1) * blocks.length);
            const shares = part(found.values);
            const base = found.base[k]!;
            const score = shares.reduce((sum, share) => sum + share, base);
            return { output, base, score, shares, errors: part(found.errors) };
          }),
        });
      }
      return result;
    },
  };
}

/** Names of the columns behind the pipeline. */
export function columnsBehind({ metadata }: Scorer, blocks: readonly FeatureBlock[], count: number): string[] {
  const tensor = blocks.flatMap(({ feature, width }) =>
    width === 1 ? [feature] : Array.from({ length: width }, (_, bucket) => `${feature}#${bucket}`),
  );
  const names = metadata.columns ?? tensor;
  return Array.from({ length: count }, (_, j) => names[j] ?? `column ${j}`);
}

/**
 * The feature that a column behind the pipeline is made of, where its name tells: the feature itself, one of its
 * categories (`f=value`), its words (`f#3`) or a power of it (`f^2`).
 */
export function featureOf(column: string, features: readonly string[]): string | undefined {
  return features
    .filter((feature) => {
      if (!column.startsWith(feature)) return false;
      const rest = column.slice(feature.length);
      return rest === '' || rest.startsWith('=') || /^#\d+$/.test(rest) || /^\^\d+$/.test(rest);
    })
    .sort((a, b) => b.length - a.length)[0];
}
