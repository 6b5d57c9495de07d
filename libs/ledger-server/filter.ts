import type { ReadFilter } from '#libs/event-store/protocol';
import { MalformedMessage } from '#libs/event-store/protocol';
import type { LedgerEvent } from './storage/port.js';

const longestExpression = 1_000;
const mostPrefixes = 1_000;

/** Whether an event passes; throws MalformedMessage for an expression that cannot be used. */
export function compileFilter(filter: ReadFilter | undefined): (event: LedgerEvent) => boolean {
  if (!filter) return () => true;
  const subject = filter.on === 'stream' ? (event: LedgerEvent) => event.stream : (event: LedgerEvent) => event.type;
  if (filter.regex !== undefined) {
    const expression = compile(filter.regex);
    return (event) => expression.test(subject(event));
  }
  if (filter.prefixes.length === 0) throw new MalformedMessage('filter has neither regex nor prefix');
  if (filter.prefixes.length > mostPrefixes)
    throw new MalformedMessage(`filter has more than ${mostPrefixes} prefixes`);
  return (event) => filter.prefixes.some((prefix) => subject(event).startsWith(prefix));
}

function compile(source: string): RegExp {
  if (source.length > longestExpression)
    throw new MalformedMessage(`filter.regex is longer than ${longestExpression} characters`);
  try {
    return new RegExp(source);
  } catch {
    throw new MalformedMessage('filter.regex is not a regular expression');
  }
}
