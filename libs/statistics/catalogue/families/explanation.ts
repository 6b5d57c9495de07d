import { interventionalTreeShap, linearAttribution, treeShap } from '../../explanation/index.js';
import type { Attributions } from '../../explanation/index.js';
import { rSquared } from '../../performance/index.js';
import { Generator } from '../../random/generator.js';
import { InputError } from '../../errors.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import {
  columnNames,
  ensembleOf,
  featureAt,
  linearOf,
  matrixOf,
  modelArguments,
  modelOf,
  outputAsked,
  rowAsked,
} from '../explained-model.js';
import type { Inputs } from '../inputs.js';

/** shap 0.51.0 and scikit-learn 1.9.1's `inspection`: what a model goes by, of a model given as numbers or as a file. */
const versions = { shap: '0.51.0', sklearn: '1.9.1', assay: '1' } as const;
const { model, trees, base, coefficients, intercept, columns, feature, output } = modelArguments;

const row: ArgumentDefinition = {
  name: 'row',
  type: 'number',
  required: false,
  description: 'the row whose share is asked for, from 0; default: the mean |share| over all rows',
};
const share: ArgumentDefinition = {
  name: 'result',
  type: 'text',
  required: false,
  default: 'share',
  description: 'share, or base: the score of nobody in particular',
};
const seed: ArgumentDefinition = { name: 'seed', type: 'number', required: false, default: 0, description: 'of draws' };
const noRows: Answer = { undefined: 'no-rows', n: 0 };

function definition(
  name: string,
  profile: keyof typeof versions,
  rest: Pick<MeasureDefinition, 'arguments' | 'formula' | 'range' | 'undefinedCases' | 'source' | 'compute'> &
    Partial<MeasureDefinition>,
): MeasureDefinition {
  return { name, profile, version: versions[profile], family: 'explanation', files: 1, ...rest };
}

/** One row's share of a column, the mean |share| over the rows, or the base. */
function shareOf(inputs: Inputs, found: Attributions, names: readonly string[], rows: number, k: number): Answer {
  const outputs = found.base.length;
  if (inputs.oneOf('result', ['share', 'base'], 'share') === 'base') return answer(found.base[k], { n: rows });
  const at = featureAt(inputs, names);
  const of = (i: number): number => found.values[(i * outputs + k) * names.length + at]!;
  const asked = rowAsked(inputs);
  if (asked !== undefined) return answer(of(asked), { n: 1 });
  let sum = 0;
  for (let i = 0; i < rows; i += 1) sum += Math.abs(of(i));
  return answer(sum / rows, { n: rows });
}

/** Rows that stand for columns that are not known: the second file. @throws InputError `WrongFiles` */
function backgroundOf(inputs: Inputs, names: readonly string[]): { values: Float64Array; count: number } {
  if (inputs.tables.length < 2)
    throw new InputError('WrongFiles', 'the background rows come as a second file', {
      field: 'files',
      rule: '2 files',
    });
  return { values: matrixOf(inputs, 1, names), count: inputs.table(1).rows };
}

function treeExplainer(inputs: Inputs): Answer {
  const how = inputs.oneOf('feature_perturbation', ['tree_path_dependent', 'interventional'], 'tree_path_dependent');
  const names = columnNames(inputs);
  const { rows } = inputs.table();
  const ensemble = ensembleOf(inputs, names.length);
  const k = outputAsked(inputs, ensemble.outputs);
  if (rows === 0) return noRows;
  // Trees compare float32 values.
  const values = matrixOf(inputs, 0, names).map(Math.fround);
  if (how === 'tree_path_dependent') return shareOf(inputs, treeShap(ensemble, values, rows), names, rows, k);
  const background = backgroundOf(inputs, names);
  if (background.count === 0) return noRows;
  const behind = background.values.map(Math.fround);
  return shareOf(inputs, interventionalTreeShap(ensemble, values, rows, behind, background.count), names, rows, k);
}

function linearExplainer(inputs: Inputs): Answer {
  const names = columnNames(inputs);
  const { rows } = inputs.table();
  const linear = linearOf(inputs, names.length);
  const k = outputAsked(inputs, 1);
  const background = backgroundOf(inputs, names);
  if (rows === 0 || background.count === 0) return noRows;
  return shareOf(
    inputs,
    linearAttribution(linear, matrixOf(inputs, 0, names), rows, background.values),
    names,
    rows,
    k,
  );
}

/** The rows, what scores them, and the column and the output that are asked about. */
function scored(inputs: Inputs) {
  const names = columnNames(inputs);
  const { rows } = inputs.table();
  const { outputs, score } = modelOf(inputs, names.length);
  return { names, rows, outputs, score, k: outputAsked(inputs, outputs), at: featureAt(inputs, names) };
}

function partialDependence(inputs: Inputs): Answer {
  const { names, rows, outputs, score, k, at } = scored(inputs);
  const value = inputs.number('value');
  if (rows === 0) return noRows;
  const set = matrixOf(inputs, 0, names);
  for (let i = 0; i < rows; i += 1) set[i * names.length + at] = value;
  const answers = score(set, rows);
  let sum = 0;
  for (let i = 0; i < rows; i += 1) sum += answers[i * outputs + k]!;
  return answer(sum / rows, { n: rows });
}

