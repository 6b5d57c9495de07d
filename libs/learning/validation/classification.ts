/** Rows (or their weights) by label (line) and decision (column), row-major `classes × classes`. */
export function confusionOf(
  labels: ArrayLike<number>,
  decided: ArrayLike<number>,
  classes: number,
  weights?: ArrayLike<number>,
): Float64Array {
  const counts = new Float64Array(classes * classes);
  for (let i = 0; i < labels.length; i += 1) counts[labels[i]! * classes + decided[i]!]! += weights?.[i] ?? 1;
  return counts;
}

/**
 * Precision, recall and F1 over the classes that occur as label or decision: macro (their mean), micro (of all counts)
 * and weighted (by the rows of each label); and the mean recall of the labels that occur. 0 / 0 leaves a mean undefined
 * (scikit-learn 1.9.1 puts 0 there, with a warning).
 */
export function averages(confusion: Float64Array, classes: number): Record<string, number | undefined> {
  const all = Array.from({ length: classes }, (_, own) => {
    let [actual, predicted] = [0, 0];
    for (let other = 0; other < classes; other += 1) {
      actual += confusion[own * classes + other]!;
      predicted += confusion[other * classes + own]!;
    }
    return { hit: confusion[own * classes + own]!, actual, predicted };
  }).filter(({ actual, predicted }) => actual + predicted > 0);
  const n = all.reduce((sum, { actual }) => sum + actual, 0);
  const hits = all.reduce((sum, { hit }) => sum + hit, 0);
  const rates = {
    precision: all.map(({ hit, predicted }) => hit / predicted),
    recall: all.map(({ hit, actual }) => hit / actual),
    f1: all.map(({ hit, actual, predicted }) => (2 * hit) / (actual + predicted)),
  };
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const occurring = all.filter(({ actual }) => actual > 0);
  return {
    'balanced_accuracy_score@sklearn': sum(occurring.map(({ hit, actual }) => hit / actual)) / occurring.length,
    ...Object.fromEntries(
      Object.entries(rates).flatMap(([name, values]) => [
        [`${name}_macro@sklearn`, sum(values) / values.length],
        // Each row has one label and one decision: precision, recall and F1 of all counts are the accuracy.
        [`${name}_micro@sklearn`, hits / n],
        [`${name}_weighted@sklearn`, sum(values.map((value, i) => value * all[i]!.actual)) / n],
      ]),
    ),
  };
}
