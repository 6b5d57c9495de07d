import type { BatchAppendRequest, Expected, ProposedEvent, WriteOptions, WriteOutcome } from './append.js';
import { decodeBatchAppendRequest, decodeBatchAppendResponse } from './append.js';
import {
  eachMessage,
  isAscii,
  isAt,
  isId,
  jsonEntry,
  numberAt,
  numberEnd,
  startsAt,
  typeAt,
  typeKey,
} from './frame-reader.js';
import { MalformedMessage } from './wire.js';

/** Requests of BatchAppend, up to the first one that cannot be read, whose place says why. */
export function decodeBatchAppendRequests(bytes: Buffer): readonly (BatchAppendRequest | MalformedMessage)[] {
  const requests: (BatchAppendRequest | MalformedMessage)[] = [];
  try {
    eachMessage(bytes, (from, to) => {
      requests.push(new Scan(bytes, from, to).request() ?? decodeBatchAppendRequest(bytes.subarray(from, to)));
    });
  } catch (error) {
    requests.push(
      error instanceof MalformedMessage ? error : new MalformedMessage(`no protobuf: ${(error as Error).message}`),
    );
  }
  return requests;
}

export interface BatchAnswer {
  readonly correlation: string;
  readonly outcome: WriteOutcome;
}

/** Answers of BatchAppend: one message, or several with their prefixes. */
export function decodeBatchAppendResponses(bytes: Buffer): readonly BatchAnswer[] {
  const answers: BatchAnswer[] = [];
  eachMessage(bytes, (from, to) => {
    answers.push(new Scan(bytes, from, to).answer() ?? decodeBatchAppendResponse(bytes.subarray(from, to)));
  });
  return answers;
}

/** Bytes of the id of an answer in its usual form, from its first tag on. */
const correlationBytes = 40;
const successTag = 0x1a;

/**
 * The same for who has numbered its appends by {@link numberedId} and waits for nothing but their success: a call with
 * the number for each that has succeeded, and the answer for everything else.
 */
export function eachNumberedAnswer(
  bytes: Buffer,
  succeeded: (number: number) => void,
  other: (answer: BatchAnswer) => void,
): void {
  eachMessage(bytes, (from, to) => {
    const isUsual =
      bytes[from] === 0x0a && bytes[from + 1] === 38 && bytes[from + 2] === 0x12 && bytes[from + 3] === 36;
    const number = isUsual && bytes[from + correlationBytes] === successTag ? numberOfId(bytes, from + 4) : -1;
    if (number >= 0) succeeded(number);
    else other(decodeBatchAppendResponse(bytes.subarray(from, to)));
  });
}

const idStart = '00000000-0000-4000-8000-';

/** An id whose last twelve digits are a number below 2^48. Ids of one call need to differ from each other only. */
export const numberedId = (number: number): string => idStart + number.toString(16).padStart(12, '0');

/** The number of an id, by the text of it; -1: it has none. */
export function numberOfId(bytes: Buffer, from: number): number {
  let number = 0;
  for (let index = 0; index < 36; index += 1) {
    const code = bytes[from + index]!;
    if (index < idStart.length) {
      if (code !== idStart.charCodeAt(index)) return -1;
      continue;
    }
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
    if (digit < 0) return -1;
    number = number * 16 + digit;
  }
  return number;
}

const noBytes: Buffer = Buffer.alloc(0);
const expectedByTag: Readonly<Record<number, Expected>> = { 0x1a: 'no_stream', 0x22: 'any', 0x2a: 'stream_exists' };

/** An event below this share of a piece does not keep the piece in memory. */
const largePiece = 64 * 1024;

/**
 * A message of the usual form (lower-case ids as text, names in ASCII, type and content type alone), read in one pass
 * and without a call for each field; undefined for everything else, which the long way reads or refuses.
 */
class Scan {
  constructor(
    readonly bytes: Buffer,
    public at: number,
    readonly end: number,
  ) {}

  request(): BatchAppendRequest | undefined {
    let correlation: string | undefined;
    let options: (WriteOptions & { deadline?: number }) | undefined;
    const events: ProposedEvent[] = [];
    let isFinal = false;
    while (this.at < this.end) {
      const tag = this.bytes[this.at++];
      if (tag === 0x20) {
        const value = this.bytes[this.at++];
        if (value !== 0 && value !== 1) return undefined;
        isFinal = value === 1;
        continue;
      }
      const next = this.next(this.end);
      if (next < 0) return undefined;
      if (tag === 0x0a) correlation = this.uuid(next);
      else if (tag === 0x12) options = options ? undefined : this.options(next);
      else if (tag === 0x1a) {
        const event = this.proposed(next);
        if (!event) return undefined;
        events.push(event);
      } else return undefined;
      if (this.at !== next || (tag === 0x12 && !options)) return undefined;
    }
    if (this.at !== this.end || correlation === undefined) return undefined;
    return { correlation, events, isFinal, ...(options && { options }) };
  }

  answer(): BatchAnswer | undefined {
    let correlation: string | undefined;
    let outcome: WriteOutcome | undefined;
    while (this.at < this.end) {
      const tag = this.bytes[this.at++];
      if (tag === 0x28) {
        if (this.varint() < 0) return undefined;
        continue;
      }
      const next = this.next(this.end);
      if (next < 0) return undefined;
      if (tag === 0x0a) correlation = this.uuid(next);
      else if (tag === 0x1a) outcome = this.success(next);
      // The stream and what was expected of it: whoever asked knows.
      else if (tag === 0x22) {
        if (!this.stream(next)) return undefined;
      } else if ((tag !== 0x32 && tag !== 0x3a && tag !== 0x42) || next !== this.at) return undefined;
      if (this.at !== next || (tag === 0x1a && !outcome)) return undefined;
    }
    if (this.at !== this.end || correlation === undefined || !outcome) return undefined;
    return { correlation, outcome };
  }

