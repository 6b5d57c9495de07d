import type { Time } from './values.js';

/**
 * Milliseconds since 1970 of an RFC 3339 time; NaN where the text is none. Compare so that NaN refuses:
 * `if (!(instant(due) > instant(now))) refuse`.
 */
export function instant(time: Time): number {
  return Date.parse(time);
}

/** `time` moved by a span, in UTC with milliseconds. `time` must be valid. */
export function after(
  time: Time,
  span: { readonly seconds?: number; readonly minutes?: number; readonly hours?: number; readonly days?: number },
): Time {
  const seconds = (span.seconds ?? 0) + 60 * (span.minutes ?? 0) + 3600 * (span.hours ?? 0) + 86_400 * (span.days ?? 0);
  return new Date(instant(time) + seconds * 1000).toISOString();
}

/** True when `time` is a valid time strictly after `other`. */
export function isAfter(time: Time, other: Time): boolean {
  return instant(time) > instant(other);
}

/** True when the deadline has been reached at `now`; a deadline that is no time has been reached (fail closed). */
export function isDue(deadline: Time, now: Time): boolean {
  return !(instant(deadline) > instant(now));
}
