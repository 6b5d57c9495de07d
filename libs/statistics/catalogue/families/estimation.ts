import { InputError } from '../../errors.js';
import { cbpeMetrics, estimateMetric } from '../../estimation/cbpe.js';
import type { CbpeMetric } from '../../estimation/cbpe.js';
import { dleMetrics, foreseenLosses, lossesOf, realisedLoss } from '../../estimation/dle.js';
import type { DleMetric } from '../../estimation/dle.js';
import { applyIsotonic, fitIsotonic } from '../../estimation/isotonic.js';
import { featureNumbers, normalInterval } from '../../estimation/report.js';
import { asCategories, columnOf } from '../../table/index.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import { binaryOf, groupArguments } from '../group-inputs.js';
import type { Inputs } from '../inputs.js';

/** Performance of a model on rows without labels, of all rows or of a group (`where`). The label is in the reference only. */
const where: ArgumentDefinition = {
  name: 'where',
  type: 'text',
  required: false,
  description: 'COLUMN=VALUE: only these current rows are estimated',
};

const classifier: readonly ArgumentDefinition[] = [
  { ...groupArguments.label, description: 'what really happened, in the reference' },
  groupArguments.prediction,
  { ...groupArguments.score, description: 'probability of the positive label' },
  { ...groupArguments.positive, description: 'the positive value of label and prediction; default 1, true or yes' },
  { name: 'calibration', type: 'text', required: false, default: 'isotonic', description: 'isotonic or none' },
  where,
];

function chosenRows(inputs: Inputs): Int32Array {
  const table = inputs.table(1);
  const all = Int32Array.from({ length: table.rows }, (_, row) => row);
  if (!inputs.has('where')) return all;
  const text = inputs.text('where');
  const cut = text.indexOf('=');
  if (cut < 1) throw inputs.wrong('where', 'COLUMN=VALUE');
  const column = asCategories(columnOf(table, text.slice(0, cut)));
  const code = column.categories.indexOf(text.slice(cut + 1));
  return all.filter((row) => code >= 0 && column.codes[row] === code);
}

function probabilitiesOf(inputs: Inputs, file: number): Float64Array {
  const p = inputs.numericColumn('score', file);
  const row = p.findIndex((value) => value < 0 || value > 1);
  if (row >= 0)
    throw new InputError('NotAProbability', `row ${row} has the score ${p[row]}`, {
      field: 'score',
      row,
      rule: 'in [0, 1]',
    });
  return p;
}

function cbpe(metric: CbpeMetric, inputs: Inputs): Answer {
  const positive = inputs.has('positive') ? inputs.text('positive') : undefined;
  const predictions = binaryOf(inputs.categoryColumn('prediction', 1), positive);
  let p = probabilitiesOf(inputs, 1);
  if (inputs.oneOf('calibration', ['isotonic', 'none'], 'isotonic') === 'isotonic') {
    const labels = binaryOf(inputs.categoryColumn('label', 0), positive);
    if (!labels.includes(0) || !labels.includes(1)) return { undefined: 'one-class', n: p.length };
    p = applyIsotonic(fitIsotonic(probabilitiesOf(inputs, 0), labels), p);
  }
  const rows = chosenRows(inputs);
  if (rows.length === 0) return { undefined: 'no-rows', n: 0 };
  const { value, deviation, denominator } = estimateMetric(metric, p, predictions, rows);
  const isCount = /^(true|false)_/.test(metric);
  return answer(value, {
    n: rows.length,
    denominator,
    interval: value === undefined || isCount ? undefined : normalInterval(value, deviation, 0.95),
  });
}

