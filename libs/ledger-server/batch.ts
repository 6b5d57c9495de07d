import { randomUUID } from 'node:crypto';
import type { Expected, ProposedEvent, WriteOutcome } from '#libs/event-store/protocol';
import type { NewEvent } from './storage/port.js';
import { sizeOf } from './storage/port.js';
import type { StreamState, StreamStates } from './stream-state.js';
import {
  deletedRevision,
  isMetastream,
  isSoftDeleted,
  isTombstoned,
  metastreamOf,
  parseMetadata,
} from './stream-state.js';
import type { EventPlace, RecentIds } from './recent-ids.js';
import type { Queued, WriteRequest } from './writer.js';

export interface BatchStart {
  readonly states: StreamStates;
  /** Events that were decided are added. */
  readonly recent: RecentIds;
  readonly nextPosition: bigint;
  readonly nextStream: number;
  readonly created: bigint;
  readonly now: number;
}

const noBytes = Buffer.alloc(0);

/** Requests of one transaction, decided one after the other as EventStoreDB decides them. */
export class Batch {
  readonly events: NewEvent[] = [];
  readonly newStreams: { id: number; name: string }[] = [];
  readonly changed = new Map<string, StreamState>();
  nextPosition: bigint;
  nextStream: number;

  constructor(readonly start: BatchStart) {
    this.nextPosition = start.nextPosition;
    this.nextStream = start.nextStream;
  }

  decide(queued: Queued): WriteOutcome {
    const { request } = queued;
    if (request.deadline !== undefined && request.deadline < this.start.now) return { kind: 'timeout' };
    const state = this.#state(request.stream);
    const base = isMetastream(request.stream) ? this.#state(request.stream.slice(2)) : state;
    if (isTombstoned(state) || isTombstoned(base)) return { kind: 'stream-deleted' };
    if (request.kind === 'delete') return this.#delete(request, state);
    if (request.kind === 'tombstone') return this.#tombstone(request, state);
    return this.#append(queued, state);
  }

  #append(queued: Queued, state: StreamState): WriteOutcome {
    const { request } = queued;
    const { expected, events } = request;
    const repeated = this.#repeated(queued, state);
    if (repeated === 'conflict') return conflict(expected, state);
    if (repeated) return { kind: 'success', ...repeated };
    if (!this.#admits(expected, state)) return conflict(expected, state);
    if (events.length === 0) return { kind: 'success', ...(state.last >= 0n && { revision: state.last }) };

    if (isMetastream(request.stream) && events.some(({ data }) => parseMetadata(data)?.document['$acl'] !== undefined))
      // Accepting a right that nobody enforces would be worse than refusing it.
      return { kind: 'invalid', message: '$acl: access lists of streams are not supported' };
    const recreates = isSoftDeleted(state);
    const first = state.last + 1n;
    const position = this.#add(request.stream, events);
    if (recreates) this.#setMetadata(request.stream, { ...state.metadata?.document, $tb: Number(first) });
    return { kind: 'success', revision: first + BigInt(events.length) - 1n, position };
  }

  #admits(expected: Expected, state: StreamState): boolean {
    if (expected === 'any') return true;
    if (expected === 'no_stream') return state.last < 0n || isSoftDeleted(state);
    if (expected === 'stream_exists')
      return !isSoftDeleted(state) && (state.last >= 0n || state.metadata !== undefined);
    return expected === state.last;
  }

  /** The old place of an append that was written before, `conflict` where only a part of it was, else undefined. */
  #repeated(
    { request, existing }: Queued,
    state: StreamState,
  ): { revision: bigint; position: bigint } | 'conflict' | undefined {
    const { expected, events, stream } = request;
    const base = expected === 'no_stream' ? -1n : expected;
    if (events.length === 0 || (typeof base === 'bigint' && base >= state.last)) return undefined;
    let last: Omit<EventPlace, 'stream'> | undefined;
    for (const [index, { id }] of events.entries()) {
      const known = this.start.recent.find(id);
      const at = typeof base === 'bigint' ? base + 1n + BigInt(index) : undefined;
      const here = known?.stream === stream && (at === undefined || known.revision === at) ? known : undefined;
      const there = at === undefined ? undefined : existing.find((event) => event.id === id && event.revision === at);
      const found = here ?? there;
      if (!found) return last ? 'conflict' : undefined;
      last = { revision: found.revision, position: found.position };
    }
    return last;
  }

  #delete({ stream, expected }: WriteRequest, state: StreamState): WriteOutcome {
    const exists = state.last >= 0n || state.metadata !== undefined;
    if (!exists || !this.#admits(expected, state)) return conflict(expected, state);
    // Not a double: written as text.
    const data = Buffer.from(`{"$tb": ${deletedRevision}}`);
    const position = this.#add(metastreamOf(stream), [proposed('$metadata', data)]);
    return { kind: 'success', position };
  }

  #tombstone({ stream, expected }: WriteRequest, state: StreamState): WriteOutcome {
    if (!this.#admits(expected, state)) return conflict(expected, state);
    const position = this.#add(stream, [proposed('$streamDeleted', noBytes)], deletedRevision);
    return { kind: 'success', position };
  }

  #setMetadata(stream: string, document: Readonly<Record<string, unknown>>): void {
    this.#add(metastreamOf(stream), [proposed('$metadata', Buffer.from(JSON.stringify(document)))]);
  }

  /** Gives the events their places, from revision `at` on, and returns the position of the last. */
  #add(stream: string, events: readonly ProposedEvent[], at?: bigint): bigint {
    const state = this.#state(stream);
    let { id } = state;
    if (id === undefined) {
      id = this.nextStream;
      this.nextStream += 1;
      this.newStreams.push({ id, name: stream });
      this.start.states.willHave(stream);
    }
    let position = 0n;
    let revision = (at ?? state.last + 1n) - 1n;
    for (const event of events) {
      position = this.nextPosition;
      revision += 1n;
      const added: NewEvent = {
        position,
        stream,
        streamId: id,
        revision,
        id: event.id,
        type: event.properties.get('type') ?? '',
        isJson: event.properties.get('content-type') === 'application/json',
        created: this.start.created,
        data: event.data,
        metadata: event.metadata,
      };
      this.events.push(added);
      this.nextPosition += sizeOf(added);
      this.start.recent.add(event.id, stream, revision, position);
    }
    this.changed.set(stream, { ...state, id, last: revision });
    if (isMetastream(stream)) {
      const described = this.#state(stream.slice(2));
      this.changed.set(described.name, { ...described, metadata: parseMetadata(events.at(-1)!.data) });
    }
    return position;
  }

  #state(name: string): StreamState {
    return this.changed.get(name) ?? this.start.states.get(name);
  }
}

function proposed(type: string, data: Uint8Array): ProposedEvent {
  const properties = new Map([
    ['type', type],
    ['content-type', type === '$metadata' ? 'application/json' : 'application/octet-stream'],
  ]);
  return { id: randomUUID(), properties, metadata: noBytes, data };
}

function conflict(expected: Expected, state: StreamState): WriteOutcome {
  return { kind: 'wrong-expected-version', expected, ...(state.last >= 0n && { current: state.last }) };
}
