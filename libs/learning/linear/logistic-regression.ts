import { InputError } from '#libs/statistics';
import type { Algorithm } from '../algorithm.js';
import { integer } from '../onnx/index.js';
import { fitLogistic, predictLogistic } from './logistic.js';

interface LogisticRegression {
  readonly name: 'logistic_regression';
  /** λ of λ/2 ‖β‖² beside the summed loss: scikit-learn's 1 / C. */
  readonly l2: number;
}

/** Binary logistic regression ({@link fitLogistic}): [1 − p, p]. */
export const logisticRegression: Algorithm<LogisticRegression> = {
  name: 'logistic_regression',
  tasks: ['classification'],
  precision: 'float64',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'l2'],
    properties: {
      name: { const: 'logistic_regression' },
      l2: { type: 'number', minimum: 0, description: 'λ of λ/2 ‖β‖² beside the summed loss.' },
    },
  },
  fit({ width, names, values, target, classes, weights }, { l2 }, { checkpoint }) {
    if (classes !== 2) throw new InputError('Classes', `${classes} classes`, { field: 'target', rule: 'two classes' });
    const model = fitLogistic(values, width, Uint8Array.from(target), weights, { l2, onIteration: checkpoint });
    return {
      outputs: 2,
      predict(rows) {
        const positive = predictLogistic(rows, width, model);
        const result = new Float64Array(positive.length * 2);
        positive.forEach((p, row) => {
          result[row * 2] = 1 - p;
          result[row * 2 + 1] = p;
        });
        return result;
      },
      addTo(graph, input) {
        const prefix = 'logistic_regression_';
        const product = graph.node('MatMul', `${prefix}weighted`, [
          input,
          graph.constant(`${prefix}coefficients`, [width, 1], model.coefficients),
        ]);
        const logit = graph.node('Add', `${prefix}logit`, [
          product,
          graph.constant(`${prefix}intercept`, [1, 1], Float64Array.of(model.intercept)),
        ]);
        const positive = graph.node('Sigmoid', `${prefix}positive`, [logit]);
        const negative = graph.node('Sub', `${prefix}negative`, [
          graph.constant(`${prefix}one`, [1, 1], Float64Array.of(1)),
          positive,
        ]);
        const name = graph.node('Concat', `${prefix}probabilities`, [negative, positive], [integer('axis', 1)]);
        return { name, type: 'float64' };
      },
      summary: {
        iterations: model.iterations,
        gradient: model.gradient,
        converged: model.converged,
        coefficients: Object.fromEntries(names.map((feature, j) => [feature, model.coefficients[j]!])),
        intercept: model.intercept,
      },
    };
  },
};
