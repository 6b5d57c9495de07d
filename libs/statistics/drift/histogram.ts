import { InputError } from '../errors.js';
import { countInBins, quantileEdges, shares } from './bins.js';
import type { Edges } from './bins.js';
import { absoluteDifference, hellinger, jensenShannon, largestDifference, strictPsi } from './distances.js';

/**
 * A sample as counts in fixed bins. Samples in the same bins merge by adding, so a window can be counted in pieces, on
 * several machines, or be the sum of smaller windows.
 */
export interface Histogram {
  readonly edges: Edges;
  readonly counts: Float64Array;
  /** Values that are counted; nulls and what lies outside of closed edges are not. */
  readonly n: number;
}

/**
 * The reference of a column, prepared once: edges at its quantiles (numpy's linear method), open outwards.
 * @param values NaN is null and is not counted; infinities lie in the outer bins
 * @throws InputError `EmptyReference`
 */
export function referenceHistogram(values: Float64Array, bins = 10): Histogram {
  const present = values.some(Number.isNaN) ? values.filter((value) => !Number.isNaN(value)) : values;
  if (present.length === 0)
    throw new InputError('EmptyReference', 'the reference has no value', { rule: 'at least one value' });
  return windowHistogram(quantileEdges(present, bins), present);
}

/** A window in the bins of its reference. */
export function windowHistogram(edges: Edges, values: Float64Array): Histogram {
  const counts = countInBins(values, edges);
  return { edges, counts, n: counts.reduce((sum, count) => sum + count, 0) };
}

/** @throws InputError `OtherBins` */
export function mergeHistograms(a: Histogram, b: Histogram): Histogram {
  if (a.edges.length !== b.edges.length || a.edges.some((edge, i) => edge !== b.edges[i]))
    throw new InputError('OtherBins', 'histograms in different bins do not merge', { rule: 'the same edges' });
  return { edges: a.edges, counts: a.counts.map((count, i) => count + b.counts[i]!), n: a.n + b.n };
}

/** The numbers of `…@assay` for one column. `psi` is infinite where a bin is empty on one side only. */
export interface HistogramDrift {
  readonly psi: number;
  readonly jensenshannon: number;
  readonly hellinger: number;
  readonly totalVariation: number;
  readonly driftMagnitude: number;
  readonly lInfinity: number;
}

/**
 * Drift between two histograms of the same bins.
 * @returns undefined where a side has no value
 * @throws InputError `OtherBins`
 */
export function histogramDrift(reference: Histogram, current: Histogram): HistogramDrift | undefined {
  if (reference.counts.length !== current.counts.length)
    throw new InputError('OtherBins', 'histograms in different bins do not compare', { rule: 'the same edges' });
  if (reference.n === 0 || current.n === 0) return undefined;
  const [p, q] = [shares(reference.counts, reference.n), shares(current.counts, current.n)];
  const driftMagnitude = absoluteDifference(p, q);
  return {
    psi: strictPsi(p, q),
    jensenshannon: jensenShannon(p, q, 2),
    hellinger: hellinger(p, q),
    totalVariation: driftMagnitude / 2,
    driftMagnitude,
    lInfinity: largestDifference(p, q),
  };
}
