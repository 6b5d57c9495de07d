import type { Step, StepDocument } from '../step.js';

interface StandardScale extends StepDocument {
  readonly step: 'standard_scale';
  readonly alpha?: number;
}

/**
 * α (x − mean) / sd per column: population standard deviation in two passes over the values that are there
 * (scikit-learn 1.9.1 `StandardScaler`; a constant column has scale 1 and becomes 0 throughout).
 */
export const standardScale: Step<StandardScale> = {
  step: 'standard_scale',
  takes: 'numeric',
  missing: 'passes',
  properties: {
    alpha: { type: 'number', exclusiveMinimum: 0, default: 1, description: 'Factor of the scaled value.' },
  },
  fit({ rows, names, values }, { alpha = 1 }) {
    const width = names.length;
    const means = new Float64Array(width);
    const counts = new Float64Array(width);
    const scales = new Float64Array(width).fill(1);
    for (let row = 0; row < rows; row += 1)
      for (let j = 0; j < width; j += 1) {
        const value = values[row * width + j]!;
        if (Number.isNaN(value)) continue;
        means[j]! += value;
        counts[j]! += 1;
      }
    for (let j = 0; j < width; j += 1) means[j] = counts[j]! > 0 ? means[j]! / counts[j]! : 0;
    const squares = new Float64Array(width);
    const residuals = new Float64Array(width);
    for (let row = 0; row < rows; row += 1)
      for (let j = 0; j < width; j += 1) {
        const deviation = values[row * width + j]! - means[j]!;
        if (Number.isNaN(deviation)) continue;
        squares[j]! += deviation * deviation;
        residuals[j]! += deviation;
      }
    for (let j = 0; j < width; j += 1) {
      const n = Math.max(1, counts[j]!);
      const variance = (squares[j]! - (residuals[j]! * residuals[j]!) / n) / n;
      // Below what rounding of the mean alone makes, a column is constant.
      const floor = (10 * Number.EPSILON * means[j]!) ** 2;
      if (variance > floor) scales[j] = Math.sqrt(variance);
    }
    return {
      names,
      transform: (columns) =>
        columns.values.map((value, at) => {
          const scaled = (value - means[at % width]!) / scales[at % width]!;
          return alpha === 1 ? scaled : scaled * alpha;
        }),
      addTo(graph, input, name) {
        const centred = graph.node('Sub', `${name}_centred`, [
          input,
          graph.constant(`${name}_means`, [1, width], means),
        ]);
        const scaled = graph.node('Div', `${name}_scaled`, [
          centred,
          graph.constant(`${name}_scales`, [1, width], scales),
        ]);
        if (alpha === 1) return scaled;
        return graph.node('Mul', `${name}_result`, [
          scaled,
          graph.constant(`${name}_alpha`, [1, 1], Float64Array.of(alpha)),
        ]);
      },
      summary: {
        means: Object.fromEntries(names.map((column, j) => [column, means[j]!])),
        scales: Object.fromEntries(names.map((column, j) => [column, scales[j]!])),
      },
    };
  },
};
