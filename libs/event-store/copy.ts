import { open, rename } from 'node:fs/promises';
import type { ConnectedStore } from './client.js';
import { CopiedPlaces, LogDigest, pageEvents } from './copied-log.js';
import { eventOf } from './copy-appends.js';
import type { ReadItem } from './copy-appends.js';
import { isPlacedSystem, streamOf } from './placed-event.js';
import type { StoredEvent } from './port.js';

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

const report = 10_000;

/** What was read of the source, once. */
interface Copied {
  readonly places: CopiedPlaces;
  /** Of these, events that the target had: each was compared when it was read. */
  readonly common: number;
  /** Position in the target after which the copied ones are. */
  readonly after: bigint;
  /** Of the copied ones. */
  readonly digest: LogDigest;
  /** Position of the source's last event. */
  readonly last: bigint | undefined;
}

/**
 * Copies every domain event in the order of $all, with its id, stream, revision and bytes. The source is read once:
 * each event is compared with what the target has already, or appended and its digest kept; then the target is read and
 * its digests are compared. A run that was broken off is taken up by the next one: what the target holds must be the
 * beginning of the source. Throws CopyRefused for a source with truncated or deleted domain streams, a target with
 * such streams or anything else in it, and a source that still grows.
 */
export async function copyStore(options: CopyOptions): Promise<CopyResult> {
  const { source, target, progress } = options;
  await assertWhole(source, 'source');
  await assertWhole(target, 'target');
  progress?.('checking', 0);
  const copied = await copy(options);
  await verify(options, copied);
  for await (const { position } of source.readAll({ backwards: true, maxCount: 1 }))
    if (position !== copied.last) throw new CopyRefused('the source has grown while it was copied: copy again');
  await writeMap(options.map, copied.places);
  return { events: copied.places.count, resumedAfter: copied.common };
}

/** Before anything is written: no domain stream is deleted or hidden from. */
async function assertWhole(store: ConnectedStore, of: 'source' | 'target'): Promise<void> {
  const hidden = new Map<string, string>();
  for await (const event of store.readTypes(['$metadata', '$streamDeleted'])) noteHiding(event, hidden);
  refuseHidden(hidden, of);
}

function refuseHidden([first]: ReadonlyMap<string, string>, of: 'source' | 'target' = 'source'): void {
  if (first) throw new CopyRefused(`the ${of}'s stream ${first[0]} is ${first[1]}: its history is not whole`);
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

async function copy({ source, target, progress }: CopyOptions): Promise<Copied> {
  const [places, digest] = [new CopiedPlaces(), new LogDigest()];
  const revisions = new Map<string, number>();
  const hidden = new Map<string, string>();
  const appends = await target.appendInOrder();
  const there = target.readAll()[Symbol.asyncIterator]();
  let [common, after] = [0, -1n];
  let last: bigint | undefined;
  try {
    let present = await there.next();
    for await (const items of source.readEverything()) {
      for (const item of items) {
        if (mayHide(item)) noteHiding(eventOf(item), hidden);
        if (isSystemItem(item)) continue;
        const { stream, revision, position, recordedAt } = placeOfItem(item);
        const next = revisions.get(stream) ?? 0;
        if (revision !== next)
          throw new CopyRefused(`the source's stream ${stream} is truncated: revision ${next} is missing`);
        revisions.set(stream, next + 1);
        last = position;
        if (present.done) {
          places.add(position, recordedAt);
          digest.add(item);
          appends.add(item, stream);
          if (!appends.hasRoom) await appends.room();
        } else {
          assertSame(eventOf(item), present.value);
          places.add(position, recordedAt, present.value.position);
          after = present.value.position;
          common += 1;
          present = await there.next();
        }
        if (places.count % report === 0) progress?.('copying', places.count);
      }
    }
    if (!present.done)
      throw new CopyRefused(`the target holds an event that the source does not have: ${placeOf(present.value)}`);
    refuseHidden(hidden);
  } finally {
    await appends.end();
  }
  appends.throwIfFailed();
  digest.end();
  return { places, common, after, digest, last };
}

/** The copied part of the target, against the digests of what was read of the source. */
async function verify(options: CopyOptions, copied: Copied): Promise<void> {
  const { places, common, after, digest } = copied;
  const read = new LogDigest();
  const assertPage = async (page: number): Promise<void> => {
    if (read.pages[page] !== digest.pages[page]) await nameDifference(options, copied, page);
  };
  for await (const items of options.target.readEverything({ from: after + 1n })) {
    for (const item of items) {
      if (isSystemItem(item)) continue;
      if (common + read.count === places.count) throw new CopyRefused('the target has grown while it was verified');
      places.setTo(common + read.count, item.kind === 'placed' ? BigInt(item.position) : item.event.position);
      read.add(item);
      if (read.count % pageEvents === 0) await assertPage(read.pages.length - 1);
      if (read.count % report === 0) options.progress?.('verifying', common + read.count);
    }
  }
  if (common + read.count < places.count)
    throw new CopyRefused(`the target ends after ${common + read.count} of ${places.count} events: copy again`);
  read.end();
  if (read.pages.length > 0) await assertPage(read.pages.length - 1);
}

/** Reads a page of both stores again, to say which event differs. */
async function nameDifference({ source, target }: CopyOptions, copied: Copied, page: number): Promise<never> {
  const { places, common, after } = copied;
  const place = common + page * pageEvents;
  const first = places.from(place);
  const inTarget = target.readAll({ from: page === 0 ? after + 1n : places.to(place) })[Symbol.asyncIterator]();
  for await (const event of source.readAll({ from: first, maxCount: pageEvents })) {
    const { done, value } = await inTarget.next();
    if (!done) assertSame(event, value);
  }
  throw new CopyRefused(
    `the ${pageEvents} events from ${first} of the source on differ: copy again into an empty store`,
  );
}

async function writeMap(path: string, places: CopiedPlaces): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    for (let at = 0; at < places.count; at += pageEvents)
      await file.write(places.lines(at, Math.min(at + pageEvents, places.count)));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

function isSystemItem(item: ReadItem): boolean {
  if (item.kind === 'placed') return isPlacedSystem(item);
  return item.event.stream.startsWith('$') || item.event.type.startsWith('$');
}

/** Whether it can say that events are hidden. */
function mayHide(item: ReadItem): boolean {
  const { type } = item.kind === 'placed' ? item : item.event;
  return type === '$metadata' || type === '$streamDeleted';
}

function placeOfItem(item: ReadItem) {
  if (item.kind === 'event') return { ...item.event, revision: Number(item.event.revision) };
  const { revision, recordedAt } = item;
  return { stream: streamOf(item), revision, position: BigInt(item.position), recordedAt };
}

const placeOf = ({ stream, revision, position }: StoredEvent) => `${stream} revision ${revision} at ${position}`;

function assertSame(source: StoredEvent, target: StoredEvent): void {
  const differs =
    (['id', 'stream', 'revision', 'type'] as const).find((field) => source[field] !== target[field]) ??
    (['data', 'metadata'] as const).find((field) => Buffer.compare(source[field], target[field]) !== 0);
  if (differs)
    throw new CopyRefused(
      `${differs} differs: the source has ${placeOf(source)}, the target ${placeOf(target)}; copy into an empty store`,
    );
}
