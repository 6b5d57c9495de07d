import type { PooledPredictions, Predictions } from '#libs/learning';
import { InputError } from '#libs/statistics';

const header = /^row,fold,label,(probability|probability_0(?:,probability_\d+)+)$/;

/**
 * Pooled out-of-fold predictions as CSV: row of the data from 0, fold that scored it, and, of two classes, 1 where the
 * label is the scored one and its probability; of more, the label's number and all probabilities; of numbers, the
 * value and the prediction; else the outputs. With as many digits as give the same double back.
 */
export function writePredictions(predictions: Predictions): Uint8Array {
  const { rows, folds } = predictions;
  const [names, cells] = columnsOf(predictions);
  const lines = Array.from(rows, (row, index) => [row, folds[index], ...cells(index)].join(','));
  return Buffer.from(`${['row', 'fold', ...names].join(',')}\n${lines.join('\n')}\n`);
}

function columnsOf(predictions: Predictions): [names: string[], cells: (index: number) => number[]] {
  switch (predictions.kind) {
    case 'binary': {
      const { labels, probabilities } = predictions;
      return [['label', 'probability'], (index) => [labels[index]!, probabilities[index]!]];
    }
    case 'multiclass': {
      const { classes, labels, probabilities } = predictions;
      const names = classes.map((_, code) => `probability_${code}`);
      const own = slices(probabilities, classes.length);
      return [['label', ...names], (index) => [labels[index]!, ...own(index)]];
    }
    case 'regression':
      return [['value', 'prediction'], (index) => [predictions.values[index]!, predictions.predictions[index]!]];
    default: {
      const { outputs, width } = predictions;
      return [Array.from({ length: width }, (_, j) => `output_${j}`), slices(outputs, width)];
    }
  }
}

function slices(values: Float64Array, width: number): (index: number) => number[] {
  return (index) => Array.from(values.subarray(index * width, (index + 1) * width));
}

/**
 * Those of two classes; of more, those of the class with the number `scored` against the rest.
 * @throws InputError `InvalidPredictions` naming the line
 */
export function readPredictions(text: string, scored?: number): PooledPredictions {
  const lines = text.trimEnd().split('\n');
  const refuse = (line: number, rule: string): InputError =>
    new InputError('InvalidPredictions', `line ${line}: ${rule}`, { line, rule });
  const width = header.test(lines[0]!) ? lines[0]!.split(',').length - 3 : 0;
  if (width === 0 || width > 1 !== (scored !== undefined) || (scored ?? 0) >= width)
    throw refuse(1, scored === undefined ? 'row,fold,label,probability' : `a column probability_${scored}`);
  const count = lines.length - 1;
  const predictions = {
    kind: 'binary' as const,
    rows: new Int32Array(count),
    probabilities: new Float64Array(count),
    labels: new Uint8Array(count),
    folds: new Int32Array(count),
  };
  let before = -1;
  for (let index = 0; index < count; index += 1) {
    const fields = lines[index + 1]!.split(',').map(Number);
    const [row, fold, said] = fields as [number, number, number];
    const probability = fields[3 + (scored ?? 0)]!;
    const label = scored === undefined ? said : Number(said === scored);
    const valid =
      fields.length === 3 + width &&
      Number.isInteger(said) &&
      Number.isInteger(row) &&
      row > before &&
      Number.isInteger(fold) &&
      (label === 0 || label === 1) &&
      probability >= 0 &&
      probability <= 1;
    if (!valid) throw refuse(index + 2, 'rows in order, fold, label 0 or 1, probability in [0, 1]');
    before = row;
    predictions.rows[index] = row;
    predictions.probabilities[index] = probability;
    predictions.labels[index] = label;
    predictions.folds[index] = fold;
  }
  return predictions;
}