function permutationImportance(inputs: Inputs): Answer {
  const { names, rows, outputs, score, k, at } = scored(inputs);
  const labels = inputs.numericColumn('label');
  const repeats = inputs.integer('n_repeats', 5);
  if (repeats < 1 || repeats > 10_000) throw inputs.wrong('n_repeats', 'from 1 to 10000');
  const values = matrixOf(inputs, 0, names);
  const of = (own: Float64Array): number | undefined =>
    rSquared(labels, outputs === 1 ? score(own, rows) : score(own, rows).filter((_, i) => i % outputs === k));
  const baseline = of(values);
  if (baseline === undefined || Number.isNaN(baseline)) return { undefined: 'no-score', n: rows };
  const random = new Generator(inputs.integer('seed', 0));
  const column = Float64Array.from({ length: rows }, (_, i) => values[i * names.length + at]!);
  const falls = Array.from({ length: repeats }, () => {
    for (let i = rows - 1; i > 0; i -= 1) {
      const other = random.integer(i + 1);
      [column[i], column[other]] = [column[other]!, column[i]!];
    }
    const dealt = values.slice();
    column.forEach((value, i) => (dealt[i * names.length + at] = value));
    return baseline - of(dealt)!;
  });
  const mean = falls.reduce((sum, fall) => sum + fall, 0) / repeats;
  if (inputs.oneOf('result', ['mean', 'std', 'baseline'], 'mean') === 'baseline') return answer(baseline, { n: rows });
  const spread = Math.sqrt(falls.reduce((sum, fall) => sum + (fall - mean) ** 2, 0) / repeats);
  return answer(inputs.text('result', 'mean') === 'std' ? spread : mean, { n: rows });
}

export const explanationDefinitions: readonly MeasureDefinition[] = [
  definition('tree_explainer', 'shap', {
    moreFiles: 1,
    arguments: [
      model,
      trees,
      base,
      columns,
      feature,
      output,
      row,
      {
        name: 'feature_perturbation',
        type: 'text',
        required: false,
        default: 'tree_path_dependent',
        description: 'tree_path_dependent (needs cover), or interventional (needs the background as second file)',
      },
      share,
    ],
    formula:
      'exact Shapley value of a column in the score of a sum of trees; an unknown column sends a row down both ways by the training weights (tree_path_dependent), or takes its value from each background row (interventional)',
    range: '(−∞, ∞), the unit of the score (log-odds of a boosted classifier)',
    undefinedCases: ['no-rows'],
    source: 'Lundberg, Erion and Lee 2018, algorithm 2; Lundberg et al., Nature Machine Intelligence 2 (2020)',
    reference: 'shap.TreeExplainer',
    differs:
      'shap sums interventional shares in float32 (1e-6); ours in float64. Values are compared as float32, as our model files do',
    compute: treeExplainer,
  }),
  definition('linear_explainer', 'shap', {
    files: 2,
    arguments: [model, coefficients, intercept, columns, feature, output, row, share],
    formula: 'coefficient × (value − mean over all background rows), of independent columns',
    range: '(−∞, ∞), the unit of the score',
    undefinedCases: ['no-rows'],
    source: 'Štrumbelj and Kononenko 2014',
    reference: 'shap.LinearExplainer with maskers.Independent(max_samples = all)',
    differs: 'shap’s LinearExplainer(model, X) samples 100 background rows in silence; ours takes all',
    compute: linearExplainer,
  }),
  definition('shapley_sampling', 'assay', {
    files: 2,
    arguments: [
      { ...model, required: true },
      feature,
      output,
      { ...row, required: true, description: 'the row whose share is asked for, from 0' },
      { name: 'orders', type: 'number', required: false, default: 100, description: 'orders that are drawn' },
      seed,
      share,
    ],
    formula:
      'mean over drawn orders, each walked forwards and backwards from a drawn background row, of what the answer moves by when the feature takes the row’s value',
    range: '(−∞, ∞), the unit of the answer (a probability of a classifier)',
    undefinedCases: ['no-rows'],
    source: 'Štrumbelj and Kononenko 2014; Mitchell et al. 2022 (antithetic orders)',
    differs:
      'sampled, with a standard error; of trees and linear models tree_explainer and linear_explainer@shap are exact',
    compute(inputs) {
      throw inputs.wrong('model', 'a file, which `assay measure` opens');
    },
  }),
  definition('partial_dependence', 'sklearn', {
    arguments: [
      model,
      trees,
      base,
      coefficients,
      intercept,
      columns,
      feature,
      {
        name: 'value',
        type: 'number',
        required: true,
        description: 'what the feature is set to (of a model file also a category)',
      },
      output,
    ],
    formula: 'mean answer over the rows, had all of them this value of the feature (brute)',
    range: 'that of the answers',
    undefinedCases: ['no-rows'],
    source: 'Friedman, Annals of Statistics 29 (2001)',
    reference: 'sklearn.inspection.partial_dependence(method="brute")',
    compute: partialDependence,
  }),
  definition('permutation_importance', 'sklearn', {
    arguments: [
      model,
      trees,
      base,
      coefficients,
      intercept,
      columns,
      {
        name: 'label',
        type: 'column',
        required: false,
        description: 'what really happened; of a model file its target',
      },
      feature,
      { name: 'n_repeats', type: 'number', required: false, default: 5, description: 'shufflings' },
      seed,
      output,
      { name: 'result', type: 'text', required: false, default: 'mean', description: 'mean, std or baseline' },
    ],
    formula:
      'baseline − score after the feature’s values are dealt to other rows, mean and population sd over the repeats; the score is R² (of a model file: R², AUC of the scored label, accuracy of several classes)',
    range: '(−∞, ∞)',
    undefinedCases: ['no-score: the score of the rows as they are is undefined (one class, constant target)'],
    source: 'Breiman, Machine Learning 45 (2001)',
    reference: 'sklearn.inspection.permutation_importance',
    differs: 'drawn by our own generator (xoshiro128**): equal to the library’s in distribution only',
    compute: permutationImportance,
  }),
];