  private success(end: number): WriteOutcome | undefined {
    let [revision, position] = [-1, -1];
    while (this.at < end) {
      const tag = this.bytes[this.at++];
      const value = this.varint();
      if (value < 0) return undefined;
      if (tag === 0x08) revision = value;
      else if (tag === 0x1a) {
        const next = this.at + value;
        if (this.bytes[this.at++] !== 0x08) return undefined;
        position = this.varint();
        // The prepare position.
        if (position < 0 || this.bytes[this.at++] !== 0x10 || this.varint() < 0 || this.at !== next) return undefined;
      } else return undefined;
    }
    if (this.at !== end || revision < 0 || position < 0) return undefined;
    return { kind: 'success', revision: BigInt(revision), position: BigInt(position) };
  }

  private options(end: number): (WriteOptions & { deadline?: number }) | undefined {
    let stream: string | undefined;
    let expected: Expected | undefined;
    let deadline: number | undefined;
    while (this.at < end) {
      const tag = this.bytes[this.at++]!;
      if (tag === 0x10) {
        const revision = this.varint();
        if (revision < 0 || expected !== undefined) return undefined;
        expected = BigInt(revision);
        continue;
      }
      const next = this.next(end);
      if (next < 0) return undefined;
      if (tag === 0x0a) stream = this.stream(next);
      else if (tag === 0x32) deadline = this.time(next);
      else if (expected !== undefined || next !== this.at) return undefined;
      else if ((expected = expectedByTag[tag]) === undefined) return undefined;
      if (this.at !== next) return undefined;
    }
    if (this.at !== end || stream === undefined || expected === undefined) return undefined;
    return { stream, expected, ...(deadline !== undefined && { deadline }) };
  }

  private proposed(end: number): ProposedEvent | undefined {
    let [id, type] = [undefined, undefined] as (string | undefined)[];
    let isJson = false;
    let [metadata, data] = [noBytes, noBytes];
    while (this.at < end) {
      const tag = this.bytes[this.at++];
      const next = this.next(end);
      if (next < 0) return undefined;
      if (tag === 0x0a) id = this.uuid(next);
      else if (tag === 0x1a) metadata = this.part(next);
      else if (tag === 0x22) data = this.part(next);
      else if (tag !== 0x12) return undefined;
      else if (isAt(this.bytes, this.at, next, jsonEntry)) {
        isJson = true;
        this.at = next;
      } else if (startsAt(this.bytes, this.at, next, typeKey)) {
        this.at += typeKey.length;
        if (this.varint() !== next - this.at) return undefined;
        type = typeAt(this.bytes, this.at, next);
        this.at = next;
      } else return undefined;
      if (this.at !== next) return undefined;
    }
    if (this.at !== end || id === undefined || type === undefined || !isJson) return undefined;
    return { id, properties: jsonProperties(type), metadata, data };
  }

  /** The end of a field whose length comes now; -1: it is beyond the end of its message. */
  private next(end: number): number {
    const length = this.varint();
    const next = this.at + length;
    return length < 0 || next > end ? -1 : next;
  }

  private uuid(end: number): string | undefined {
    const { bytes, at } = this;
    if (end - at !== 38 || bytes[at] !== 0x12 || bytes[at + 1] !== 36 || !isId(bytes, at + 2)) return undefined;
    this.at = end;
    return bytes.toString('latin1', at + 2, end);
  }

  private stream(end: number): string | undefined {
    if (this.bytes[this.at++] !== 0x1a || this.varint() !== end - this.at || !isAscii(this.bytes, this.at, end))
      return undefined;
    const name = this.bytes.toString('latin1', this.at, end);
    this.at = end;
    return name;
  }

  /** Seconds and nanoseconds, as milliseconds. */
  private time(end: number): number | undefined {
    const seconds = this.bytes[this.at++] === 0x08 ? this.varint() : -1;
    const nanoseconds = this.at >= end ? 0 : this.bytes[this.at++] === 0x10 ? this.varint() : -1;
    if (seconds >= 0 && nanoseconds >= 0 && nanoseconds < 1e9) return seconds * 1000 + nanoseconds / 1e6;
    this.at = -1;
    return undefined;
  }

  private part(end: number): Buffer {
    const part = this.bytes.subarray(this.at, end);
    this.at = end;
    return this.bytes.length > largePiece && part.length < this.bytes.length >> 2 ? Buffer.from(part) : part;
  }

  /** A number that a double holds exactly; -1: another one, or the bytes are over. */
  private varint(): number {
    const value = numberAt(this.bytes, this.at);
    this.at = numberEnd;
    return value;
  }
}

const mostTypes = 1_000;
const propertiesOfTypes = new Map<string, ReadonlyMap<string, string>>();

/** The properties of a JSON event; those of one type share them. */
export function jsonProperties(type: string): ReadonlyMap<string, string> {
  const known = propertiesOfTypes.get(type);
  if (known) return known;
  const made = new Map([
    ['type', type],
    ['content-type', 'application/json'],
  ]);
  if (propertiesOfTypes.size < mostTypes) propertiesOfTypes.set(type, made);
  return made;
}
