import { meanOf, rocAuc, trapezoid } from '../../performance/index.js';
import { answer } from '../definition.js';
import type { MeasureDefinition } from '../definition.js';
import { binary, groupArguments, weights } from '../group-inputs.js';
import { classesArgument, scoredClasses, scoresArgument } from '../class-scores.js';
import { averaged, averagedParts, zeroDivision } from './sklearn.js';

/** The averages by the names of scikit-learn's scorers, as a run's record prints them, and areas of several classes. */
const version = '1.9.1';
const { label, prediction, positive, weight, score } = groupArguments;

const averages = Object.entries(averagedParts).flatMap(([name, own]) =>
  (['macro', 'micro', 'weighted'] as const).map((how): MeasureDefinition => {
    const short = name.replace('_score', '');
    return {
      name: `${short}_${how}`,
      profile: 'sklearn',
      version,
      family: 'performance',
      files: 1,
      reference: `sklearn.metrics.${name}(average="${how}"), the scorer ${short}_${how}`,
      arguments: [label, prediction, weight, zeroDivision],
      formula: {
        macro: `mean over the classes that occur as label or prediction of ${own.formula}`,
        micro: `${own.formula} of the counts of all classes together`,
        weighted: `mean over the classes of ${own.formula}, by the weight of their labels`,
      }[how],
      range: '[0, 1]',
      undefinedCases: ['zero-denominator: of some class (micro: of all), unless zero_division is given'],
      source: 'van Rijsbergen 1979; Sokolova and Lapalme 2009',
      differs: 'scikit-learn puts 0 for a class whose denominator is 0, with a warning; ours is undefined',
      compute: (inputs) => averaged(inputs, own, how),
    };
  }),
);

export const averageDefinitions: readonly MeasureDefinition[] = [
  ...averages,
  {
    name: 'roc_auc_ovr',
    profile: 'sklearn',
    version,
    family: 'performance',
    files: 1,
    reference: 'sklearn.metrics.roc_auc_score(multi_class="ovr"), the scorer roc_auc_ovr',
    arguments: [label, scoresArgument, classesArgument, weight],
    formula: 'mean over the classes of the AUC of one against the rest',
    range: '[0, 1]',
    undefinedCases: ['one-class: a class that never is, or always is, the label'],
    source: 'Provost and Domingos 2000',
    compute(inputs) {
      const { labels, scores } = scoredClasses(inputs);
      const own = weights(inputs);
      const areas = scores.map((score, k) =>
        rocAuc(
          labels.map((label) => Number(label === k)),
          score,
          own,
        ),
      );
      const known = areas.filter((area) => area !== undefined);
      const mean = known.length < areas.length ? undefined : known.reduce((sum, area) => sum + area, 0) / areas.length;
      return answer(mean, { n: labels.length }, 'one-class');
    },
  },
  {
    name: 'precision_recall_trapezoid',
    profile: 'assay',
    version: '1',
    family: 'performance',
    files: 1,
    reference: 'sklearn.metrics.auc of precision_recall_curve 1.9.1',
    arguments: [label, score, positive],
    formula:
      'area under precision over recall by straight lines between the distinct scores, from recall 0 with precision 1',
    range: '[0, 1]',
    undefinedCases: ['one-class: no positives'],
    source: 'Davis and Goadrich 2006, who show why straight lines are too good',
    differs: 'average_precision_score@sklearn does not interpolate; this is not average precision',
    compute(inputs) {
      const labels = binary(inputs, 'label');
      return answer(trapezoid(labels, inputs.numericColumn('score')), { n: labels.length }, 'one-class');
    },
  },
  {
    name: 'mean_squared_distance',
    profile: 'assay',
    version: '1',
    family: 'performance',
    files: 1,
    arguments: [{ name: 'columns', type: 'columns', required: true, description: 'distances to the centres' }],
    formula: 'mean over the rows of the square of the least distance',
    range: '[0, ∞)',
    undefinedCases: ['no-rows'],
    source: 'Lloyd 1982: k-means’ loss a row',
    reference: 'sklearn.cluster.KMeans.inertia_ / rows 1.9.1',
    compute(inputs) {
      const columns = inputs.texts('columns').map((name) => inputs.numericColumnNamed(name));
      const { rows } = inputs.table();
      return answer(
        meanOf(rows, undefined, (row) => Math.min(...columns.map((column) => column[row]!)) ** 2),
        { n: rows },
        'no-rows',
      );
    },
  },
];
