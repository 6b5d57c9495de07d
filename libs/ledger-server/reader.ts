import type { ReadRequest, ReadResponse } from '#libs/event-store/protocol';
import { compileFilter } from './filter.js';
import type { LedgerEvent, LedgerStorage } from './storage/port.js';
import type { StreamState, StreamStates } from './stream-state.js';
import { firstReadable, isMetastream, isSoftDeleted, isTombstoned } from './stream-state.js';
import type { Tail } from './tail.js';

/** The stream is gone for ever. */
export class Tombstoned extends Error {
  override readonly name = 'Tombstoned';
}

export interface ReadSource {
  readonly storage: LedgerStorage;
  readonly states: StreamStates;
  readonly tail: Tail;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const pageOfAll = 500;
const answersOfStream = 64;
const smallestPage = 16;
const largestPage = 1_000;
/** Stream pages grow and shrink towards this. */
const pageBytes = 1024 * 1024;

/** The state of a stream, and whether it is, or hangs on, a tombstoned one. */
export async function stateOf(source: ReadSource, stream: string): Promise<StreamState> {
  const names = isMetastream(stream) ? [stream, stream.slice(2)] : [stream];
  await source.states.load(names);
  if (names.some((name) => isTombstoned(source.states.get(name)))) throw new Tombstoned(stream);
  return source.states.get(stream);
}

/** Answers of a read (not a subscription), in order, page by page. */
export function read(source: ReadSource, request: ReadRequest): AsyncGenerator<readonly ReadResponse[]> {
  return request.stream === undefined ? readAll(source, request) : readStream(source, request, request.stream);
}

async function* readAll(source: ReadSource, request: ReadRequest): AsyncGenerator<readonly ReadResponse[]> {
  const passes = compileFilter(request.filter);
  const prefixes = typePrefixes(request);
  if (prefixes) return yield* readTypes(source, request, prefixes);
  const { storage, tail } = source;
  const { head } = tail;
  const { backwards } = request;
  let left = request.count ?? 0n;
  let from = request.from === 'start' ? 0n : request.from === 'end' || request.from > head ? head : request.from;
  /** The page that begins at `from`, if there is one. */
  const ask = (): Promise<Page> | undefined => {
    if (left <= 0n || (backwards ? from <= 0n : from >= head)) return undefined;
    const limit = !request.filter && left < pageOfAll ? Number(left) : pageOfAll;
    const newest = backwards ? undefined : tail.after(from - 1n, limit);
    const page = newest
      ? Promise.resolve({ events: newest, isNewest: true })
      : storage.readAll({ from, below: head, backwards, limit }).then((events) => ({ events, isNewest: false }));
    // Asked for ahead: nobody may be there any more when it fails.
    page.catch(() => undefined);
    return page;
  };
  for (let asked = ask(); asked !== undefined;) {
    const { events, isNewest } = await asked;
    const answers: ReadResponse[] = [];
    const room = left < pageOfAll ? Number(left) : pageOfAll;
    for (const event of events) {
      // What came after the call is left for the next one; a page of the storage ends before it.
      if (answers.length === room || (isNewest && event.position >= head)) break;
      if (passes(event)) answers.push({ kind: 'event', event });
    }
    left -= BigInt(answers.length);
    const last = events.at(-1);
    if (last) from = backwards ? last.position : last.position + 1n;
    // The storage reads while this page is written and sent.
    asked = last && ask();
    if (answers.length > 0) yield answers;
  }
}

interface Page {
  readonly events: readonly LedgerEvent[];
  readonly isNewest: boolean;
}

/** Prefixes of types that the storage can look for by itself. */
function typePrefixes({ filter, backwards }: ReadRequest): readonly string[] | undefined {
  if (backwards || filter?.on !== 'type' || filter.regex !== undefined) return undefined;
  // No type contains what Postgres has no text for.
  return filter.prefixes.filter((prefix) => !prefix.includes('\0'));
}

async function* readTypes(
  { storage, tail: { head } }: ReadSource,
  request: ReadRequest,
  prefixes: readonly string[],
): AsyncGenerator<readonly ReadResponse[]> {
  let left = request.count ?? 0n;
  let from = request.from === 'start' ? 0n : request.from === 'end' ? head : request.from;
  while (left > 0n && from < head) {
    const limit = left < pageOfAll ? Number(left) : pageOfAll;
    const { events, next } = await storage.readTypes(prefixes, { from, below: head, limit });
    if (events.length > 0) yield events.map((event) => ({ kind: 'event', event }));
    left -= BigInt(events.length);
    from = next;
  }
}

async function* readStream(
  source: ReadSource,
  request: ReadRequest,
  stream: string,
): AsyncGenerator<readonly ReadResponse[]> {
  const state = await stateOf(source, stream);
  if (state.id === undefined || state.last < 0n || isSoftDeleted(state)) {
    yield [{ kind: 'stream-not-found', stream }];
    return;
  }
  let left = request.count ?? 0n;
  let answers: ReadResponse[] = [];
  if (request.compatibility >= 1)
    answers.push(
      { kind: 'first-stream-position', revision: firstReadable(state) },
      { kind: 'last-stream-position', revision: state.last },
    );
  const from = request.from === 'start' ? 0n : request.from === 'end' ? state.last : request.from;
  for await (const event of streamPages(source, state, { from, backwards: request.backwards, count: left })) {
    answers.push({ kind: 'event', event });
    left -= 1n;
    if (left === 0n) break;
    if (answers.length < answersOfStream) continue;
    yield answers;
    answers = [];
  }
  if (answers.length > 0) yield answers;
}

/** The readable events of a stream from a revision up to where it ended at the time of the call. */
export async function* streamPages(
  source: ReadSource,
  state: StreamState,
  range: { readonly from: bigint; readonly backwards: boolean; readonly count: bigint },
): AsyncGenerator<LedgerEvent> {
  if (state.id === undefined || range.count === 0n) return;
  const stream = { id: state.id, name: state.name };
  const first = firstReadable(state);
  const oldest = state.metadata?.maxAge === undefined ? 0n : ticks(source.now()) - state.metadata.maxAge;
  const { backwards } = range;
  let from = backwards ? (range.from > state.last ? state.last : range.from) : range.from < first ? first : range.from;
  let limit = range.count < smallestPage ? Number(range.count) : smallestPage;
  while (backwards ? from >= first && from >= 0n : from <= state.last) {
    const page = await source.storage.readStream(stream, { from, backwards, limit });
    let bytes = 0;
    for (const event of page) {
      if (event.revision < first || event.revision > state.last) return;
      bytes += event.data.length + event.metadata.length;
      if (event.created >= oldest) yield event;
    }
    const last = page.at(-1);
    if (!last || page.length < limit) return;
    from = backwards ? last.revision - 1n : last.revision + 1n;
    if (bytes < pageBytes / 2) limit = Math.min(limit * 4, largestPage);
    else if (bytes > pageBytes * 2) limit = Math.max(limit >> 1, 1);
  }
}

function ticks(milliseconds: number): bigint {
  return BigInt(Math.trunc(milliseconds)) * 10_000n;
}
