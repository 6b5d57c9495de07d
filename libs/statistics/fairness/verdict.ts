import type { Gate, Measurement } from '#libs/lifecycle';

/** What a gate says, with everything that it read: enough to replay it. */
export interface GateVerdict {
  readonly gate: Gate;
  readonly verdict: 'pass' | 'fail' | 'insufficient' | 'undefined';
  readonly reasons: readonly string[];
  readonly measurement?: Measurement;
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
  if (!measurement) return { gate, verdict: 'undefined', reasons: [`no measurement of ${gate.measure}`] };
  if (measurement.value === null)
    return { gate, verdict: 'undefined', reasons: [measurement.undefined ?? 'undefined'], measurement };
  if (smallestGroup < minimumGroupSize)
    return {
      gate,
      verdict: 'insufficient',
      reasons: [`a group has ${smallestGroup} rows, the minimum is ${minimumGroupSize}`],
      measurement,
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
      gate,
      verdict: 'insufficient',
      reasons: [`the interval [${interval.low}, ${interval.high ?? '∞'}] spans ${gate.threshold} and 1`],
      measurement,
    };
  const bound = gate.operator === '>=' ? interval?.low : interval?.high;
  if (gate.reads === 'bound' && (bound === undefined || bound === null))
    return { gate, verdict: 'undefined', reasons: ['the gate reads a bound and there is none'], measurement };
  const read = gate.reads === 'bound' ? bound! : measurement.value;
  const holds = gate.operator === '>=' ? read >= gate.threshold : read <= gate.threshold;
  return {
    gate,
    verdict: holds ? 'pass' : 'fail',
    reasons: [`${gate.reads} ${read} ${holds ? 'is' : 'is not'} ${gate.operator} ${gate.threshold}`],
    measurement,
  };
}
