import { InputError } from '../errors.js';
import { meanOf } from '../performance/index.js';
import { answer } from './definition.js';
import type { Answer, ArgumentDefinition } from './definition.js';
import { weights } from './group-inputs.js';
import type { Inputs } from './inputs.js';

export const scoresArgument: ArgumentDefinition = {
  name: 'scores',
  type: 'columns',
  required: true,
  description: 'one column of probabilities a class, in the order of `classes`',
};
export const classesArgument: ArgumentDefinition = {
  name: 'classes',
  type: 'texts',
  required: false,
  description: 'labels in the order of the columns; default: the labels that occur, sorted',
};

/** Labels as places among the classes, and a column of scores for each. @throws InputError `UnknownLabel` */
export function scoredClasses(inputs: Inputs): {
  labels: Int32Array;
  scores: Float64Array[];
  classes: readonly string[];
} {
  const { codes, categories } = inputs.categoryColumn('label');
  const classes = inputs.has('classes') ? inputs.texts('classes') : [...categories].sort();
  const names = inputs.texts('scores');
  if (names.length !== classes.length) throw inputs.wrong('scores', `${classes.length} columns, one a class`);
  const places = categories.map((category) => classes.indexOf(category));
  const unknown = places.indexOf(-1);
  if (unknown >= 0)
    throw new InputError('UnknownLabel', `"${categories[unknown]}" is none of the classes`, {
      field: 'classes',
      rule: 'every label that occurs',
    });
  return {
    labels: codes.map((code) => places[code]!),
    scores: names.map((_, k) => inputs.numericColumnNamed(names[k]!)),
    classes,
  };
}

/** Mean −ln of the probability of what happened, clipped to [ε, 1 − ε]: log loss of any number of classes. */
export function classLogLoss(inputs: Inputs): Answer {
  const { labels, scores } = scoredClasses(inputs);
  if (scores.some((column) => column.some((value) => value < 0 || value > 1)))
    return { undefined: 'not-a-probability', n: labels.length };
  const loss = meanOf(labels.length, weights(inputs), (row) => {
    const p = scores[labels[row]!]![row]!;
    return -Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p)));
  });
  return answer(loss, { n: labels.length }, 'no-rows');
}
