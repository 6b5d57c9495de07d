import { Generator, InputError, findDefinition, measure, tableOf } from '#libs/statistics';
import type { MeasureResult, Table } from '#libs/statistics';
import { readEnsemble } from '../trees/onnx.js';
import { columnsBehind } from './attribution.js';
import { readLinear } from './linear.js';
import { permutedImportance } from './report.js';
import { partialDependence } from './partial-dependence.js';
import { sampledOrders, sampledShapley } from './sampled-shapley.js';
import { openScorer } from './scorer.js';
import type { Scorer } from './scorer.js';
import { blocksOf, tensorOf } from './tensor.js';
import type { FeatureBlock } from './tensor.js';

type Arguments = Readonly<Record<string, unknown>>;

interface Asked {
  readonly scorer: Scorer;
  readonly blocks: readonly FeatureBlock[];
  readonly tables: readonly Table[];
  readonly args: Arguments;
  readonly text: (name: string) => string;
  readonly integer: (name: string, fallback: number, least: number, most: number) => number;
}

/**
 * An explanation measure of a model file: `tree_explainer@shap` and `linear_explainer@shap` read trees and coefficients out
 * of the file and the columns that they see out of the runtime; the others ask the model.
 * @param tables rows, then background rows where the measure has them; by default the rows are their own background
 * @throws InputError `UnsupportedModel` where the file has no trees or no linear model, and those of `measure` and of reading
 */
export async function measureModel(
  id: string,
  model: Uint8Array,
  tables: readonly Table[],
  args: Arguments,
): Promise<MeasureResult> {
  const { name, profile, version, files, moreFiles = 0 } = findDefinition(id);
  if (tables.length < 1 || tables.length > Math.max(2, files + moreFiles))
    throw new InputError('WrongFiles', `${id} reads 1 or 2 files`, { field: 'files', rule: '1 or 2 files' });
  const wrong = (field: string, rule: string): InputError =>
    new InputError('WrongArgument', `argument "${field}" is ${rule}`, { field, rule });
  const scorer = await openScorer(model, (graph) => {
    const exact = readEnsemble(graph) ?? readLinear(graph);
    return exact ? [exact.input] : [];
  });
  try {
    const asked: Asked = {
      scorer,
      blocks: blocksOf(scorer.metadata),
      tables,
      args,
      text(field) {
        if (typeof args[field] !== 'string') throw wrong(field, 'a text');
        return args[field];
      },
      integer(field, fallback, least, most) {
        const value = args[field] ?? fallback;
        if (!(Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most))
          throw wrong(field, `a whole number from ${least} to ${most}`);
        return value as number;
      },
    };
    if (name === 'tree_explainer' || name === 'linear_explainer') return await exactShares(id, asked);
    const answered = { definition: `${name}@${profile}`, version };
    if (name === 'partial_dependence') return { ...answered, ...(await dependence(asked, wrong)) };
    if (name === 'permutation_importance') return { ...answered, ...(await importance(asked, wrong)) };
    return { ...answered, ...(await sampledShare(asked)) };
  } finally {
    await scorer.close();
  }
}

type Number_ = Pick<MeasureResult, 'value' | 'n' | 'undefined'>;

/** The catalogue's own function, over the columns that trees or coefficients see. */
async function exactShares(id: string, { scorer, blocks, tables, args }: Asked): Promise<MeasureResult> {
  const wantsTrees = id.startsWith('tree_');
  const ensemble = wantsTrees ? readEnsemble(scorer.graph) : undefined;
  const linear = wantsTrees ? undefined : readLinear(scorer.graph);
  const exact = ensemble ?? linear;
  if (!exact)
    throw new InputError('UnsupportedModel', `the model has no ${wantsTrees ? 'trees' : 'linear score'}`, {
      field: 'model',
      rule: wantsTrees ? 'a model of trees' : 'a linear model',
    });
  const behind: Table[] = [];
  let columns: readonly string[] = [];
  for (const table of tables) {
    const rows = Int32Array.from({ length: table.rows }, (_, row) => row);
    const values = await scorer.reveal(tensorOf(scorer.metadata, table, rows), exact.input);
    const width = values.length / Math.max(1, table.rows);
    columns = columnsBehind(scorer, blocks, width);
    behind.push(
      tableOf(
        Object.fromEntries(
          columns.map((column, j) => [
            column,
            Array.from({ length: table.rows }, (_, row) => values[row * width + j]!),
          ]),
        ),
      ),
    );
  }
  const { model: _, ...rest } = args;
  const outputs = exact.outputs;
  // As in `assay explain`: of two logits of two classes the scored label's is the second.
  const output = rest['output'] ?? (scorer.outputs.length === 1 ? outputs - 1 : 0);
  if (ensemble) {
    const trees = ensemble.trees.map((tree) => ({
      ...Object.fromEntries(
        (['feature', 'threshold', 'left', 'right', 'cover', 'value'] as const).map((part) => [part, [...tree[part]]]),
      ),
      width: tree.width,
      first: tree.first,
    }));
    const given = { ...rest, trees, base: [...ensemble.base], columns, output };
    return measure(id, rest['feature_perturbation'] === 'interventional' ? twice(behind) : behind.slice(0, 1), given);
  }
  const k = Number(output);
  const coefficients = columns.map((_column, j) => linear!.coefficients[j * outputs + k]!);
  const given = { ...rest, coefficients, intercept: linear!.intercepts[k], columns, output: 0 };
  return measure(id, twice(behind), given);
}

