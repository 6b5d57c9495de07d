import type { PlacedEvent } from '../placed-event.js';
import type { BatchAppendRequest, BatchAppendResponse, Expected, ProposedEvent } from './append.js';
import { encodeBatchAppendRequest, encodeBatchAppendResponse } from './append.js';
import { fieldSize, FrameWriter, greatestNumber, varintSize } from './frame-writer.js';
import { jsonProperties } from './read-append-frames.js';
import { finish, writeMapEntry, writer, writeTime } from './wire.js';

/** An id with its two lengths and tags. */
const uuidBytes = 40;
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

abstract class BatchFrames extends FrameWriter {
  protected uuid(id: string): void {
    this.tagged(0x0a, 38);
    this.tagged(0x12, 36);
    this.ascii(id);
  }

  protected identifier(tag: number, stream: string, length: number): void {
    this.tagged(tag, fieldSize(length));
    this.tagged(0x1a, length);
    this.text(stream);
  }

  protected expected(expected: Expected, tags: { readonly [kind in 'revision' | KnownExpected]: number }): void {
    if (typeof expected === 'bigint') this.tagged(tags.revision, Number(expected));
    else this.tagged(tags[expected], 0);
  }
}

type KnownExpected = Exclude<Expected, bigint>;

const expectedSize = (expected: Expected): number =>
  typeof expected === 'bigint' ? 1 + varintSize(Number(expected)) : 2;

const isSmall = (number: Expected): boolean => typeof number !== 'bigint' || (number >= 0n && number <= greatestNumber);

/** Requests of BatchAppend in one piece; byte for byte what `encodeBatchAppendRequest` writes of each. */
export class AppendFrames extends BatchFrames {
  add(request: BatchAppendRequest): void {
    const { correlation, options, events, isFinal } = request;
    const entries = events.map(propertyEntries);
    if (!options || !isPlain(request) || entries.includes(undefined))
      return this.whole(encodeBatchAppendRequest(request));
    const { stream, expected, deadline } = options;
    const name = Buffer.byteLength(stream);
    const time = deadline === undefined ? noBytes : deadlineField(deadline);
    const optionsSize = fieldSize(fieldSize(name)) + expectedSize(expected) + time.length;
    let size = uuidBytes + fieldSize(optionsSize) + (isFinal ? 2 : 0);
    const sizes = events.map(({ metadata, data }, index) => {
      const length = uuidBytes + entries[index]!.length + fieldSize(metadata.length) + fieldSize(data.length);
      size += fieldSize(length);
      return length;
    });
    this.begin(size);
    this.uuid(correlation);
    this.tagged(0x12, optionsSize);
    this.identifier(0x0a, stream, name);
    this.expected(expected, { revision: 0x10, no_stream: 0x1a, any: 0x22, stream_exists: 0x2a });
    this.put(time);
    for (const [index, { id, metadata, data }] of events.entries()) {
      this.tagged(0x1a, sizes[index]!);
      this.uuid(id);
      this.put(entries[index]!);
      this.tagged(0x1a, metadata.length);
      this.put(metadata);
      this.tagged(0x22, data.length);
      this.put(data);
    }
    if (isFinal) this.tagged(0x20, 1);
  }

  /**
   * An append of neighbours of one stream where they lie: what `add` writes for the same events with the revision before
   * the first of them, or none, as expected.
   */
  placed(correlation: string, events: readonly PlacedEvent[], deadline: number): void {
    const [first] = events;
    const { bytes, streamFrom, streamTo, revision } = first!;
    const name = streamTo - streamFrom;
    const time = deadlineField(deadline);
    const optionsSize = fieldSize(fieldSize(name)) + (revision === 0 ? 2 : 1 + varintSize(revision - 1)) + time.length;
    let size = uuidBytes + fieldSize(optionsSize) + 2;
    for (const event of events) size += fieldSize(placedSize(event));
    this.begin(size);
    this.uuid(correlation);
    this.tagged(0x12, optionsSize);
    this.tagged(0x0a, fieldSize(name));
    this.tagged(0x1a, name);
    this.few(bytes, streamFrom, streamTo);
    if (revision === 0) this.tagged(0x1a, 0);
    else this.tagged(0x10, revision - 1);
    this.put(time);
    for (const event of events) {
      this.tagged(0x1a, placedSize(event));
      this.tagged(0x0a, 38);
      this.tagged(0x12, 36);
      this.few(event.bytes, event.idFrom, event.idFrom + 36);
      this.put(typeEntries(event.type));
      this.tagged(0x1a, event.metadataTo - event.metadataFrom);
      this.many(event.bytes, event.metadataFrom, event.metadataTo);
      this.tagged(0x22, event.dataTo - event.dataFrom);
      this.many(event.bytes, event.dataFrom, event.dataTo);
    }
    this.tagged(0x20, 1);
  }
}

