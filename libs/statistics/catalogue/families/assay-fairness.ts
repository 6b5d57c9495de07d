import { overallCell, weightOf } from '../../fairness/cells.js';
import { selectedOf, selectionRate } from '../../fairness/parity.js';
import { calibrationError, crossAuc, groupAuc, median, scoresByGroup, scoringRate } from '../../fairness/scores.js';
import type { GroupScores } from '../../fairness/scores.js';
import { ratioInterval } from '../../intervals/index.js';
import { asCategories, columnOf } from '../../table/index.js';
import { answer } from '../definition.js';
import type { ArgumentDefinition, MeasureDefinition } from '../definition.js';
import { binary, cellOfGroup, cellsOf, groupArguments } from '../group-inputs.js';
import type { Inputs } from '../inputs.js';

const { label, prediction, protected: attribute, positive, weight, score } = groupArguments;
const group = { ...groupArguments.group, required: true };
const against: ArgumentDefinition = {
  name: 'against',
  type: 'text',
  required: true,
  description: 'the group whose negatives are compared',
};
const own = { profile: 'assay', version: '1', files: 1 as const };

function groupsOf(inputs: Inputs): GroupScores[] {
  const column = asCategories(columnOf(inputs.table(), inputs.texts('protected')[0]!));
  const scores = inputs.numericColumn('score');
  const labels = inputs.has('label') ? binary(inputs, 'label') : new Uint8Array(scores.length);
  return scoresByGroup(column, labels, scores);
}

function named(inputs: Inputs, groups: GroupScores[], argument: string): GroupScores {
  const found = groups.find((candidate) => candidate.group === inputs.text(argument));
  if (!found)
    throw inputs.wrong(
      argument,
      `one of ${groups
        .map((candidate) => candidate.group)
        .slice(0, 20)
        .join(', ')}`,
    );
  return found;
}

const categoryRules =
  'a category under 2 % of the rows may be left out of ratios (6 RCNY 5-301(d)): its count and rate stay visible, the ratio is undefined unless minimum_share is 0';
const minimumShare: ArgumentDefinition = {
  name: 'minimum_share',
  type: 'number',
  required: false,
  default: 0.02,
  description: 'share of the rows below which a category has no ratio',
};

