import { domainClassifierAuc, classifierRows } from '../../multivariate/domain-classifier.js';
import { maximumMeanDiscrepancy, mmdRows } from '../../multivariate/mmd.js';
import { checkSize, spacedRows, standardisedByReference } from '../../multivariate/numbers.js';
import { reconstructionError } from '../../multivariate/pca.js';
import { columnOf } from '../../table/index.js';
import type { Table } from '../../table/index.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import { numbersOf } from '../inputs.js';
import type { Inputs } from '../inputs.js';

/** Drift of several columns at once: two files, the columns that both have unless some are named. */
const columns: ArgumentDefinition = {
  name: 'columns',
  type: 'columns',
  required: false,
  description: 'the columns to look at; default: all that both files have (texts left out where numbers are needed)',
};
const seed: ArgumentDefinition = {
  name: 'seed',
  type: 'number',
  required: false,
  default: 0,
  description: 'of the draw',
};

function names(inputs: Inputs, numbersOnly = false): string[] {
  if (inputs.has('columns')) return [...inputs.texts('columns')];
  const [reference, current] = [inputs.table(0), inputs.table(1)];
  const kinds = new Map(current.columns.map(({ name, kind }) => [name, kind]));
  return reference.columns
    .filter(
      ({ name, kind }) => kinds.has(name) && (!numbersOnly || (kind === 'numeric' && kinds.get(name) === 'numeric')),
    )
    .map(({ name }) => name);
}

/** Rows of numbers, row-major; more than the bound are sampled evenly. @throws InputError `WrongType`, `MissingValue`, `NotFinite` */
function matrix(table: Table, own: readonly string[]): Float64Array {
  const rows = spacedRows(table.rows, mmdRows);
  const values = new Float64Array(rows.length * own.length);
  own.forEach((name, j) => {
    const column = numbersOf(columnOf(table, name));
    rows.forEach((row, i) => (values[i * own.length + j] = column[row]!));
  });
  return values;
}

function mmd(
  inputs: Inputs,
  options: Parameters<typeof maximumMeanDiscrepancy>[3],
  result: 'statistic' | 'pvalue',
): Answer {
  const own = names(inputs, true);
  const [reference, current] = [inputs.table(0), inputs.table(1)];
  checkSize(reference, current, own);
  const [a, b] = [matrix(reference, own), matrix(current, own)];
  const found = maximumMeanDiscrepancy(a, b, own.length, options);
  const n = (a.length + b.length) / own.length;
  return answer(result === 'statistic' ? found?.distance : found?.pvalue, { n }, 'too-few-or-constant');
}

const tooFew = 'too-few-or-constant: fewer than two rows on a side, or the median distance is 0';
const sampled = `over ${mmdRows.toLocaleString('en')} rows a side, evenly spaced ones are taken`;

