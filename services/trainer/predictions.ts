import type { PooledPredictions } from '#libs/learning';
import { InputError } from '#libs/statistics';

const header = 'row,fold,label,probability';

/**
 * Pooled out-of-fold predictions as CSV: row of the data from 0, fold that scored it, 1 where the label is the scored
 * one, its probability with as many digits as give the same double back. The evaluation is recomputed from this file.
 */
export function writePredictions({ probabilities, labels, folds }: PooledPredictions): Uint8Array {
  const lines = Array.from(labels, (label, row) => `${row},${folds[row]},${label},${probabilities[row]}`);
  return Buffer.from(`${header}\n${lines.join('\n')}\n`);
}

/** @throws InputError `InvalidPredictions` naming the line */
export function readPredictions(text: string): PooledPredictions {
  const lines = text.trimEnd().split('\n');
  const refuse = (line: number, rule: string): InputError =>
    new InputError('InvalidPredictions', `line ${line}: ${rule}`, { line, rule });
  if (lines[0] !== header) throw refuse(1, header);
  const count = lines.length - 1;
  const predictions = {
    probabilities: new Float64Array(count),
    labels: new Uint8Array(count),
    folds: new Int32Array(count),
  };
  for (let row = 0; row < count; row += 1) {
    const fields = lines[row + 1]!.split(',').map(Number);
    const [at, fold, label, probability] = fields as [number, number, number, number];
    const valid =
      fields.length === 4 &&
      at === row &&
      Number.isInteger(fold) &&
      (label === 0 || label === 1) &&
      probability >= 0 &&
      probability <= 1;
    if (!valid) throw refuse(row + 2, 'row in order, fold, label 0 or 1, probability in [0, 1]');
    predictions.probabilities[row] = probability;
    predictions.labels[row] = label;
    predictions.folds[row] = fold;
  }
  return predictions;
}
