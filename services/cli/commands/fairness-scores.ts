import { aucInterval, calibrationError, measured, rankGroups, scoresByGroup } from '#libs/statistics';
import type { CategoryColumn } from '#libs/statistics';
import type { Measurement } from '#libs/lifecycle';

/** Beyond so many groups the pairs of a cross-group AUC are no longer listed. */
const listedGroups = 20;

/** Per attribute: AUC and calibration within each group, and the AUC of each group's positives against another's negatives. */
export function scoreMeasurements(
  attributes: readonly CategoryColumn[],
  labels: Uint8Array,
  scores: Float64Array,
): Measurement[] {
  return attributes.flatMap((column) => {
    const { groups, xauc } = rankGroups([column], labels, scores);
    const byGroup = new Map(scoresByGroup(column, labels, scores).map((own) => [own.group, own]));
    const within = groups.flatMap(({ group, rows, positives, auc }) => {
      const own = byGroup.get(group[column.name]!)!;
      const isProbability = own.scores.every((score) => score >= 0 && score <= 1);
      return [
        measured(
          'roc_auc_by_group@assay',
          auc,
          { n: rows, group, interval: aucInterval(auc, positives, rows - positives) },
          'one-class',
        ),
        measured(
          'expected_calibration_error@assay',
          isProbability ? calibrationError(own) : undefined,
          { n: rows, group },
          'not-a-probability',
        ),
      ];
    });
    if (groups.length > listedGroups) return within;
    const across = groups.flatMap((a, i) =>
      groups.flatMap((b, j) => {
        if (i === j) return [];
        const value = xauc(i, j);
        const [own, other] = [a.group[column.name]!, b.group[column.name]!];
        return [
          measured(
            'xauc@assay',
            value,
            {
              n: a.positives + b.rows - b.positives,
              group: { [column.name]: `${own} over ${other}` },
              interval: aucInterval(value, a.positives, b.rows - b.positives),
            },
            'no-pairs',
          ),
        ];
      }),
    );
    return [...within, ...across];
  });
}
