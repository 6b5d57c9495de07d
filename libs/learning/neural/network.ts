import type { Generator } from '#libs/statistics';

export type Activation = 'relu' | 'tanh' | 'logistic';

/** Dense layers: hidden ones with the activation, the last one linear. */
export interface Network {
  /** Units of each layer, the input first. */
  readonly sizes: readonly number[];
  readonly activation: Activation;
  /** Per layer, row-major `inputs × outputs`. */
  readonly weights: readonly Float64Array[];
  readonly biases: readonly Float64Array[];
}

/** Weights uniform within ±√(6 / inputs) of He et al. (2015) for relu, else ±√(6 / (inputs + outputs)) of Glorot and Bengio (2010). */
export function initialise(sizes: readonly number[], activation: Activation, random: Generator): Network {
  const layers = sizes.slice(1).map((outputs, layer) => ({ inputs: sizes[layer]!, outputs }));
  return {
    sizes,
    activation,
    weights: layers.map(({ inputs, outputs }) => {
      const bound = Math.sqrt(6 / (activation === 'relu' ? inputs : inputs + outputs));
      return Float64Array.from({ length: inputs * outputs }, () => (2 * random.uniform() - 1) * bound);
    }),
    biases: layers.map(({ outputs }) => new Float64Array(outputs)),
  };
}

/** Values of every layer of a batch, row-major; reused from batch to batch. */
export interface Pass {
  /** `activations[0]` is the input, the last one the output before its link. */
  readonly activations: Float64Array[];
  /** Of hidden layers: what dropout multiplied each value by; empty without dropout. */
  readonly masks: Float64Array[];
}

export function allocate({ sizes }: Network, rows: number): Pass {
  return { activations: sizes.map((size) => new Float64Array(rows * size)), masks: [] };
}

/** Fills `pass` from `pass.activations[0]`. With `dropout` each hidden value is dropped or divided by 1 − rate. */
export function forward(
  network: Network,
  pass: Pass,
  rows: number,
  dropout?: { readonly rate: number; readonly random: Generator },
): void {
  const { sizes, weights, biases, activation } = network;
  const last = weights.length - 1;
  for (let layer = 0; layer <= last; layer += 1) {
    const [inputs, outputs] = [sizes[layer]!, sizes[layer + 1]!];
    const [from, to] = [pass.activations[layer]!, pass.activations[layer + 1]!];
    const matrix = weights[layer]!;
    for (let row = 0; row < rows; row += 1) {
      const at = row * outputs;
      to.set(biases[layer]!, at);
      for (let i = 0; i < inputs; i += 1) {
        const x = from[row * inputs + i]!;
        if (x === 0) continue;
        const start = i * outputs;
        for (let o = 0; o < outputs; o += 1) to[at + o]! += x * matrix[start + o]!;
      }
    }
    if (layer === last) return;
    activate(activation, to, rows * outputs);
    if (!dropout || dropout.rate === 0) continue;
    const mask = (pass.masks[layer] ??= new Float64Array(to.length));
    const kept = 1 / (1 - dropout.rate);
    for (let k = 0; k < rows * outputs; k += 1) {
      mask[k] = dropout.random.uniform() < dropout.rate ? 0 : kept;
      to[k]! *= mask[k]!;
    }
  }
}

export interface Gradient {
  readonly weights: readonly Float64Array[];
  readonly biases: readonly Float64Array[];
}

export function zeroGradient({ weights, biases }: Network): Gradient {
  return {
    weights: weights.map((own) => new Float64Array(own.length)),
    biases: biases.map((own) => new Float64Array(own.length)),
  };
}

/**
 * Back-propagates `deltas` (derivative of the loss by the last layer's values; overwritten) into `gradient`, which is
 * overwritten too.
 */
export function backward(network: Network, pass: Pass, rows: number, deltas: Float64Array, gradient: Gradient): void {
  const { sizes, weights, activation } = network;
  let own = deltas;
  for (let layer = weights.length - 1; layer >= 0; layer -= 1) {
    const [inputs, outputs] = [sizes[layer]!, sizes[layer + 1]!];
    const from = pass.activations[layer]!;
    const matrix = weights[layer]!;
    const byWeight = gradient.weights[layer]!.fill(0);
    const byBias = gradient.biases[layer]!.fill(0);
    const before = layer > 0 ? new Float64Array(rows * inputs) : undefined;
    for (let row = 0; row < rows; row += 1) {
      const at = row * outputs;
      for (let o = 0; o < outputs; o += 1) byBias[o]! += own[at + o]!;
      for (let i = 0; i < inputs; i += 1) {
        const start = i * outputs;
        const x = from[row * inputs + i]!;
        if (x !== 0) for (let o = 0; o < outputs; o += 1) byWeight[start + o]! += x * own[at + o]!;
        if (!before) continue;
        let sum = 0;
        for (let o = 0; o < outputs; o += 1) sum += matrix[start + o]! * own[at + o]!;
        before[row * inputs + i] = sum;
      }
    }
    if (!before) return;
    derive(activation, before, from, pass.masks[layer - 1]);
    own = before;
  }
}

function activate(activation: Activation, values: Float64Array, count: number): void {
  for (let k = 0; k < count; k += 1) {
    const z = values[k]!;
    if (activation === 'relu') values[k] = z > 0 ? z : 0;
    else values[k] = activation === 'tanh' ? Math.tanh(z) : 1 / (1 + Math.exp(-z));
  }
}

/** Multiplies by the activation's derivative, written with its own (masked) value. */
function derive(
  activation: Activation,
  deltas: Float64Array,
  values: Float64Array,
  mask: Float64Array | undefined,
): void {
  for (let k = 0; k < deltas.length; k += 1) {
    const factor = mask ? mask[k]! : 1;
    if (factor === 0) {
      deltas[k] = 0;
      continue;
    }
    const a = values[k]! / factor;
    if (activation === 'relu') deltas[k] = a > 0 ? deltas[k]! * factor : 0;
    else deltas[k]! *= factor * (activation === 'tanh' ? 1 - a * a : a * (1 - a));
  }
}