const formulas: Readonly<Record<CbpeMetric, string>> = {
  accuracy: '(TP + TN) / n',
  precision: 'TP / (TP + FP)',
  recall: 'TP / (TP + FN)',
  specificity: 'TN / (TN + FP)',
  f1: '2 TP / (2 TP + FP + FN)',
  selection_rate: '(TP + FP) / n',
  roc_auc: 'area under the ROC curve of rows that count p positive and 1 − p negative',
  average_precision: 'Σ (Rₙ − Rₙ₋₁) Pₙ of rows that count p positive and 1 − p negative',
  true_positive: 'Σ p over ŷ = 1',
  false_positive: 'Σ 1 − p over ŷ = 1',
  false_negative: 'Σ p over ŷ = 0',
  true_negative: 'Σ 1 − p over ŷ = 0',
};

const regression: readonly ArgumentDefinition[] = [
  { name: 'label', type: 'column', required: true, description: 'the target, in the reference' },
  { name: 'prediction', type: 'column', required: true, description: 'what was predicted, in both files' },
  { name: 'features', type: 'columns', required: true, description: 'what the loss may depend on, in both files' },
  where,
];

function dle(metric: DleMetric, inputs: Inputs): Answer {
  const [before, now] = [inputs.numericColumn('prediction', 0), inputs.numericColumn('prediction', 1)];
  if (before.length === 0) return { undefined: 'no-rows', n: 0 };
  const losses = lossesOf(metric, inputs.numericColumn('label', 0), before);
  const pairs = inputs
    .texts('features')
    .map((name) => featureNumbers(columnOf(inputs.table(0), name), columnOf(inputs.table(1), name)));
  const foreseen = foreseenLosses(losses, [...pairs.map(([a]) => a), before], [...pairs.map(([, b]) => b), now]);
  const rows = chosenRows(inputs);
  return answer(
    realisedLoss(
      metric,
      Float64Array.from(rows, (row) => foreseen[row]!),
    ),
    { n: rows.length },
    'no-rows',
  );
}

export const estimationDefinitions: readonly MeasureDefinition[] = [
  ...cbpeMetrics.map((metric): MeasureDefinition => {
    // NannyML offers no such metric; it is the share of the predictions, for the gates that read it.
    const ours = metric === 'selection_rate';
    return {
      name: `cbpe_${metric}`,
      profile: ours ? 'assay' : 'nannyml',
      version: ours ? '1' : '0.13.1',
      family: 'performance-without-labels',
      files: 2,
      arguments: classifier,
      formula: `${formulas[metric]}, expected: p is the calibrated probability of the positive label (isotonic on the reference)`,
      range: formulas[metric].startsWith('Σ') && metric !== 'average_precision' ? '[0, n]' : '[0, 1]',
      undefinedCases: [
        'one-class: the reference’s label has one value',
        'no-rows: no current row',
        'zero-denominator: nothing is predicted (or expected) positive, or everything',
      ],
      source:
        'NannyML, confidence-based performance estimation; interval from independent Bernoulli labels, delta method',
      ...(ours ? {} : { reference: `nannyml.CBPE(metrics=["${metric}"])` }),
      differs:
        'nannyml calibrates where its cross-validated calibration error gains by it, ours unless `calibration` is none; presumes that the concept has not changed',
      compute: (inputs) => cbpe(metric, inputs),
    };
  }),
  ...dleMetrics.map((metric): MeasureDefinition => ({
    name: `dle_${metric}`,
    profile: 'assay',
    version: '1',
    family: 'performance-without-labels',
    files: 2,
    arguments: regression,
    formula: `${metric.startsWith('r') ? 'root of the ' : ''}mean of the loss that boosted trees foresee from features and prediction, learned on the reference`,
    range: '[0, ∞)',
    undefinedCases: ['no-rows: no current row, or no reference row'],
    source:
      'NannyML, direct loss estimation; trees: 100 of at most 31 leaves, rate 0.1, 20 rows a leaf, 255 bins, squared loss',
    differs: 'nannyml.DLE learns with LightGBM: the same idea, not the same digits (the goldens are within 10 %)',
    compute: (inputs) => dle(metric, inputs),
  })),
];