export const multivariateDefinitions: readonly MeasureDefinition[] = [
  {
    name: 'data_reconstruction',
    profile: 'nannyml',
    version: '0.13.1',
    family: 'multivariate-drift',
    files: 2,
    arguments: [
      columns,
      {
        name: 'n_components',
        type: 'number',
        required: false,
        default: 0.65,
        description: 'share of variance to keep, in (0, 1)',
      },
    ],
    formula:
      'mean ‖x − x̂‖ of the current rows, x̂ from the reference’s first principal components that explain more than n_components; imputed, count-encoded, standardised by the reference',
    range: '[0, ∞)',
    undefinedCases: [],
    source: 'Kuncheva and Faithfull, IEEE TNNLS 25 (2014)',
    reference: 'nannyml.DataReconstructionDriftCalculator',
    differs:
      'NannyML alerts where the error leaves mean ± 3 sd of the reference’s chunks: compare with the error of reference windows',
    compute(inputs) {
      const share = inputs.number('n_components', 0.65);
      if (!(share > 0 && share < 1)) throw inputs.wrong('n_components', 'in (0, 1)');
      const prepared = standardisedByReference(inputs.table(0), inputs.table(1), names(inputs));
      return answer(reconstructionError(prepared, share), { n: prepared.current.length / prepared.width });
    },
  },
  {
    name: 'domain_classifier',
    profile: 'assay',
    version: '1',
    family: 'multivariate-drift',
    files: 2,
    arguments: [
      columns,
      { ...seed, description: 'of the folds' },
      {
        name: 'result',
        type: 'text',
        required: false,
        default: 'auc',
        description: 'auc, or drift_score: max(0, 2 AUC − 1)',
      },
    ],
    formula:
      'area under the ROC curve of out-of-fold scores of boosted trees that tell current rows from reference rows; five stratified folds, 100 trees of at most 31 leaves, rate 0.1, 20 rows a leaf, 255 bins',
    range: '[0, 1]; 0.5 where the windows cannot be told apart',
    undefinedCases: ['too-few: fewer than five rows on a side'],
    source: 'Lopez-Paz and Oquab, ICLR 2017',
    differs: `NannyML’s DomainClassifierCalculator learns with LightGBM (within 0.05 in the goldens), deepchecks prints drift_score; over ${classifierRows.toLocaleString('en')} rows a side, evenly spaced ones are taken`,
    compute(inputs) {
      const result = inputs.oneOf('result', ['auc', 'drift_score'], 'auc');
      const found = domainClassifierAuc(inputs.table(0), inputs.table(1), names(inputs), {
        seed: inputs.integer('seed', 0),
      });
      if (!found) return { undefined: 'too-few', n: inputs.table(0).rows + inputs.table(1).rows };
      return answer(result === 'auc' ? found.auc : Math.max(0, 2 * found.auc - 1), { n: found.rows });
    },
  },
  {
    name: 'mmd_drift',
    profile: 'alibi_detect',
    version: '0.13.0',
    family: 'multivariate-drift',
    files: 2,
    arguments: [
      columns,
      { name: 'result', type: 'text', required: false, default: 'statistic', description: 'statistic or pvalue' },
      {
        name: 'n_permutations',
        type: 'number',
        required: false,
        default: 100,
        description: 'for the p-value, 1 to 10,000',
      },
      seed,
    ],
    formula:
      'unbiased MMD² with exp(−‖x − y‖² / 2σ²), 2σ² the median squared distance between reference rows; p: share of permutations at least as far',
    range: 'about [−1, 2]; p in [0, 1]',
    undefinedCases: [tooFew],
    source: 'Gretton et al., JMLR 13 (2012)',
    reference: 'alibi_detect.cd.MMDDrift',
    differs: `columns are taken as they stand (scale them first); ${sampled}, where alibi-detect runs out of memory; p is drawn by our own generator`,
    compute(inputs) {
      const result = inputs.oneOf('result', ['statistic', 'pvalue'], 'statistic');
      const permutations = inputs.integer('n_permutations', 100);
      if (permutations < 1 || permutations > 10_000)
        throw inputs.wrong('n_permutations', 'an integer from 1 to 10,000');
      const drawn = result === 'pvalue' ? { permutations, seed: inputs.integer('seed', 0) } : {};
      return mmd(inputs, drawn, result);
    },
  },
  {
    name: 'mmd',
    profile: 'frouros',
    version: '0.9.0',
    family: 'multivariate-drift',
    files: 2,
    arguments: [
      columns,
      { name: 'sigma', type: 'number', required: false, default: 1, description: 'width of the kernel' },
    ],
    formula: 'unbiased MMD² with exp(−‖x − y‖² / 2σ²), σ = 1',
    range: 'about [−1, 2]',
    undefinedCases: [tooFew],
    source: 'Gretton et al., JMLR 13 (2012)',
    reference: 'frouros.detectors.data_drift.MMD',
    differs: `mmd_drift@alibi_detect takes σ from the data; ${sampled}`,
    compute(inputs) {
      const sigma = inputs.number('sigma', 1);
      if (!(sigma > 0)) throw inputs.wrong('sigma', 'above 0');
      return mmd(inputs, { sigma }, 'statistic');
    },
  },
];