function twice(tables: readonly Table[]): Table[] {
  return [tables[0]!, tables[1] ?? tables[0]!];
}

type Wrong = (field: string, rule: string) => InputError;

function blockAsked({ blocks, text }: Asked, wrong: Wrong): FeatureBlock {
  const feature = text('feature');
  const block = blocks.find((own) => own.feature === feature);
  if (!block)
    throw wrong(
      'feature',
      `one of ${blocks
        .slice(0, 20)
        .map(({ feature: own }) => own)
        .join(', ')}`,
    );
  return block;
}

function wholeTensor({ scorer, tables }: Asked, file = 0): Float32Array {
  const table = tables[file] ?? tables[0]!;
  return tensorOf(
    scorer.metadata,
    table,
    Int32Array.from({ length: table.rows }, (_, row) => row),
  );
}

async function dependence(asked: Asked, wrong: Wrong): Promise<Number_> {
  const { scorer, tables, args, integer } = asked;
  const block = blockAsked(asked, wrong);
  const codes = scorer.metadata.encoding[block.feature];
  const value = codes ? codes[String(args['value'])] : args['value'];
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw wrong('value', codes ? `one of ${Object.keys(codes).slice(0, 20).join(', ')}` : 'a finite number');
  const k = integer('output', 0, 0, scorer.outputs.length - 1);
  const n = tables[0]!.rows;
  if (n === 0) return { value: null, undefined: 'no-rows', n };
  const [point] = await partialDependence(
    wholeTensor(asked),
    scorer.width,
    block.first,
    [value],
    scorer.outputs.length,
    (part) => scorer.score(part),
  );
  return { value: point!.means[k]!, n };
}

async function importance(asked: Asked, wrong: Wrong): Promise<Number_> {
  const { scorer, tables, args, integer } = asked;
  const { feature } = blockAsked(asked, wrong);
  const result = args['result'] ?? 'mean';
  if (result !== 'mean' && result !== 'std' && result !== 'baseline') throw wrong('result', 'mean, std or baseline');
  const found = await permutedImportance(
    scorer,
    asked.blocks,
    tables[0]!,
    new Generator(integer('seed', 0, 0, 2 ** 32 - 1)),
    {
      repeats: integer('n_repeats', 5, 1, 10_000),
    },
  );
  if ('undefined' in found) return { value: null, undefined: found.undefined, n: tables[0]!.rows };
  const own = found.features.find((one) => one.feature === feature)!;
  return { value: result === 'baseline' ? found.baseline : result === 'std' ? own.sd : own.mean, n: found.n };
}

async function sampledShare(asked: Asked): Promise<Number_> {
  const { scorer, blocks, tables, args, integer, text } = asked;
  const wrong: Wrong = (field, rule) =>
    new InputError('WrongArgument', `argument "${field}" is ${rule}`, { field, rule });
  const at = blocks.indexOf(blockAsked(asked, wrong));
  if (tables[0]!.rows === 0) return { value: null, undefined: 'no-rows', n: 0 };
  const row = integer('row', 0, 0, tables[0]!.rows - 1);
  const k = integer('output', 0, 0, scorer.outputs.length - 1);
  const found = await sampledShapley(
    tensorOf(scorer.metadata, tables[0]!, [row]),
    wholeTensor(asked, 1),
    blocks,
    scorer.outputs.length,
    (part) => scorer.score(part),
    integer('orders', sampledOrders, 1, 100_000),
    integer('seed', 0, 0, 2 ** 32 - 1),
  );
  const base = args['result'] !== undefined && text('result') === 'base';
  return { value: base ? found.base[k]! : found.values[k * blocks.length + at]!, n: 1 };
}
