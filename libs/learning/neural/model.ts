import type { FittedModel, SummaryValue } from '../algorithm.js';
import { softmaxInPlace } from '../linear/linear-model.js';
import { integer } from '../onnx/index.js';
import { allocate, forward } from './network.js';
import type { Activation, Network } from './network.js';
import type { Trained } from './train.js';

const operators: Readonly<Record<Activation, string>> = { relu: 'Relu', tanh: 'Tanh', logistic: 'Sigmoid' };
const scoredAtOnce = 256;

/** A trained network as a model: its layers as MatMul, Add and activation in float64. */
export function networkModel(
  name: string,
  network: Network,
  link: 'identity' | 'softmax',
  summary: Readonly<Record<string, SummaryValue>>,
): FittedModel {
  const [width, outputs] = [network.sizes[0]!, network.sizes.at(-1)!];
  return {
    outputs,
    summary,
    predict(values, rows) {
      const result = new Float64Array(rows * outputs);
      const pass = allocate(network, Math.min(rows, scoredAtOnce));
      for (let start = 0; start < rows; start += scoredAtOnce) {
        const count = Math.min(scoredAtOnce, rows - start);
        pass.activations[0]!.set(values.subarray(start * width, (start + count) * width));
        forward(network, pass, count);
        result.set(pass.activations.at(-1)!.subarray(0, count * outputs), start * outputs);
      }
      if (link === 'softmax') for (let row = 0; row < rows; row += 1) softmaxInPlace(result, row * outputs, outputs);
      return result;
    },
    addTo(graph, input) {
      let last = input;
      network.weights.forEach((weights, layer) => {
        const shape = [network.sizes[layer]!, network.sizes[layer + 1]!];
        const own = `${name}_${layer}`;
        const product = graph.node('MatMul', `${own}_weighted`, [
          last,
          graph.constant(`${own}_weights`, shape, weights),
        ]);
        last = graph.node('Add', `${own}_sum`, [
          product,
          graph.constant(`${own}_biases`, [1, shape[1]!], network.biases[layer]!),
        ]);
        if (layer < network.weights.length - 1)
          last = graph.node(operators[network.activation], `${own}_${network.activation}`, [last]);
      });
      if (link === 'softmax') last = graph.node('Softmax', `${name}_softmax`, [last], [integer('axis', 1)]);
      return { name: last, type: 'float64' };
    },
  };
}

/** What `run.json` tells of a training. */
export function trainingSummary(trained: Trained, rows: number): Record<string, SummaryValue> {
  const { network, trainingLoss, heldOutLoss, bestEpoch, stoppedEarly, converged } = trained;
  return {
    rows,
    layers: network.sizes,
    parameters: [...network.weights, ...network.biases].reduce((sum, own) => sum + own.length, 0),
    epochs: trainingLoss.length,
    bestEpoch,
    stoppedEarly,
    converged,
    trainingLoss,
    ...(heldOutLoss.length > 0 ? { heldOutLoss } : {}),
  };
}
