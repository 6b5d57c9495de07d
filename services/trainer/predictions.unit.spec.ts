import { expect, test } from '@jest/globals';
import type { Predictions } from '#libs/learning';
import { readPredictions, writePredictions } from './predictions.js';

const tested = { rows: Int32Array.of(1, 4), folds: Int32Array.of(0, 1) };
const text = (predictions: Predictions): string => Buffer.from(writePredictions(predictions)).toString();

test('two classes come back as they were written, rows that no fold tested left out', () => {
  const predictions: Predictions = {
    kind: 'binary',
    ...tested,
    labels: Uint8Array.of(0, 1),
    probabilities: Float64Array.of(0.1 + 0.2, 1 / 3),
  };
  expect(readPredictions(text(predictions))).toEqual(predictions);
});

test('other problems have columns of their own', () => {
  const probabilities = Float64Array.of(0.5, 0.25, 0.25, 0, 1, 0);
  const labels = Uint16Array.of(0, 1);
  expect(text({ kind: 'multiclass', ...tested, classes: ['a', 'b', 'c'], labels, probabilities })).toBe(
    'row,fold,label,probability_0,probability_1,probability_2\n1,0,0,0.5,0.25,0.25\n4,1,1,0,1,0\n',
  );
  const values = Float64Array.of(1.5, -2);
  expect(text({ kind: 'regression', ...tested, values, predictions: values })).toBe(
    'row,fold,value,prediction\n1,0,1.5,1.5\n4,1,-2,-2\n',
  );
  expect(text({ kind: 'clustering', ...tested, width: 1, outputs: values })).toBe(
    'row,fold,output_0\n1,0,1.5\n4,1,-2\n',
  );
});

test.each([
  'row,fold,label\n',
  'row,fold,label,probability\n4,0,1,0.5\n1,0,1,0.5\n',
  'row,fold,label,probability\n0,0,2,0.5\n',
  'row,fold,label,probability\n0,0,1,1.5\n',
])('refuses %j', (broken) =>
  expect(() => readPredictions(broken)).toThrow(expect.objectContaining({ code: 'InvalidPredictions' })),
);

test('of more classes the one that a policy names is read against the rest', () => {
  const classes = 'row,fold,label,probability_0,probability_1,probability_2\n1,0,0,0.5,0.25,0.25\n4,1,2,0,0.1,0.9\n';
  expect(readPredictions(classes, 2)).toEqual({
    kind: 'binary',
    ...tested,
    labels: Uint8Array.of(0, 1),
    probabilities: Float64Array.of(0.25, 0.9),
  });
  for (const scored of [undefined, 3])
    expect(() => readPredictions(classes, scored)).toThrow(expect.objectContaining({ code: 'InvalidPredictions' }));
  expect(() => readPredictions('row,fold,label,probability\n0,0,1,0.5\n', 0)).toThrow();
});
