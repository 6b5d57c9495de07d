import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { once } from 'node:events';
import type { ConnectedStore } from './client.js';
import type { EventToAppend, ExpectedRevision, StoredEvent } from './port.js';

/** The copy cannot be made, or what was copied is not the same; says where. Nothing is deleted. */
export class CopyRefused extends Error {
  override readonly name = 'CopyRefused';
}

export interface CopyOptions {
  readonly source: ConnectedStore;
  readonly target: ConnectedStore;
  /** JSON Lines, one for each event: {from, recordedAt, to}, positions as strings. Written when all is verified. */
  readonly map: string;
  readonly progress?: (phase: 'checking' | 'copying' | 'verifying', events: number) => void;
}

export interface CopyResult {
  readonly events: number;
  /** Of these, already in the target when this run began. */
  readonly resumedAfter: number;
}

const mostInFlight = 256;
const mostBytesInFlight = 16 * 1024 * 1024;
const appendEvents = 500;
const appendBytes = 500 * 1024;
const report = 10_000;

/**
 * Copies every domain event in the order of $all, with its id, stream, revision and bytes. A run that was broken off
 * is taken up by the next one: what the target holds must be the beginning of the source. Throws CopyRefused for a
 * source with truncated or deleted domain streams, a target with anything else in it, and a source that still grows.
 */
export async function copyStore(options: CopyOptions): Promise<CopyResult> {
  const { source, target } = options;
  const { events, common, resume } = await check(options);
  await append(source, target, resume, (count) => options.progress?.('copying', common + count));
  const verified = await verify(options);
  if (verified !== events)
    throw new CopyRefused(`the source has grown from ${events} to ${verified} events: copy again`);
  return { events, resumedAfter: common };
}

/** The whole source, and that the target is a beginning of it. */
async function check({
  source,
  target,
  progress,
}: CopyOptions): Promise<{ events: number; common: number; resume: bigint }> {
  const revisions = new Map<string, bigint>();
  const hidden = new Map<string, string>();
  const copied = target.readAll()[Symbol.asyncIterator]();
  let copy = await copied.next();
  let [events, common, resume] = [0, 0, 0n];
  for await (const event of source.readEverything()) {
    noteHiding(event, hidden);
    if (isSystem(event)) continue;
    const next = revisions.get(event.stream) ?? 0n;
    if (event.revision !== next)
      throw new CopyRefused(`the source's stream ${event.stream} is truncated: revision ${next} is missing`);
    revisions.set(event.stream, next + 1n);
    if (!copy.done) {
      assertSame(event, copy.value);
      common += 1;
      resume = event.position + 1n;
      copy = await copied.next();
    }
    events += 1;
    if (events % report === 0) progress?.('checking', events);
  }
  if (!copy.done)
    throw new CopyRefused(`the target holds an event that the source does not have: ${placeOf(copy.value)}`);
  const [first] = hidden;
  if (first) throw new CopyRefused(`the source's stream ${first[0]} is ${first[1]}: its history is not whole`);
  return { events, common, resume };
}

/** Metadata that hides events of a domain stream, by the last word that was said about it. */
function noteHiding({ stream, type, data }: StoredEvent, hidden: Map<string, string>): void {
  if (type === '$streamDeleted' && !stream.startsWith('$')) hidden.set(stream, 'deleted');
  if (type !== '$metadata' || !/^\$\$[^$]/.test(stream)) return;
  const described = stream.slice(2);
  if (hidden.get(described) === 'deleted') return;
  const text = Buffer.from(data).toString('utf8');
  const fields = ['$tb', '$maxCount', '$maxAge'].filter((field) => text.includes(`"${field}"`));
  if (fields.length > 0) hidden.set(described, `truncated by ${fields.join(', ')}`);
  else hidden.delete(described);
}

/** In order, many at a time: a store takes the appends of one connection in the order in which they come. */
async function append(
  source: ConnectedStore,
  target: ConnectedStore,
  from: bigint,
  progress: (events: number) => void,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  let bytesInFlight = 0;
  let failure: unknown;
  let count = 0;
  let [group, groupBytes]: [StoredEvent[], number] = [[], 0];

  const isFull = () => inFlight.size >= mostInFlight || bytesInFlight > mostBytesInFlight;
  const send = async () => {
    const [first] = group;
    if (!first) return;
    const [events, bytes] = [group, groupBytes];
    [group, groupBytes] = [[], 0];
    while (isFull()) await Promise.race(inFlight);
    if (failure) throw failure;
    bytesInFlight += bytes;
    const expected: ExpectedRevision = first.revision === 0n ? 'no_stream' : first.revision - 1n;
    const sent = target
      .append(first.stream, events.map(toAppend), expected)
      .then(
        () => undefined,
        (error: unknown) => {
          failure ??= error;
        },
      )
      .finally(() => {
        inFlight.delete(sent);
        bytesInFlight -= bytes;
      });
    inFlight.add(sent);
    count += events.length;
    // The first one makes the connection; the others follow on it.
    if (count === events.length) await sent;
    if (Math.floor(count / report) > Math.floor((count - events.length) / report)) progress(count);
  };

  try {
    for await (const event of source.readAll({ from })) {
      const size = event.data.length + event.metadata.length;
      const joins = group[0]?.stream === event.stream && group.length < appendEvents && groupBytes + size < appendBytes;
      if (!joins) await send();
      group.push(event);
      groupBytes += size;
    }
    await send();
  } finally {
    await Promise.all(inFlight);
  }
  if (failure) throw failure;
}

/** Both stores side by side, and the map. */
async function verify({ source, target, map, progress }: CopyOptions): Promise<number> {
  const file = createWriteStream(`${map}.new`, { mode: 0o600 });
  const failed = once(file, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  const copied = target.readAll()[Symbol.asyncIterator]();
  let count = 0;
  for await (const event of source.readAll()) {
    const { value, done } = await copied.next();
    if (done) throw new CopyRefused(`the target ends before ${placeOf(event)}: copy again`);
    assertSame(event, value);
    const line = { from: event.position.toString(), recordedAt: event.recordedAt, to: value.position.toString() };
    if (!file.write(`${JSON.stringify(line)}\n`)) await Promise.race([once(file, 'drain'), failed]);
    count += 1;
    if (count % report === 0) progress?.('verifying', count);
  }
  if (!(await copied.next()).done) throw new CopyRefused('the target has grown while it was verified');
  file.end();
  await Promise.race([once(file, 'finish'), failed]);
  await rename(`${map}.new`, map);
  return count;
}

const isSystem = ({ stream, type }: StoredEvent) => stream.startsWith('$') || type.startsWith('$');

const placeOf = ({ stream, revision, position }: StoredEvent) => `${stream} revision ${revision} at ${position}`;

function toAppend({ id, type, data, metadata }: StoredEvent): EventToAppend {
  return { id, type, data, metadata };
}

function assertSame(source: StoredEvent, target: StoredEvent): void {
  const differs =
    (['id', 'stream', 'revision', 'type'] as const).find((field) => source[field] !== target[field]) ??
    (['data', 'metadata'] as const).find((field) => Buffer.compare(source[field], target[field]) !== 0);
  if (differs)
    throw new CopyRefused(
      `${differs} differs: the source has ${placeOf(source)}, the target ${placeOf(target)}; copy into an empty store`,
    );
}
