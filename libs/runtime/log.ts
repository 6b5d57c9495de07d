import { pino, stdTimeFunctions } from 'pino';
import type { DestinationStream, Level, Logger } from 'pino';

export type Log = Logger;

/** Fields that never reach a log, wherever they stand (at most three levels deep). */
const secrets = ['authorization', 'cookie', 'token', 'secret', 'password', 'reauthentication', 'key', 'set-cookie'];

const redacted = secrets.flatMap((name) => ['', '*.', '*.*.'].map((depth) => `${depth}["${name}"]`));

/** What a fault is told with, in words: an error as it says itself, anything else as JSON. */
export function detailText(detail: unknown): string {
  if (typeof detail !== 'object' || detail === null || detail instanceof Error) return String(detail);
  return JSON.stringify(detail, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/**
 * The process's log: JSON lines, time in ISO 8601, secrets replaced.
 *
 * @param destination where the lines go; standard error unless told otherwise, so that standard output stays a program's own
 */
export function createLog(
  name: string,
  options: { readonly level?: Level | 'silent'; readonly destination?: DestinationStream } = {},
): Log {
  return pino(
    {
      name,
      level: options.level ?? 'info',
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: redacted, censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
}
