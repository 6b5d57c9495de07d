import type { Interval, Measurement } from '#libs/lifecycle';

export interface MeasurementDetails {
  readonly n: number;
  readonly denominator?: number;
  readonly interval?: Interval | undefined;
  readonly group?: Readonly<Record<string, string>> | undefined;
  readonly source?: string | undefined;
}

/**
 * A number with its definition and its doubt: a finite value, or null with the reason. Anything that is not finite is
 * made undefined here, so that no NaN leaves the room; members that are undefined are left out (canonical JSON).
 * @param undefinedReason why there is no value, as `reason-in-kebab-case`
 */
export function measured(
  definition: string,
  value: number | undefined,
  { n, denominator, interval, group, source }: MeasurementDetails,
  undefinedReason = 'not-finite',
): Measurement {
  const known = value !== undefined && Number.isFinite(value);
  return {
    definition,
    value: known ? (value === 0 ? 0 : value) : null,
    ...(known ? {} : { undefined: undefinedReason }),
    n,
    ...(denominator === undefined ? {} : { denominator }),
    ...(interval ? { interval } : {}),
    ...(group ? { group } : {}),
    ...(source ? { source } : {}),
  };
}
