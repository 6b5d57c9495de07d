import { overallCell, weightOf } from '../../fairness/cells.js';
import type { GroupCell } from '../../fairness/cells.js';
import { selectedOf, selectionRate } from '../../fairness/parity.js';
import { newcombe, ratioInterval, wilson } from '../../intervals/index.js';
import { answer } from '../definition.js';
import type { MeasureDefinition } from '../definition.js';
import { cellOfGroup, cellsOf, groupArguments } from '../group-inputs.js';

/** Rates whose zero denominator stays undefined, as `assay fairness` prints them. */
const { label, prediction, protected: attribute, group, positive, weight } = groupArguments;
const own = {
  profile: 'assay',
  version: '1',
  files: 1 as const,
  family: 'group-fairness',
  source: 'ours; undefined stays undefined',
};
const against = { name: 'against', type: 'text', required: true, description: 'value of the reference group' } as const;

const rates: Readonly<Record<string, readonly [string, (c: GroupCell) => readonly [number, number]]>> = {
  true_positive_rate: ['TP / (TP + FN)', (c) => [c.truePositives, c.truePositives + c.falseNegatives]],
  false_positive_rate: ['FP / (FP + TN)', (c) => [c.falsePositives, c.falsePositives + c.trueNegatives]],
  precision: ['TP / (TP + FP)', (c) => [c.truePositives, c.truePositives + c.falsePositives]],
  accuracy: ['(TP + TN) / n', (c) => [c.truePositives + c.trueNegatives, weightOf(c)]],
  base_rate: ['(TP + FN) / n', (c) => [c.truePositives + c.falseNegatives, weightOf(c)]],
};

const rateDefinitions = Object.entries(rates).map(([name, [formula, part]]): MeasureDefinition => ({
  ...own,
  name,
  arguments: [label, prediction, { ...attribute, required: false }, group, positive, weight],
  formula,
  range: '[0, 1]',
  undefinedCases: ['zero-denominator'],
  differs: '@fairlearn gives 0 where the denominator is 0',
  compute(inputs) {
    const cells = cellsOf(inputs);
    const cell = inputs.has('group') ? cellOfGroup(cells, inputs.text('group')) : overallCell(cells);
    const [count, denominator] = part(cell);
    const scale = weightOf(cell) > 0 ? cell.effective / weightOf(cell) : 0;
    return answer(count / denominator, {
      n: cell.rows,
      denominator: denominator * scale,
      interval: wilson({ count: count * scale, n: denominator * scale }),
    });
  },
}));

const spreads = (['equal_opportunity_difference', 'equalized_odds_difference'] as const).map(
  (name): MeasureDefinition => ({
    ...own,
    name,
    arguments: [label, prediction, attribute, positive, weight],
    formula:
      name === 'equal_opportunity_difference'
        ? 'max − min of TPR over the groups'
        : 'larger of the spreads of TPR and FPR over the groups',
    range: '[0, 1]',
    undefinedCases: ['a-group-has-no-positives-or-negatives', 'fewer-than-two-groups'],
    differs: '@fairlearn takes the rate of a group without positives as 0',
    compute(inputs) {
      const cells = cellsOf(inputs);
      const n = overallCell(cells).rows;
      if (cells.groups.length < 2) return { undefined: 'fewer-than-two-groups', n };
      const spread = (rate: string): number => {
        const values = cells.groups
          .map((cell) => rates[rate]![1](cell))
          .map(([count, denominator]) => count / denominator);
        return Math.max(...values) - Math.min(...values);
      };
      const value =
        name === 'equal_opportunity_difference'
          ? spread('true_positive_rate')
          : Math.max(spread('true_positive_rate'), spread('false_positive_rate'));
      return answer(value, { n }, 'a-group-has-no-positives-or-negatives');
    },
  }),
);

const pairs = (['selection_rate_difference', 'impact_ratio'] as const).map((name): MeasureDefinition => ({
  ...own,
  name,
  arguments: [
    prediction,
    attribute,
    { ...group, required: true },
    against,
    positive,
    weight,
    {
      name: 'method',
      type: 'text',
      required: false,
      default: 'koopman',
      description: 'interval of the ratio: koopman or miettinen-nurminen',
    },
  ],
  formula:
    name === 'impact_ratio'
      ? 'SR of the group / SR of the reference group'
      : 'SR of the group − SR of the reference group',
  range: name === 'impact_ratio' ? '[0, ∞)' : '[−1, 1]',
  undefinedCases: ['zero-denominator', 'infinite: the reference rate is 0'],
  differs: 'signed and against a declared group; demographic_parity_…@fairlearn is lowest against highest',
  compute(inputs) {
    const cells = cellsOf(inputs);
    const [a, b] = [cellOfGroup(cells, inputs.text('group')), cellOfGroup(cells, inputs.text('against'))];
    const n = a.rows + (a === b ? 0 : b.rows);
    const [p, q] = [selectionRate(a) ?? Number.NaN, selectionRate(b) ?? Number.NaN];
    if (name === 'selection_rate_difference')
      return answer(p - q, { n, interval: newcombe(selectedOf(a), selectedOf(b)) });
    const method = inputs.oneOf<'koopman' | 'miettinen-nurminen'>(
      'method',
      ['koopman', 'miettinen-nurminen'],
      'koopman',
    );
    return answer(p / q, { n, interval: ratioInterval(selectedOf(a), selectedOf(b), 0.95, method) });
  },
}));

export const assayRateDefinitions: readonly MeasureDefinition[] = [...rateDefinitions, ...spreads, ...pairs];
