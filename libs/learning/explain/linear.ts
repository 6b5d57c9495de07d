import type { GraphProto } from '../onnx/format.js';
import { tensorNumbers } from '../trees/onnx.js';
import type { Attributions } from './tree-shap.js';

export interface LinearInFile {
  /** Value that the coefficients weigh: `[n, columns]`. */
  readonly input: string;
  /** Row-major `columns × outputs`. */
  readonly coefficients: Float64Array;
  readonly intercepts: Float64Array;
  readonly outputs: number;
}

/** Names of algorithms whose score is linear in the columns behind the pipeline. */
const linearAlgorithms = [
  'linear_regression',
  'ridge',
  'lasso',
  'elastic_net',
  'logistic_regression',
  'softmax_regression',
];

/** The linear model of a file of ours; undefined where it holds none. */
export function readLinear(graph: GraphProto): LinearInFile | undefined {
  const name = linearAlgorithms.find((own) => graph.name === own);
  const constants = new Map((graph.initializer ?? []).map((tensor) => [tensor.name, tensor]));
  const weighted = (graph.node ?? []).find((node) => name !== undefined && node.name === `${name}_weighted`);
  const coefficients = constants.get(`${name}_coefficients`);
  const intercepts = constants.get(`${name}_intercepts`) ?? constants.get(`${name}_intercept`);
  if (!weighted || !coefficients || !intercepts) return undefined;
  return {
    input: weighted.input![0]!,
    coefficients: tensorNumbers(coefficients),
    intercepts: tensorNumbers(intercepts),
    outputs: Number(coefficients.dims![1]),
  };
}

/**
 * Shapley values of a linear score with independent columns: coefficient × (value − mean over the background) (shap 0.51.0
 * `LinearExplainer` with an `Independent` masker of all background rows); exact.
 */
export function linearAttribution(
  { coefficients, intercepts, outputs }: LinearInFile,
  values: Float64Array,
  rows: number,
  background: Float64Array,
): Attributions {
  const columns = coefficients.length / outputs;
  const count = background.length / columns;
  const means = new Float64Array(columns);
  for (let i = 0; i < background.length; i += 1) means[i % columns]! += background[i]! / count;
  const base = intercepts.map((intercept, k) => {
    let sum = intercept;
    for (let j = 0; j < columns; j += 1) sum += means[j]! * coefficients[j * outputs + k]!;
    return sum;
  });
  const result = new Float64Array(rows * outputs * columns);
  for (let row = 0; row < rows; row += 1)
    for (let k = 0; k < outputs; k += 1)
      for (let j = 0; j < columns; j += 1)
        result[(row * outputs + k) * columns + j] =
          coefficients[j * outputs + k]! * (values[row * columns + j]! - means[j]!);
  return { base, values: result };
}