export const assayFairnessDefinitions: readonly MeasureDefinition[] = [
  {
    ...own,
    name: 'four_fifths_ratio',
    family: 'group-fairness',
    arguments: [prediction, attribute, group, positive, weight],
    formula: 'selection rate of the group / highest selection rate of any group',
    range: '[0, 1]',
    undefinedCases: ['zero-denominator: the highest rate is 0'],
    source: '29 CFR 1607.4(D)',
    differs: 'the minimum over groups is demographic_parity_ratio@fairlearn',
    compute(inputs) {
      const cells = cellsOf(inputs);
      const cell = cellOfGroup(cells, inputs.text('group'));
      const highest = cells.groups.reduce((a, b) => ((selectionRate(b) ?? -1) > (selectionRate(a) ?? -1) ? b : a));
      const interval = cell === highest ? undefined : ratioInterval(selectedOf(cell), selectedOf(highest));
      return answer((selectionRate(cell) ?? Number.NaN) / (selectionRate(highest) ?? Number.NaN), {
        n: cell.rows,
        denominator: cell.effective,
        interval,
      });
    },
  },
  {
    ...own,
    name: 'impact_ratio',
    profile: 'll144',
    family: 'group-fairness',
    arguments: [prediction, attribute, group, positive, minimumShare],
    formula: 'selection rate of the category / selection rate of the most selected category',
    range: '[0, 1]',
    undefinedCases: ['under-minimum-share', 'zero-denominator: no category is selected'],
    source: '6 RCNY § 5-301 (New York City Local Law 144 of 2021)',
    differs: `${categoryRules}; rows of unknown category are left out and counted`,
    compute(inputs) {
      const cells = cellsOf(inputs);
      const cell = cellOfGroup(cells, inputs.text('group'));
      const n = overallCell(cells).rows;
      const least = inputs.number('minimum_share', 0.02) * n;
      if (cell.rows < least) return { undefined: 'under-minimum-share', n: cell.rows };
      const rates = cells.groups.filter(({ rows }) => rows >= least).map((other) => selectionRate(other)!);
      return answer(selectionRate(cell)! / Math.max(...rates), { n: cell.rows, denominator: weightOf(cell) });
    },
  },
  ...(['scoring_rate', 'scoring_impact_ratio'] as const).map((name): MeasureDefinition => ({
    ...own,
    name,
    profile: 'll144',
    family: 'score-fairness',
    arguments: [score, attribute, group, ...(name === 'scoring_rate' ? [] : [minimumShare])],
    formula: `share of the category above the median score of the full sample${name === 'scoring_rate' ? '' : ' / the highest such share'}`,
    range: '[0, 1]',
    undefinedCases: ['under-minimum-share', 'zero-denominator'],
    source: '6 RCNY § 5-301 (New York City Local Law 144 of 2021)',
    differs: `a score equal to the median is not above it; an even number of rows has the mean of the middle two as median (the rule is silent); ${categoryRules}`,
    compute(inputs) {
      const groups = groupsOf(inputs);
      const chosen = named(inputs, groups, 'group');
      const middle = median(inputs.numericColumn('score'));
      const rate = scoringRate(chosen.scores, middle);
      const n = chosen.scores.length;
      if (name === 'scoring_rate') return answer(rate, { n });
      const least = inputs.number('minimum_share', 0.02) * inputs.table().rows;
      if (n < least) return { undefined: 'under-minimum-share', n };
      const highest = Math.max(
        ...groups.filter(({ scores }) => scores.length >= least).map(({ scores }) => scoringRate(scores, middle)),
      );
      return answer(rate / highest, { n });
    },
  })),
  {
    ...own,
    name: 'roc_auc_by_group',
    family: 'score-fairness',
    arguments: [label, score, attribute, group, positive],
    formula: 'area under the ROC curve within the group, ties half',
    range: '[0, 1]',
    undefinedCases: ['one-class'],
    source: 'Mann and Whitney 1947; equals scikit-learn 1.9.1 roc_auc_score on the rows of the group',
    compute(inputs) {
      const chosen = named(inputs, groupsOf(inputs), 'group');
      return answer(groupAuc(chosen), { n: chosen.scores.length }, 'one-class');
    },
  },
  {
    ...own,
    name: 'xauc',
    family: 'score-fairness',
    arguments: [label, score, attribute, group, against, positive],
    formula: 'P(score of a positive of group > score of a negative of against), ties half',
    range: '[0, 1]',
    undefinedCases: ['no-pairs'],
    source: 'Kallus and Zhou, NeurIPS 2019',
    compute(inputs) {
      const groups = groupsOf(inputs);
      const [a, b] = [named(inputs, groups, 'group'), named(inputs, groups, 'against')];
      return answer(crossAuc(a, b), { n: a.scores.length + (a === b ? 0 : b.scores.length) }, 'no-pairs');
    },
  },
  {
    ...own,
    name: 'expected_calibration_error',
    family: 'score-fairness',
    arguments: [
      label,
      score,
      attribute,
      group,
      positive,
      { name: 'bins', type: 'number', required: false, default: 10, description: 'equal parts of [0, 1]' },
    ],
    formula: 'Σ n_b / n |rate of positives − mean score| over equal parts of [0, 1], within the group',
    range: '[0, 1]',
    undefinedCases: ['no-rows', 'not-a-probability: a score outside [0, 1]'],
    source: 'Naeini, Cooper and Hauskrecht, AAAI 2015',
    compute(inputs) {
      const chosen = named(inputs, groupsOf(inputs), 'group');
      if (chosen.scores.some((value) => value < 0 || value > 1))
        return { undefined: 'not-a-probability', n: chosen.scores.length };
      return answer(calibrationError(chosen, inputs.integer('bins', 10)), { n: chosen.scores.length }, 'no-rows');
    },
  },
];