const placedSize = ({ type, metadataFrom, metadataTo, dataFrom, dataTo }: PlacedEvent): number =>
  uuidBytes + typeEntries(type).length + fieldSize(metadataTo - metadataFrom) + fieldSize(dataTo - dataFrom);

/** Answers of BatchAppend in one piece; byte for byte what `encodeBatchAppendResponse` writes of each. */
export class AnswerFrames extends BatchFrames {
  add(response: BatchAppendResponse): void {
    const { correlation, stream, expected, outcome } = response;
    const { revision, position } = outcome.kind === 'success' ? outcome : {};
    if (revision === undefined || position === undefined || revision > greatestNumber || position > greatestNumber)
      return this.whole(encodeBatchAppendResponse(response));
    if (!isSmall(expected)) return this.whole(encodeBatchAppendResponse(response));
    const [at, place] = [Number(revision), Number(position)];
    const placeSize = 2 * (1 + varintSize(place));
    const success = 1 + varintSize(at) + fieldSize(placeSize);
    const name = Buffer.byteLength(stream);
    this.begin(uuidBytes + fieldSize(success) + fieldSize(fieldSize(name)) + expectedSize(expected));
    this.uuid(correlation);
    this.tagged(0x1a, success);
    this.tagged(0x08, at);
    this.tagged(0x1a, placeSize);
    this.tagged(0x08, place);
    this.tagged(0x10, place);
    this.identifier(0x22, stream, name);
    this.expected(expected, { revision: 0x28, no_stream: 0x32, any: 0x3a, stream_exists: 0x42 });
  }
}

function isPlain({ correlation, options, events }: BatchAppendRequest): boolean {
  if (!uuidPattern.test(correlation) || !isSmall(options!.expected)) return false;
  return events.every(({ id }) => uuidPattern.test(id));
}

/** The same by the type alone. */
const typeEntries = (type: string): Buffer =>
  entriesOfTypes.get(type) ?? propertyEntries({ properties: jsonProperties(type) })!;

const noBytes: Buffer = Buffer.alloc(0);
const mostTypes = 1_000;
const entriesOfTypes = new Map<string, Buffer>();

/** The properties of a JSON event, which are the same for all of a type. */
function propertyEntries({ properties }: Pick<ProposedEvent, 'properties'>): Buffer | undefined {
  const [type, content] = [properties.get('type'), properties.get('content-type')];
  if (type === undefined || content !== 'application/json' || properties.size !== 2) return undefined;
  // In this order, as a map of ours has them.
  if (properties.keys().next().value !== 'type') return undefined;
  const known = entriesOfTypes.get(type);
  if (known) return known;
  const target = writer();
  for (const [key, value] of properties) writeMapEntry(target, 2, key, value);
  const made = finish(target);
  if (entriesOfTypes.size < mostTypes) entriesOfTypes.set(type, made);
  return made;
}

let last: { readonly deadline: number; readonly bytes: Buffer } = { deadline: -1, bytes: noBytes };

/** Appends of one millisecond have one deadline. */
function deadlineField(deadline: number): Buffer {
  if (last.deadline !== deadline) {
    const target = writer();
    writeTime(target, 6, deadline);
    last = { deadline, bytes: finish(target) };
  }
  return last.bytes;
}
