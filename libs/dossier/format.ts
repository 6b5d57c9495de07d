import type { Measurement } from '../lifecycle/values.js';

/** Words for numbers and times. Nothing here depends on the locale or the ICU version of the machine. */

/** Operators as they are printed. */
export const relation: Readonly<Record<'>=' | '<=', string>> = { '>=': '≥', '<=': '≤' };

/** `12,345`. */
export function integer(value: number | bigint | string): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** At most four decimals, trailing zeros kept to four for values in (−10, 10) so that columns align. */
export function decimal(value: number): string {
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? integer(value) : String(value);
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-4) return value.toExponential(3);
  const [whole = '', fraction] = value.toFixed(4).split('.');
  return `${integer(whole)}.${fraction}`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share * 100 >= 99.95 || Number.isInteger(share * 100) ? 0 : 1)} %`;
}

/** Basis points as a percentage. */
export function basisPoints(weight: number): string {
  return `${(weight / 100).toFixed(weight % 100 === 0 ? 0 : 2)} %`;
}

/** `2026-11-22 07:04:05.123 +01:00`: the instant with the offset it was recorded with. */
export function time(text: string): string {
  const parts = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)([Zz]|[+-]\d{2}:\d{2})$/.exec(text);
  if (!parts) return text;
  const [, date, clock = '', offset = ''] = parts;
  return `${date} ${clock.replace(/\.0+$/, '')} ${/^(z|\+00:00)$/i.test(offset) ? 'UTC' : offset}`;
}

/** `1 d 02:03:04` or `00:03:04`. */
export function duration(seconds: number): string {
  const whole = Math.round(Math.abs(seconds));
  const two = (part: number) => String(part).padStart(2, '0');
  const clock = `${two(Math.floor((whole % 86_400) / 3600))}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  const days = Math.floor(whole / 86_400);
  return `${seconds < 0 ? '−' : ''}${days > 0 ? `${days} d ` : ''}${clock}`;
}

export function measurementValue(measurement: Measurement): string {
  return measurement.value === null
    ? `undefined: ${measurement.undefined ?? 'no reason recorded'}`
    : decimal(measurement.value);
}

/** `0.6101 to 0.7821 (95 %, wilson)`; undefined where there is no interval. */
export function interval(measurement: Measurement): string | undefined {
  const { interval } = measurement;
  if (!interval) return undefined;
  const bound = (value: number | null) => (value === null ? 'unbounded' : decimal(value));
  return `${bound(interval.low)} to ${bound(interval.high)} (${percent(interval.level)}, ${interval.method})`;
}

/** `afam = yes, sex = female`, attributes in order of name. */
export function group(attributes: Readonly<Record<string, string>>): string {
  return Object.keys(attributes)
    .sort()
    .map((attribute) => `${attribute} = ${attributes[attribute]}`)
    .join(', ');
}

/** `selection_rate@assay` → `selection rate`. */
export function measureName(definition: string): string {
  return definition.slice(0, definition.includes('@') ? definition.indexOf('@') : undefined).replaceAll('_', ' ');
}

/** `ModelVersionRegistered` → `Model version registered`. */
export function eventName(type: string): string {
  const words = type.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function bytes(count: number): string {
  return `${integer(count)} bytes`;
}

/** Shows the last group of a UUID, the part that differs in time-ordered ids too; other texts whole. */
export function shortId(id: string): string {
  return /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id) ? `…${id.slice(-12)}` : id;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${integer(number)} ${number === 1 ? one : many}`;
}
