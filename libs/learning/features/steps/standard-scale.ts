import type { Step, StepDocument } from '../step.js';
import { affine, mean, present, variance } from './columns.js';

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
  takes: () => 'numeric',
  missing: 'passes',
  properties: {
    alpha: { type: 'number', exclusiveMinimum: 0, default: 1, description: 'Factor of the scaled value.' },
  },
  fit(columns, { alpha = 1 }) {
    const centres = new Float64Array(columns.names.length);
    const scales = new Float64Array(columns.names.length).fill(1);
    columns.names.forEach((_, j) => {
      const values = present(columns, j);
      if (values.length === 0) return;
      centres[j] = mean(values);
      const spread = variance(values, centres[j]);
      // Below what rounding of the mean alone makes, a column is constant.
      if (spread > (10 * Number.EPSILON * centres[j]!) ** 2) scales[j] = Math.sqrt(spread);
    });
    return affine(columns.names, centres, scales, alpha);
  },
};
