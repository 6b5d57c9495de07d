import type { Step, StepDocument } from '../step.js';
import { elementwise, sorted } from './columns.js';

interface QuantileScale extends StepDocument {
  readonly step: 'quantile_scale';
  readonly quantiles?: number;
}

/** A curve of straight pieces and jumps: what the value's place among the values fitted on is. */
interface Curve {
  readonly starts: Float64Array;
  readonly lengths: Float64Array;
  readonly slopes: Float64Array;
  /** A value fitted on many times stands in the middle of its places: part of the jump at it, the rest behind it. */
  readonly ties: Float64Array;
  readonly at: Float64Array;
  readonly behind: Float64Array;
}

/**
 * The share of the values fitted on that lie below, in [0, 1]: linear between `quantiles` quantiles of the column, the
 * middle of the range where a value is repeated (scikit-learn 1.9.1 `QuantileTransformer(subsample=None)`, uniform).
 * Values beyond those fitted on become 0 and 1.
 */
export const quantileScale: Step<QuantileScale> = {
  step: 'quantile_scale',
  takes: () => 'numeric',
  missing: 'passes',
  properties: {
    quantiles: { type: 'integer', minimum: 2, maximum: 1000, default: 100, description: 'At most as many as rows.' },
  },
  fit(columns, { quantiles = 100 }) {
    const curves = columns.names.map((_, j) => {
      const values = sorted(columns, j);
      return curveOf(values, Math.min(quantiles, values.length));
    });
    return elementwise(
      columns.names,
      (x, j) => place(curves[j]!, x),
      (input, { op, block, columns: gather, cast, sum, joined }) =>
        joined(
          curves.map(({ starts, lengths, slopes, ties, at: jumps, behind }, j) => {
            const x = gather(input, [j]);
            const parts: string[] = [];
            if (starts.length > 0) {
              const inside = op('Min', [
                op('Max', [op('Sub', [x, block([1, starts.length], starts)]), block([1, 1], [0])]),
                block([1, lengths.length], lengths),
              ]);
              parts.push(sum(op('Mul', [inside, block([1, slopes.length], slopes)]), 1, 1));
            }
            if (ties.length > 0) {
              const tied = block([1, ties.length], ties);
              const jumped = (comparison: string, heights: Float64Array): string =>
                op('Mul', [cast(op(comparison, [x, tied]), 'float64'), block([1, heights.length], heights)]);
              parts.push(sum(op('Add', [jumped('GreaterOrEqual', jumps), jumped('Greater', behind)]), 1, 1));
            }
            const total = parts.length === 2 ? op('Add', parts) : parts[0]!;
            return op('Where', [op('IsNaN', [x]), x, total]);
          }),
        ),
      { quantiles: columns.names.map((_, j) => curves[j]!.starts.length + 1) },
    );
  },
};

function curveOf(values: Float64Array, count: number): Curve {
  const edges = Float64Array.from({ length: count }, (_, i) =>
    at(values, count === 1 ? 0 : (i * (values.length - 1)) / (count - 1)),
  );
  const [starts, lengths, slopes, ties, now, behind]: number[][] = [[], [], [], [], [], []];
  for (let i = 0; i < count;) {
    let last = i;
    while (last + 1 < count && edges[last + 1] === edges[i]) last += 1;
    const share = (k: number): number => (count === 1 ? 0 : k / (count - 1));
    if (last > i) {
      // The smallest value fitted on is 0 and the largest 1, whatever repeats.
      const jump = share(last) - share(i);
      const jumpNow = i === 0 ? 0 : last === count - 1 ? jump : jump / 2;
      ties!.push(edges[i]!);
      now!.push(jumpNow);
      behind!.push(jump - jumpNow);
    }
    if (last + 1 < count) {
      const length = edges[last + 1]! - edges[last]!;
      starts!.push(edges[last]!);
      lengths!.push(length);
      slopes!.push((share(last + 1) - share(last)) / length);
    }
    i = last + 1;
  }
  return {
    starts: Float64Array.from(starts!),
    lengths: Float64Array.from(lengths!),
    slopes: Float64Array.from(slopes!),
    ties: Float64Array.from(ties!),
    at: Float64Array.from(now!),
    behind: Float64Array.from(behind!),
  };
}

/** The order statistic at a place between two; whole places are exact, so that ties stay ties. */
function at(values: Float64Array, place: number): number {
  const below = Math.floor(place);
  const above = Math.min(values.length - 1, below + 1);
  return values[below]! + (place - below) * (values[above]! - values[below]!);
}

function place({ starts, lengths, slopes, ties, at, behind }: Curve, x: number): number {
  if (Number.isNaN(x)) return x;
  let sum = 0;
  for (let i = 0; i < starts.length; i += 1) sum += Math.min(Math.max(x - starts[i]!, 0), lengths[i]!) * slopes[i]!;
  for (let i = 0; i < ties.length; i += 1) sum += Number(x >= ties[i]!) * at[i]! + Number(x > ties[i]!) * behind[i]!;
  return sum;
}
