import { Generator, InputError } from '#libs/statistics';
import type { FitContext } from '../algorithm.js';
import { softmaxInPlace } from '../linear/linear-model.js';
import { allocate, backward, forward, initialise, zeroGradient } from './network.js';
import type { Activation, Gradient, Network } from './network.js';

export interface EarlyStopping {
  /** Share of the rows that is held out to judge by; default 0.1. */
  readonly fraction?: number;
  /** Epochs without improvement before it stops; default 10. */
  readonly patience?: number;
  /** What counts as one, of the held-out loss; default 1e-4. */
  readonly minimumImprovement?: number;
}

export interface TrainingOptions {
  readonly activation: Activation;
  readonly dropout: number;
  readonly l1: number;
  readonly l2: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly earlyStopping?: EarlyStopping | undefined;
}

/** Rows to learn: class indices with `softmax`, else `outputs` numbers a row. */
export interface NetworkTask {
  readonly rows: number;
  readonly sizes: readonly number[];
  readonly values: Float64Array;
  readonly target: Float64Array;
  readonly weights: Float64Array | undefined;
  readonly loss: 'softmax' | 'squared';
}

export interface Trained {
  readonly network: Network;
  /** Mean loss of the training rows (with dropout, without penalties), epoch by epoch. */
  readonly trainingLoss: readonly number[];
  /** Mean loss of the held-out rows; empty without early stopping. */
  readonly heldOutLoss: readonly number[];
  readonly bestEpoch: number;
  readonly stoppedEarly: boolean;
  /** The last tenth of the epochs lowered the loss by less than a thousandth, or it stopped early. */
  readonly converged: boolean;
}

const decay1 = 0.9;
const decay2 = 0.999;

/**
 * Mini-batch training by Adam (D. Kingma and J. Ba 2015, β 0.9 and 0.999), inverted dropout (N. Srivastava et al. 2014)
 * on hidden layers, penalties l1 Σ|W| + l2/2 ΣW² beside the mean loss (biases free), early stopping with the best
 * epoch's weights. Initial weights, order of rows and masks come from the seed alone.
 * @throws InputError `Diverged` where the loss is no number any more; `NoRows` where nothing is left to hold out
 */
export function trainNetwork(task: NetworkTask, options: TrainingOptions, { seed, checkpoint }: FitContext): Trained {
  const random = new Generator(seed);
  const { earlyStopping: stopping } = options;
  const order = Int32Array.from({ length: task.rows }, (_, row) => row);
  shuffle(order, random);
  const heldCount = stopping ? Math.max(1, Math.round(task.rows * (stopping.fraction ?? 0.1))) : 0;
  if (heldCount >= task.rows)
    throw new InputError('NoRows', `${task.rows} rows leave none to fit on beside ${heldCount} held out`, {
      field: 'algorithm.earlyStopping.fraction',
      rule: 'rows to fit on and rows to hold out',
    });
  const held = order.slice(0, heldCount);
  const own = order.slice(heldCount);
  let network = initialise(task.sizes, options.activation, random);
  const optimiser = adam(network, options);
  const trainingLoss: number[] = [];
  const heldOutLoss: number[] = [];
  let best = { loss: Infinity, epoch: 0, network };
  let stoppedEarly = false;
  for (let epoch = 0; epoch < options.epochs && !stoppedEarly; epoch += 1) {
    shuffle(own, random);
    trainingLoss.push(runEpoch(task, own, network, options, optimiser, random, checkpoint));
    if (!stopping) continue;
    const loss = meanLoss(task, held, network, checkpoint);
    heldOutLoss.push(loss);
    if (loss < best.loss - (stopping.minimumImprovement ?? 1e-4)) best = { loss, epoch, network: copy(network) };
    stoppedEarly = epoch - best.epoch >= (stopping.patience ?? 10);
  }
  if (stopping) network = best.network;
  return {
    network,
    trainingLoss,
    heldOutLoss,
    bestEpoch: stopping ? best.epoch : trainingLoss.length - 1,
    stoppedEarly,
    converged: stoppedEarly || isFlat(trainingLoss),
  };
}

function runEpoch(
  task: NetworkTask,
  rows: Int32Array,
  network: Network,
  { batchSize, dropout }: TrainingOptions,
  optimiser: (gradient: Gradient) => void,
  random: Generator,
  checkpoint: () => void,
): number {
  const size = Math.min(batchSize, rows.length);
  const pass = allocate(network, size);
  const gradient = zeroGradient(network);
  let total = 0;
  let weight = 0;
  for (let start = 0; start < rows.length; start += size) {
    checkpoint();
    const batch = rows.subarray(start, Math.min(start + size, rows.length));
    fill(task, batch, pass.activations[0]!);
    forward(network, pass, batch.length, { rate: dropout, random });
    const deltas = new Float64Array(batch.length * task.sizes.at(-1)!);
    const loss = lossOf(task, batch, pass.activations.at(-1)!, deltas);
    if (!Number.isFinite(loss.sum))
      throw new InputError('Diverged', 'the loss is no finite number any more', {
        field: 'algorithm.learningRate',
        rule: 'a smaller learning rate, or scaled columns',
      });
    total += loss.sum;
    weight += loss.weight;
    backward(network, pass, batch.length, deltas, gradient);
    optimiser(gradient);
  }
  return weight > 0 ? total / weight : 0;
}

