import { overallCell, weightOf } from '../../fairness/cells.js';
import type { GroupCell } from '../../fairness/cells.js';
import { answer } from '../definition.js';
import type { MeasureDefinition } from '../definition.js';
import { cellOfGroup, cellsOf, groupArguments } from '../group-inputs.js';

/** aequitas 1.1.0, `Group.get_crosstabs` and `Bias`: every zero denominator is undefined; an infinite disparity is 10. */
const version = '1.1.0';
const source = 'Saleiro et al., Aequitas: A Bias and Fairness Audit Toolkit, arXiv 1811.05577';

type GroupRate = (cell: GroupCell, whole: GroupCell) => number;

const metrics: Readonly<Record<string, readonly [string, GroupRate]>> = {
  ppr: ['predicted positives of the group / all predicted positives', (c, w) => selected(c) / selected(w)],
  pprev: ['(TP + FP) / n', (c) => selected(c) / weightOf(c)],
  prev: ['(TP + FN) / n', (c) => (c.truePositives + c.falseNegatives) / weightOf(c)],
  precision: ['TP / (TP + FP)', (c) => c.truePositives / selected(c)],
  fdr: ['FP / (TP + FP)', (c) => c.falsePositives / selected(c)],
  for: ['FN / (TN + FN)', (c) => c.falseNegatives / (c.trueNegatives + c.falseNegatives)],
  npv: ['TN / (TN + FN)', (c) => c.trueNegatives / (c.trueNegatives + c.falseNegatives)],
  fpr: ['FP / (FP + TN)', (c) => c.falsePositives / (c.falsePositives + c.trueNegatives)],
  fnr: ['FN / (FN + TP)', (c) => c.falseNegatives / (c.falseNegatives + c.truePositives)],
  tpr: ['TP / (TP + FN)', (c) => c.truePositives / (c.truePositives + c.falseNegatives)],
  tnr: ['TN / (TN + FP)', (c) => c.trueNegatives / (c.trueNegatives + c.falsePositives)],
  accuracy: ['(TP + TN) / n', (c) => (c.truePositives + c.trueNegatives) / weightOf(c)],
};

function selected(cell: GroupCell): number {
  return cell.truePositives + cell.falsePositives;
}

const { label, prediction, protected: attribute, positive, weight } = groupArguments;
const group = { ...groupArguments.group, required: true };
const reference = {
  name: 'reference',
  type: 'text',
  required: false,
  default: 'majority',
  description: 'value of the group compared with, or majority (most rows)',
} as const;

function base(
  name: string,
  rest: Omit<MeasureDefinition, 'name' | 'profile' | 'version' | 'family' | 'files' | 'source'>,
): MeasureDefinition {
  return { name, profile: 'aequitas', version, family: 'group-fairness', files: 1, source, ...rest };
}

/** The library states no disparity of these. */
const withoutDisparity = new Set(['prev_disparity', 'accuracy_disparity']);

export const aequitasDefinitions: readonly MeasureDefinition[] = Object.entries(metrics)
  .flatMap(([name, [formula, rate]]) => [
    base(name, {
      arguments: [label, prediction, attribute, group, positive, weight],
      formula,
      range: '[0, 1]',
      undefinedCases: ['zero-denominator'],
      reference: `aequitas.group.Group.get_crosstabs()['${name}']`,
      differs:
        name === 'ppr'
          ? 'a share of all selected, not a selection rate (that is pprev)'
          : 'undefined where @fairlearn gives 0',
      compute(inputs) {
        const cells = cellsOf(inputs);
        const cell = cellOfGroup(cells, inputs.text('group'));
        return answer(rate(cell, overallCell(cells)), { n: cell.rows });
      },
    }),
    base(`${name}_disparity`, {
      arguments: [label, prediction, attribute, group, reference, positive, weight],
      formula: `${name} of the group / ${name} of the reference group; infinite is 10`,
      range: '[0, 10] and above',
      undefinedCases: ['zero-denominator: 0/0, or a rate is undefined'],
      reference: `aequitas.bias.Bias.get_disparity_predefined_groups()['${name}_disparity']`,
      differs: 'x / 0 is capped at 10 as in the reference',
      compute(inputs) {
        const cells = cellsOf(inputs);
        const cell = cellOfGroup(cells, inputs.text('group'));
        const against = inputs.text('reference', 'majority');
        const other =
          against === 'majority'
            ? cells.groups.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a))
            : cellOfGroup(cells, against);
        const whole = overallCell(cells);
        const value = rate(cell, whole) / rate(other, whole);
        return answer(value === Infinity ? 10 : value, { n: cell.rows + (other === cell ? 0 : other.rows) });
      },
    }),
  ])
  .filter(({ name }) => !withoutDisparity.has(name));
