import type { Measurement } from '#libs/lifecycle';
import { newcombe, ratioInterval, wilson } from '../intervals/index.js';
import type { Rate } from '../intervals/index.js';
import { measured } from '../measurement.js';
import { weightOf } from './cells.js';
import type { GroupCell, GroupCells } from './cells.js';

/**
 * In `group` of a measurement that compares the groups of an attribute with each other, this stands for the value:
 * `{afam: '*'}` is "between the groups of afam".
 */
export const betweenGroups = '*';

/** Predicted positives out of all; weighted rates count as Kish's effective number of rows. */
export function selectedOf(cell: GroupCell): Rate {
  return { count: (selectionRate(cell) ?? 0) * cell.effective, n: cell.effective };
}

/** Share of predicted positives (by weight); undefined where the group weighs nothing. */
export function selectionRate(cell: GroupCell): number | undefined {
  const weight = weightOf(cell);
  return weight > 0 ? (cell.truePositives + cell.falsePositives) / weight : undefined;
}

/**
 * Selection rates and what compares them, for one grouping (fairlearn 0.15.0 `selection_rate`,
 * `demographic_parity_difference`, `demographic_parity_ratio`; four-fifths of 29 CFR 1607.4(D)):
 *
 * - `selection_rate@fairlearn` per group, Wilson interval;
 * - `four_fifths_ratio@assay` per group: its rate over the highest rate, Koopman interval;
 * - `demographic_parity_difference@fairlearn`: highest − lowest, Newcombe interval;
 * - `demographic_parity_ratio@fairlearn`: lowest / highest, Koopman interval.
 *
 * The intervals are of the two groups compared and know nothing of their having been chosen. A ratio is undefined where
 * the highest rate is 0 (0/0), and all comparisons where fewer than two groups have rows.
 */
export function parityMeasurements(cells: GroupCells, level = 0.95): Measurement[] {
  const between = Object.fromEntries(cells.attributes.map((attribute) => [attribute, betweenGroups]));
  const rates = cells.groups
    .map((cell) => ({ cell, rate: selectedOf(cell), value: selectionRate(cell) }))
    .filter(({ rate }) => rate.n > 0);
  const n = cells.groups.reduce((sum, { rows }) => sum + rows, 0);
  const perGroup = rates.map(({ cell, rate, value }) =>
    measured('selection_rate@fairlearn', value, {
      n: cell.rows,
      denominator: rate.n,
      interval: wilson(rate, level),
      group: cell.group,
    }),
  );
  if (rates.length < 2)
    return [
      ...perGroup,
      ...['demographic_parity_difference@fairlearn', 'demographic_parity_ratio@fairlearn'].map((definition) =>
        measured(definition, undefined, { n, group: between }, 'fewer-than-two-groups'),
      ),
    ];
  const lowest = rates.reduce((a, b) => (b.value! < a.value! ? b : a));
  const highest = rates.reduce((a, b) => (b.value! > a.value! ? b : a));
  const zero = highest.value === 0;
  return [
    ...perGroup,
    ...rates.map(({ cell, rate, value }) =>
      measured(
        'four_fifths_ratio@assay',
        zero ? undefined : value! / highest.value!,
        {
          n: cell.rows,
          denominator: rate.n,
          interval: cell === highest.cell ? undefined : ratioInterval(rate, highest.rate, level),
          group: cell.group,
        },
        'highest-rate-is-zero',
      ),
    ),
    measured('demographic_parity_difference@fairlearn', highest.value! - lowest.value!, {
      n,
      interval: newcombe(highest.rate, lowest.rate, level),
      group: between,
    }),
    measured(
      'demographic_parity_ratio@fairlearn',
      zero ? undefined : lowest.value! / highest.value!,
      { n, interval: ratioInterval(lowest.rate, highest.rate, level), group: between },
      'highest-rate-is-zero',
    ),
  ];
}