/** Loss of a batch and, in `deltas`, the derivative of its mean. */
export function lossOf(
  { target, weights, loss, sizes }: NetworkTask,
  batch: Int32Array,
  scores: Float64Array,
  deltas: Float64Array,
): { readonly sum: number; readonly weight: number } {
  const outputs = sizes.at(-1)!;
  let sum = 0;
  let total = 0;
  for (let i = 0; i < batch.length; i += 1) total += weights?.[batch[i]!] ?? 1;
  if (total === 0) return { sum: 0, weight: 0 };
  for (let i = 0; i < batch.length; i += 1) {
    const row = batch[i]!;
    const weight = weights?.[row] ?? 1;
    const at = i * outputs;
    if (loss === 'softmax') {
      const own = scores[at + target[row]!]!;
      for (let o = 0; o < outputs; o += 1) deltas[at + o] = scores[at + o]!;
      sum += weight * (softmaxInPlace(deltas, at, outputs) - own);
      deltas[at + target[row]!]! -= 1;
    } else
      for (let o = 0; o < outputs; o += 1) {
        const difference = scores[at + o]! - target[row * outputs + o]!;
        sum += (weight * difference * difference) / (2 * outputs);
        deltas[at + o] = difference / outputs;
      }
    for (let o = 0; o < outputs; o += 1) deltas[at + o]! *= weight / total;
  }
  return { sum, weight: total };
}

function meanLoss(task: NetworkTask, rows: Int32Array, network: Network, checkpoint: () => void): number {
  const size = Math.min(256, rows.length);
  const pass = allocate(network, size);
  const deltas = new Float64Array(size * task.sizes.at(-1)!);
  let total = 0;
  let weight = 0;
  for (let start = 0; start < rows.length; start += size) {
    checkpoint();
    const batch = rows.subarray(start, Math.min(start + size, rows.length));
    fill(task, batch, pass.activations[0]!);
    forward(network, pass, batch.length);
    const loss = lossOf(task, batch, pass.activations.at(-1)!, deltas);
    total += loss.sum;
    weight += loss.weight;
  }
  return weight > 0 ? total / weight : 0;
}

function fill({ values, sizes }: NetworkTask, batch: Int32Array, into: Float64Array): void {
  const width = sizes[0]!;
  for (let i = 0; i < batch.length; i += 1)
    into.set(values.subarray(batch[i]! * width, (batch[i]! + 1) * width), i * width);
}

function adam(network: Network, { learningRate, l1, l2 }: TrainingOptions): (gradient: Gradient) => void {
  const first = zeroGradient(network);
  const second = zeroGradient(network);
  let time = 0;
  const move = (
    values: Float64Array,
    by: Float64Array,
    m: Float64Array,
    v: Float64Array,
    isPenalised: boolean,
  ): void => {
    const rate = (learningRate * Math.sqrt(1 - decay2 ** time)) / (1 - decay1 ** time);
    for (let k = 0; k < values.length; k += 1) {
      const g = isPenalised ? by[k]! + l2 * values[k]! + l1 * Math.sign(values[k]!) : by[k]!;
      m[k] = decay1 * m[k]! + (1 - decay1) * g;
      v[k] = decay2 * v[k]! + (1 - decay2) * g * g;
      values[k]! -= (rate * m[k]!) / (Math.sqrt(v[k]!) + 1e-8);
    }
  };
  return (gradient) => {
    time += 1;
    network.weights.forEach((own, i) => move(own, gradient.weights[i]!, first.weights[i]!, second.weights[i]!, true));
    network.biases.forEach((own, i) => move(own, gradient.biases[i]!, first.biases[i]!, second.biases[i]!, false));
  };
}

function shuffle(items: Int32Array, random: Generator): void {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = random.integer(i + 1);
    const kept = items[i]!;
    items[i] = items[j]!;
    items[j] = kept;
  }
}

function copy(network: Network): Network {
  return {
    ...network,
    weights: network.weights.map((own) => own.slice()),
    biases: network.biases.map((own) => own.slice()),
  };
}

function isFlat(losses: readonly number[]): boolean {
  const back = Math.max(5, Math.ceil(losses.length / 10));
  if (losses.length <= back) return false;
  const [before, now] = [losses.at(-1 - back)!, losses.at(-1)!];
  return before - now < 1e-3 * Math.abs(before);
}
