import type { LinearScore } from '#libs/statistics';
import type { GraphProto } from '../onnx/format.js';
import { tensorNumbers } from '../trees/onnx.js';

export interface LinearInFile extends LinearScore {
  /** Value that the coefficients weigh: `[n, columns]`. */
  readonly input: string;
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
