import { randomUUID } from 'node:crypto';
import type { ReadRequest, ReadResponse } from '#libs/event-store/protocol';
import { MalformedMessage } from '#libs/event-store/protocol';
import { compileFilter } from './filter.js';
import type { ReadSource } from './reader.js';
import { stateOf, streamPages } from './reader.js';

const page = 500;
const defaultWindow = 32;

/** Answers of a subscription, until `signal` aborts: what was, then what comes. */
export async function* subscribe(
  source: ReadSource,
  request: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<readonly ReadResponse[]> {
  if (request.backwards) throw new MalformedMessage('a subscription reads forwards');
  if (request.stream === undefined) yield* subscribeAll(source, request, signal);
  else yield* subscribeStream(source, request, request.stream, signal);
}

async function* subscribeAll(
  source: ReadSource,
  request: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<readonly ReadResponse[]> {
  const passes = compileFilter(request.filter);
  const { filter } = request;
  if (filter?.checkpointMultiplier === 0) throw new MalformedMessage('checkpointIntervalMultiplier is 0');
  const interval = filter ? (filter.window ?? defaultWindow) * filter.checkpointMultiplier : Infinity;
  const { storage, tail } = source;
  let cursor = request.from === 'start' ? -1n : request.from === 'end' ? tail.head - 1n : request.from;
  let considered = 0;
  let checkpointed = cursor;
  let live = false;
  const leave = tail.subscribe();
  try {
    yield [{ kind: 'confirmation', subscription: randomUUID() }];
    while (!signal.aborted) {
      const { head } = tail;
      const newest = tail.after(cursor, page);
      const events =
        newest ?? (await storage.readAll({ from: cursor + 1n, below: head, backwards: false, limit: page }));
      if (!newest && events.length > 0) live = false;
      const answers: ReadResponse[] = [];
      for (const event of events) {
        if (passes(event)) answers.push({ kind: 'event', event });
        considered += 1;
        // Never beyond what was delivered: a checkpoint follows the event that it names.
        if (considered >= interval) {
          considered = 0;
          checkpointed = event.position;
          answers.push({ kind: 'checkpoint', position: checkpointed });
        }
      }
      cursor = events.at(-1)?.position ?? cursor;
      if (answers.length > 0) yield answers;
      if (events.length > 0) continue;
      if (cursor < head - 1n) cursor = head - 1n;
      if (!live) {
        live = true;
        if (filter && cursor > checkpointed) {
          checkpointed = cursor;
          yield [{ kind: 'checkpoint', position: cursor }];
        }
        yield [{ kind: 'caught-up', ...(head > 0n && { position: cursor }) }];
      }
      await tail.changed(head, signal);
    }
  } finally {
    leave();
  }
}

async function* subscribeStream(
  source: ReadSource,
  request: ReadRequest,
  stream: string,
  signal: AbortSignal,
): AsyncGenerator<readonly ReadResponse[]> {
  let state = await stateOf(source, stream);
  let next = request.from === 'start' ? 0n : request.from === 'end' ? state.last + 1n : request.from + 1n;
  let live = false;
  yield [{ kind: 'confirmation', subscription: randomUUID() }];
  while (!signal.aborted) {
    const { head } = source.tail;
    state = await stateOf(source, stream);
    if (state.last >= next) {
      for await (const event of streamPages(source, state, { from: next, backwards: false, count: 2n ** 63n })) {
        yield [{ kind: 'event', event }];
        next = event.revision + 1n;
      }
      // What age or count has hidden is passed over.
      if (next <= state.last) next = state.last + 1n;
    } else {
      if (!live) yield [{ kind: 'caught-up', ...(next > 0n && { revision: next - 1n }) }];
      live = true;
      await source.tail.changed(head, signal);
    }
  }
}
