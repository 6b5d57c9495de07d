/**
 * Area under precision over recall by straight lines between the points of distinct scores, from recall 0 with
 * precision 1 (scikit-learn 1.9.1 `auc(recall, precision)` of `precision_recall_curve`): too good where scores are few,
 * which is why it is not called average precision. @returns undefined without positives
 */
export function trapezoid(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number | undefined {
  const order = Int32Array.from({ length: labels.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  let positives = 0;
  for (let i = 0; i < labels.length; i += 1) positives += labels[i]! * (weights?.[i] ?? 1);
  if (!(positives > 0)) return undefined;
  let [hits, selected, area, recall, precision] = [0, 0, 0, 0, 1];
  for (let i = 0; i < order.length;) {
    const score = scores[order[i]!]!;
    while (i < order.length && scores[order[i]!] === score) {
      const weight = weights?.[order[i]!] ?? 1;
      hits += labels[order[i]!]! * weight;
      selected += weight;
      i += 1;
    }
    if (selected === 0) continue;
    const [nextRecall, nextPrecision] = [hits / positives, hits / selected];
    area += ((nextRecall - recall) * (precision + nextPrecision)) / 2;
    [recall, precision] = [nextRecall, nextPrecision];
    if (hits >= positives) break;
  }
  return area;
}
