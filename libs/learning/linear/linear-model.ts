import { integer } from '../onnx/index.js';
import type { GraphBuilder } from '../onnx/index.js';
import type { FittedModel, SummaryValue } from '../algorithm.js';

export interface LinearParts {
  /** Prefix of the nodes' names: the algorithm's. */
  readonly name: string;
  /** Row-major `width × outputs`. */
  readonly coefficients: Float64Array;
  /** One an output. */
  readonly intercepts: Float64Array;
  readonly link: 'identity' | 'softmax';
  readonly summary: Readonly<Record<string, SummaryValue>>;
}

/** x · coefficients + intercepts, then the link: how every linear model predicts and is written. */
export function linearModel({ name, coefficients, intercepts, link, summary }: LinearParts): FittedModel {
  const outputs = intercepts.length;
  const width = coefficients.length / outputs;
  return {
    outputs,
    summary,
    predict(values, rows) {
      const result = new Float64Array(rows * outputs);
      for (let row = 0; row < rows; row += 1) {
        for (let output = 0; output < outputs; output += 1) {
          let sum = intercepts[output]!;
          for (let j = 0; j < width; j += 1) sum += values[row * width + j]! * coefficients[j * outputs + output]!;
          result[row * outputs + output] = sum;
        }
        if (link === 'softmax') softmaxInPlace(result, row * outputs, outputs);
      }
      return result;
    },
    addTo(graph: GraphBuilder, input: string) {
      const weighted = graph.node('MatMul', `${name}_weighted`, [
        input,
        graph.constant(`${name}_coefficients`, [width, outputs], coefficients),
      ]);
      const sum = graph.node('Add', `${name}_sum`, [
        weighted,
        graph.constant(`${name}_intercepts`, [1, outputs], intercepts),
      ]);
      if (link === 'identity') return { name: sum, type: 'float64' };
      return { name: graph.node('Softmax', `${name}_softmax`, [sum], [integer('axis', 1)]), type: 'float64' };
    },
  };
}

/** exp(z) / Σ exp(z) without overflow; gives ln Σ exp(z). */
export function softmaxInPlace(z: Float64Array, start: number, count: number): number {
  let largest = -Infinity;
  for (let i = start; i < start + count; i += 1) largest = Math.max(largest, z[i]!);
  let sum = 0;
  for (let i = start; i < start + count; i += 1) {
    z[i] = Math.exp(z[i]! - largest);
    sum += z[i]!;
  }
  for (let i = start; i < start + count; i += 1) z[i]! /= sum;
  return largest + Math.log(sum);
}

/** Coefficients under the names of their columns. */
export function byName(names: readonly string[], coefficients: Float64Array): Record<string, number> {
  return Object.fromEntries(names.map((name, j) => [name, coefficients[j]!]));
}
