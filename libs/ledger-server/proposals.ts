import type { ProposedEvent, WriteOutcome } from '#libs/event-store/protocol';

/** EventStoreDB's default until 25.0, per append. */
export const maximumAppendSize = 1024 * 1024;

const longestName = 1_000;

/** Events of one append as they arrive; refuses what may not be stored as soon as it is seen. */
export class Proposals {
  readonly events: ProposedEvent[] = [];
  #bytes = 0;

  /** What is wrong with the events so far, if anything. */
  add(event: ProposedEvent): WriteOutcome | undefined {
    const missing = ['type', 'content-type'].filter((key) => !event.properties.has(key));
    if (missing.length > 0) return { kind: 'invalid', message: `missing ${missing.join(', ')}`, missing };
    const type = event.properties.get('type') ?? '';
    const wrong = wrongName('type', type);
    if (wrong) return { kind: 'invalid', message: wrong };
    this.#bytes += event.data.length + event.metadata.length + 2 * type.length;
    if (this.#bytes > maximumAppendSize) return { kind: 'too-large', limit: maximumAppendSize };
    this.events.push(event);
    return undefined;
  }
}

/** The rule that a stream name or an event type breaks. */
export function wrongName(field: 'stream_name' | 'type', name: string): string | undefined {
  if (name === '') return `${field} is empty`;
  if (Buffer.byteLength(name) > longestName) return `${field} is longer than ${longestName} bytes`;
  if (name.includes('\0')) return `${field} contains a zero byte`;
  if (name === '$all' && field === 'stream_name') return 'stream_name $all is reserved';
  return undefined;
}
