import { describe, expect, test } from '@jest/globals';
import { Generator } from '#libs/statistics';
import type { FitContext, FittedModel, TrainingSet } from '../algorithm.js';
import { GraphBuilder, elementTypes, integer, scoreOnnx } from '../onnx/index.js';
import { autoencoder } from './autoencoder.js';
import { allocate, backward, forward, initialise, zeroGradient } from './network.js';
import type { Activation, Network } from './network.js';
import { multilayerPerceptron } from './perceptron.js';
import { lossOf } from './train.js';
import type { NetworkTask } from './train.js';

const context: FitContext = { seed: 3, checkpoint: () => undefined };
const random = new Generator(11);
const [rows, width] = [160, 3];
const values = Float64Array.from({ length: rows * width }, () => Math.fround(random.normal()));
// Inside or outside of a ring: no line parts them.
const inside = Float64Array.from({ length: rows }, (_, row) =>
  Number(Math.hypot(values[row * width]!, values[row * width + 1]!) < 1.1),
);
const curve = Float64Array.from({ length: rows }, (_, row) => 1e4 + 300 * Math.sin(2 * values[row * width]!));
const set = (target: Float64Array, classes: number): TrainingSet => ({
  rows,
  width,
  names: ['a', 'b', 'c'],
  values,
  target,
  classes,
});
const small = { hiddenLayers: [16], epochs: 80, learningRate: 0.02, batchSize: 32 } as const;

describe('back-propagation', () => {
  test.each<[Activation, 'softmax' | 'squared', number]>([
    ['relu', 'softmax', 0],
    ['tanh', 'squared', 0],
    ['logistic', 'softmax', 0],
    ['tanh', 'softmax', 0.4],
  ])('%s, %s, dropout %d: agrees with finite differences', (activation, loss, rate) => {
    const network = initialise([width, 5, 4, 2], activation, new Generator(2));
    const target = loss === 'softmax' ? inside : values.map((value) => value / 2);
    const task: NetworkTask = { rows, sizes: network.sizes, values, target, weights: inside.map((v) => 1 + v), loss };
    const batch = Int32Array.from({ length: 10 }, (_, i) => i * 7);
    const run = (own: Network, gradient = zeroGradient(own)): number => {
      const pass = allocate(own, 10);
      batch.forEach((row, i) => pass.activations[0]!.set(values.subarray(row * width, (row + 1) * width), i * width));
      forward(own, pass, 10, { rate, random: new Generator(9) });
      const deltas = new Float64Array(20);
      const { sum, weight } = lossOf(task, batch, pass.activations.at(-1)!, deltas);
      backward(own, pass, 10, deltas, gradient);
      return sum / weight;
    };
    const gradient = zeroGradient(network);
    run(network, gradient);
    network.weights.forEach((own, layer) =>
      [...own.keys()].forEach((k) => {
        const moved = (by: number): number => {
          const kept = own[k]!;
          own[k] = kept + by;
          const result = run(network);
          own[k] = kept;
          return result;
        };
        expect(gradient.weights[layer]![k]).toBeCloseTo((moved(1e-6) - moved(-1e-6)) / 2e-6, 6);
      }),
    );
  });
});

describe('networks', () => {
  const models = {
    classification: () =>
      multilayerPerceptron.fit(set(inside, 2), { name: 'multilayer_perceptron', ...small, dropout: 0.1 }, context),
    regression: () =>
      multilayerPerceptron.fit(set(curve, 0), { name: 'multilayer_perceptron', ...small, activation: 'tanh' }, context),
    reconstruction: () =>
      autoencoder.fit(
        set(new Float64Array(0), 0),
        { name: 'autoencoder', encoderLayers: [8, 3], epochs: 80, learningRate: 0.02, activation: 'tanh' },
        context,
      ),
  };

  test('learn what no line parts, a curve, and their own input', () => {
    const p = models.classification().predict(values, rows);
    const right = inside.filter((label, row) => (p[2 * row + 1]! > 0.5 ? 1 : 0) === label).length;
    expect(right).toBeGreaterThan(140);
    const y = models.regression().predict(values, rows);
    const error = curve.reduce((sum, value, row) => sum + (value - y[row]!) ** 2, 0) / rows;
    expect(error).toBeLessThan(0.1 * 300 ** 2 * 0.5);
    const back = models.reconstruction().predict(values, rows);
    expect(values.reduce((sum, value, i) => sum + (value - back[i]!) ** 2, 0) / values.length).toBeLessThan(0.05);
  });

  test.each(Object.entries(models))('%s: onnxruntime agrees, and the same bytes come again', async (_, fit) => {
    const bytes = (model: FittedModel): Uint8Array => {
      const graph = new GraphBuilder('test');
      const input = graph.input('features', ['n', width]);
      const wide = graph.node('Cast', 'wide', [input], [integer('to', elementTypes.float64)]);
      const { name } = model.addTo(graph, wide);
      graph.output('y', graph.node('Cast', 'narrow', [name], [integer('to', elementTypes.float32)]), [
        'n',
        model.outputs,
      ]);
      return graph.finish('0', {});
    };
    const model = fit();
    const first = bytes(model);
    expect(Buffer.from(first).equals(Buffer.from(bytes(fit())))).toBe(true);
    const scored = await scoreOnnx(first, Float32Array.from(values), width, 'y');
    const expected = model.predict(values, rows);
    expected.forEach((value, i) =>
      expect(Math.abs(scored[i]! - value)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value))),
    );
  });

  test('stop early and keep the best weights; what has not converged says so', () => {
    const early = multilayerPerceptron.fit(
      set(inside, 2),
      { name: 'multilayer_perceptron', ...small, epochs: 500, earlyStopping: { patience: 5, fraction: 0.2 } },
      context,
    ).summary;
    expect(early).toMatchObject({ stoppedEarly: true, converged: true });
    expect(early['epochs']).toBe((early['bestEpoch'] as number) + 6);
    const short = multilayerPerceptron.fit(
      set(inside, 2),
      { name: 'multilayer_perceptron', ...small, epochs: 2 },
      context,
    );
    expect(short.summary).toMatchObject({ converged: false, epochs: 2 });
  });

  test('refuse by name what they cannot fit', () => {
    const fit =
      (own: object, target = inside) =>
      () =>
        multilayerPerceptron.fit(set(target, 2), { name: 'multilayer_perceptron', ...small, ...own }, context);
    const refused = (code: string) => expect.objectContaining({ code });
    expect(fit({ hiddenLayers: [] })).toThrow(refused('Hyperparameter'));
    expect(fit({ hiddenLayers: [0] })).toThrow(refused('Hyperparameter'));
    expect(fit({ dropout: 1 })).toThrow(refused('Hyperparameter'));
    expect(fit({}, new Float64Array(rows))).toThrow(refused('OneClass'));
    expect(() =>
      multilayerPerceptron.fit(
        set(curve, 0),
        { name: 'multilayer_perceptron', ...small, learningRate: 1e200 },
        context,
      ),
    ).toThrow(refused('Diverged'));
  });

  test('l1 makes weights small', () => {
    const size = (l1: number): number =>
      (
        multilayerPerceptron.fit(
          set(inside, 2),
          { name: 'multilayer_perceptron', ...small, epochs: 30, l1, l2: 0 },
          context,
        ).summary['trainingLoss'] as number[]
      ).at(-1)!;
    expect(size(0.5)).toBeGreaterThan(size(0) + 0.05);
  });
});
