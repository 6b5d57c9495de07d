import type { Gate, Measurement } from '#libs/lifecycle';

/** What a gate says, with everything that it read: enough to replay it. */
export interface GateVerdict {
  readonly gate: Gate;
  readonly verdict: 'pass' | 'fail' | 'insufficient' | 'undefined';
  readonly reasons: readonly string[];
  readonly measurement?: Measurement;
  /** Rows of the smallest group, and how many every group must have. */
  readonly smallestGroup: number;
  readonly minimumGroupSize: number;
}

/**
 * Judges one measurement. `insufficient` where a group is smaller than the minimum, or where the interval of a ratio
 * spans both the threshold and 1, so that the data can tell neither; `undefined` where there is no value. Pure: the same
 * gate, measurement and group sizes give the same verdict.
 */
export function judge(
  gate: Gate,
  measurement: Measurement | undefined,
  smallestGroup: number,
  minimumGroupSize: number,
): GateVerdict {
  const judged = decide(gate, measurement, smallestGroup, minimumGroupSize);
  return { gate, ...judged, ...(measurement ? { measurement } : {}), smallestGroup, minimumGroupSize };
}

/**
 * Judges again from what a verdict's record holds, and nothing else.
 * @returns the verdict anew, and whether it is what the record says
 */
export function replayVerdict(record: GateVerdict): { readonly verdict: GateVerdict; readonly same: boolean } {
  const { gate, measurement, smallestGroup, minimumGroupSize } = record;
  const verdict = judge(gate, measurement, smallestGroup, minimumGroupSize);
  const said = (own: GateVerdict): string => JSON.stringify([own.verdict, own.reasons]);
  return { verdict, same: said(verdict) === said(record) };
}

function decide(
  gate: Gate,
  measurement: Measurement | undefined,
  smallestGroup: number,
  minimumGroupSize: number,
): Pick<GateVerdict, 'verdict' | 'reasons'> {
  if (!measurement) return { verdict: 'undefined', reasons: [`no measurement of ${gate.measure}`] };
  if (measurement.value === null) return { verdict: 'undefined', reasons: [measurement.undefined ?? 'undefined'] };
  if (smallestGroup < minimumGroupSize)
    return {
      verdict: 'insufficient',
      reasons: [`a group has ${smallestGroup} rows, the minimum is ${minimumGroupSize}`],
    };
  const { interval } = measurement;
  const isRatio = gate.measure.includes('ratio');
  if (
    isRatio &&
    gate.operator === '>=' &&
    interval &&
    interval.low !== null &&
    interval.low < gate.threshold &&
    (interval.high === null || interval.high >= 1)
  )
    return {
      verdict: 'insufficient',
      reasons: [`the interval [${interval.low}, ${interval.high ?? '∞'}] spans ${gate.threshold} and 1`],
    };
  const bound = gate.operator === '>=' ? interval?.low : interval?.high;
  if (gate.reads === 'bound' && (bound === undefined || bound === null))
    return { verdict: 'undefined', reasons: ['the gate reads a bound and there is none'] };
  const read = gate.reads === 'bound' ? bound! : measurement.value;
  const holds = gate.operator === '>=' ? read >= gate.threshold : read <= gate.threshold;
  return {
    verdict: holds ? 'pass' : 'fail',
    reasons: [`${gate.reads} ${read} ${holds ? 'is' : 'is not'} ${gate.operator} ${gate.threshold}`],
  };
}
