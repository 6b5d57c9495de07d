import { InputError } from '#libs/statistics';
import type { TrainingSet } from '../algorithm.js';

/**
 * What every fit on numbers asks of its set; gives the sum of weights.
 * @throws InputError `NoRows`, `NoFeatures`, `NotFinite`, `Weight`, `TooLarge`, each naming field and rule
 */
export function checkSet({ rows, width, values, target, weights, names }: TrainingSet, mostColumns: number): number {
  if (rows === 0) throw new InputError('NoRows', 'there are no rows to fit on', { rule: 'at least one row' });
  if (width === 0)
    throw new InputError('NoFeatures', 'no column is left to learn from', { field: 'features', rule: 'at least one' });
  if (width > mostColumns)
    throw new InputError('TooLarge', `${width} columns stand behind the pipeline`, {
      field: 'features',
      rule: `at most ${mostColumns} columns for this algorithm`,
    });
  for (let index = 0; index < rows * width; index += 1)
    if (!Number.isFinite(values[index]!))
      throw new InputError('NotFinite', `column "${names[index % width]}" holds ${values[index]}`, {
        field: names[index % width],
        row: Math.floor(index / width),
        rule: 'finite numbers',
      });
  for (let row = 0; row < target.length; row += 1)
    if (!Number.isFinite(target[row]!))
      throw new InputError('NotFinite', `the target is ${target[row]} in row ${row}`, {
        field: 'target',
        row,
        rule: 'finite numbers',
      });
  if (!weights) return rows;
  let total = 0;
  for (let row = 0; row < rows; row += 1) {
    const weight = weights[row]!;
    if (!(weight >= 0 && weight < Infinity))
      throw new InputError('Weight', `row ${row} weighs ${weight}`, { field: 'weight', row, rule: 'finite and ≥ 0' });
    total += weight;
  }
  if (!(total > 0 && total < Infinity))
    throw new InputError('Weight', `the weights sum to ${total}`, { field: 'weight', rule: 'a positive finite sum' });
  return total;
}

/** @throws InputError `OneClass` where fewer than two classes carry weight */
export function checkClasses({ rows, target, weights, classes }: TrainingSet): void {
  const seen = new Uint8Array(classes);
  for (let row = 0; row < rows; row += 1) if ((weights?.[row] ?? 1) > 0) seen[target[row]!] = 1;
  if (seen.reduce((sum, own) => sum + own, 0) < 2)
    throw new InputError('OneClass', 'the target has one class only', {
      field: 'target',
      rule: 'two classes with weight',
    });
}

/** @throws InputError `Hyperparameter` */
export function checkNumber(name: string, value: number, accept: (value: number) => boolean, rule: string): void {
  if (!(Number.isFinite(value) && accept(value)))
    throw new InputError('Hyperparameter', `${name} = ${value}`, { field: `algorithm.${name}`, rule });
}
