import { GraphBuilder, featuresInput, integer, probabilityOutput, writeMetadata } from '../onnx/index.js';
import type { ModelMetadata } from '../onnx/index.js';
import { elementTypes } from '../onnx/index.js';
import type { Standardisation } from '../features/standardise.js';
import type { LogisticModel } from './logistic.js';

/**
 * The fitted pipeline and model as one ONNX file: cast to float64, (x − mean) / scale, · coefficients + intercept, σ,
 * cast to float32. In float64 since float32 loses a column of mean 1e6 and sd 1.
 */
export function writeLogistic(
  model: Pick<LogisticModel, 'coefficients' | 'intercept'>,
  { means, scales }: Standardisation,
  metadata: ModelMetadata,
  producerVersion: string,
): Uint8Array {
  const k = metadata.features.length;
  const graph = new GraphBuilder('logistic_regression');
  const raw = graph.input(featuresInput, ['n', k]);
  const wide = graph.node('Cast', 'features_float64', [raw], [integer('to', elementTypes.float64)]);
  const centred = graph.node('Sub', 'centred', [wide, graph.constant('means', [1, k], means)]);
  const scaled = graph.node('Div', 'standardised', [centred, graph.constant('scales', [1, k], scales)]);
  const product = graph.node('MatMul', 'weighted', [
    scaled,
    graph.constant('coefficients', [k, 1], model.coefficients),
  ]);
  const logit = graph.node('Add', 'logit', [
    product,
    graph.constant('intercept', [1, 1], Float64Array.of(model.intercept)),
  ]);
  const probability = graph.node('Sigmoid', 'probability_float64', [logit]);
  const narrow = graph.node('Cast', 'probability_float32', [probability], [integer('to', elementTypes.float32)]);
  graph.output(probabilityOutput, narrow, ['n', 1]);
  return graph.finish(producerVersion, writeMetadata(metadata));
}
