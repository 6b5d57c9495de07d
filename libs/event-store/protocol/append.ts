import type { Reader, Writer } from './wire.js';
import {
  decodeText,
  finish,
  MalformedMessage,
  readFields,
  readMapEntry,
  readMessage,
  readPosition,
  readStreamIdentifier,
  readTime,
  readUint64,
  readUuid,
  skipMessage,
  writeBytes,
  writeEmpty,
  writeMapEntry,
  writeMessage,
  writePosition,
  writer,
  writeStreamIdentifier,
  writeTime,
  writeUint64,
  writeUuid,
} from './wire.js';

export type Expected = bigint | 'any' | 'no_stream' | 'stream_exists';

export interface ProposedEvent {
  readonly id: string;
  /** Keys `type` and `content-type` are the ones the server asks for. */
  readonly properties: ReadonlyMap<string, string>;
  readonly metadata: Uint8Array;
  readonly data: Uint8Array;
}

/** Options of an append, a delete or a tombstone. */
export interface WriteOptions {
  readonly stream: string;
  readonly expected: Expected;
}

export type AppendRequest =
  | { readonly kind: 'options'; readonly options: WriteOptions }
  | { readonly kind: 'event'; readonly event: ProposedEvent };

export interface BatchAppendRequest {
  readonly correlation: string;
  /** First chunk only. Deadline: milliseconds since the epoch. */
  readonly options?: WriteOptions & { readonly deadline?: number };
  readonly events: readonly ProposedEvent[];
  readonly isFinal: boolean;
}

export type WriteOutcome =
  | { readonly kind: 'success'; readonly revision?: bigint; readonly position?: bigint }
  | { readonly kind: 'wrong-expected-version'; readonly expected: Expected; readonly current?: bigint }
  | { readonly kind: 'stream-deleted' }
  | { readonly kind: 'access-denied' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'too-large'; readonly limit: number }
  | { readonly kind: 'invalid'; readonly message: string; readonly missing?: readonly string[] }
  | { readonly kind: 'unavailable'; readonly message: string };

const expectedByField = { 3: 'no_stream', 4: 'any', 5: 'stream_exists' } as const;

export function readWriteOptions(reader: Reader): WriteOptions & { deadline?: number } {
  let stream = '';
  let expected: Expected | undefined;
  let deadline: number | undefined;
  readMessage(reader, (number, fields) => {
    if (number === 1) stream = readStreamIdentifier(fields);
    else if (number === 2) expected = readUint64(fields);
    else if (number === 3 || number === 4 || number === 5) {
      skipMessage(fields);
      expected = expectedByField[number];
    } else if (number === 6) deadline = readTime(fields);
    else if (number === 7) deadline = Date.now() + readTime(fields);
    else return false;
  });
  if (expected === undefined) throw new MalformedMessage('the expected revision is missing');
  return { stream, expected, ...(deadline !== undefined && { deadline }) };
}

export function writeWriteOptions(target: Writer, number: number, options: WriteOptions & { deadline?: number }): void {
  writeMessage(target, number, (message) => {
    writeStreamIdentifier(message, 1, options.stream);
    writeExpected(message, options.expected, { revision: 2, no_stream: 3, any: 4, stream_exists: 5 });
    if (options.deadline !== undefined) writeTime(message, 6, options.deadline);
  });
}

function writeExpected(
  target: Writer,
  expected: Expected,
  fields: { revision: number; no_stream: number; any: number; stream_exists: number },
): void {
  if (typeof expected === 'bigint') writeUint64(target, fields.revision, expected);
  else writeEmpty(target, fields[expected]);
}

function readProposed(reader: Reader): ProposedEvent {
  let id: string | undefined;
  const properties = new Map<string, string>();
  let metadata: Uint8Array = Buffer.alloc(0);
  let data: Uint8Array = metadata;
  readMessage(reader, (number, fields) => {
    if (number === 1) id = readUuid(fields);
    else if (number === 2) properties.set(...(readMapEntry(fields) as [string, string]));
    else if (number === 3) metadata = fields.bytes();
    else if (number === 4) data = fields.bytes();
    else return false;
  });
  if (id === undefined) throw new MalformedMessage('id of a proposed message is missing');
  return { id, properties, metadata, data };
}

function writeProposed(target: Writer, number: number, event: ProposedEvent): void {
  writeMessage(target, number, (message) => {
    writeUuid(message, 1, event.id);
    for (const [key, value] of event.properties) writeMapEntry(message, 2, key, value);
    writeBytes(message, 3, event.metadata);
    writeBytes(message, 4, event.data);
  });
}

export function decodeAppendRequest(bytes: Uint8Array): AppendRequest {
  let request: AppendRequest | undefined;
  readFields(bytes, (number, reader) => {
    if (number === 1) request = { kind: 'options', options: readWriteOptions(reader) };
    else if (number === 2) request = { kind: 'event', event: readProposed(reader) };
    else return false;
  });
  if (!request) throw new MalformedMessage('content is missing');
  return request;
}

export function encodeAppendRequest(request: AppendRequest): Buffer {
  const target = writer();
  if (request.kind === 'options') writeWriteOptions(target, 1, request.options);
  else writeProposed(target, 2, request.event);
  return finish(target);
}

/** The reply to Append: a conflict is a reply, every other failure is a status. */
export function encodeAppendResponse(outcome: WriteOutcome): Buffer {
  const target = writer();
  if (outcome.kind === 'success') writeSuccess(target, 1, outcome);
  else if (outcome.kind === 'wrong-expected-version')
    writeMessage(target, 2, (message) => {
      if (outcome.current === undefined) writeEmpty(message, 7);
      else writeUint64(message, 6, outcome.current);
      writeExpected(message, outcome.expected, { revision: 8, any: 9, stream_exists: 10, no_stream: 11 });
    });
  else throw new Error(`${outcome.kind} is a status, not a reply`);
  return finish(target);
}

function writeSuccess(target: Writer, number: number, outcome: { revision?: bigint; position?: bigint }): void {
  writeMessage(target, number, (success) => {
    if (outcome.revision === undefined) writeEmpty(success, 2);
    else writeUint64(success, 1, outcome.revision);
    if (outcome.position === undefined) writeEmpty(success, 4);
    else writePosition(success, 3, outcome.position);
  });
}

function readSuccess(reader: Reader): WriteOutcome {
  let revision: bigint | undefined;
  let position: bigint | undefined;
  readMessage(reader, (number, fields) => {
    if (number === 1) revision = readUint64(fields);
    else if (number === 3) position = readPosition(fields).commit;
    else return false;
  });
  return { kind: 'success', ...(revision !== undefined && { revision }), ...(position !== undefined && { position }) };
}

export function decodeAppendResponse(bytes: Uint8Array): WriteOutcome {
  let outcome: WriteOutcome | undefined;
  readFields(bytes, (number, reader) => {
    if (number === 1) outcome = readSuccess(reader);
    else if (number === 2)
      outcome = readConflict(reader, { current: 6, revision: 8, any: 9, stream_exists: 10, no_stream: 11 });
    else return false;
  });
  if (!outcome) throw new MalformedMessage('result is missing');
  return outcome;
}

function readConflict(
  reader: Reader,
  at: { current: number; revision: number; any: number; stream_exists: number; no_stream: number },
  length = reader.uint32(),
): WriteOutcome {
  let current: bigint | undefined;
  let expected: Expected = 'any';
  readFields(
    reader,
    (number, fields) => {
      if (number === at.current) current = readUint64(fields);
      else if (number === at.revision) expected = readUint64(fields);
      else if (number === at.no_stream || number === at.stream_exists) {
        skipMessage(fields);
        expected = number === at.no_stream ? 'no_stream' : 'stream_exists';
      } else return false;
    },
    length,
  );
  return { kind: 'wrong-expected-version', expected, ...(current !== undefined && { current }) };
}

export function decodeBatchAppendRequest(bytes: Uint8Array): BatchAppendRequest {
  let correlation: string | undefined;
  let options: (WriteOptions & { deadline?: number }) | undefined;
  const events: ProposedEvent[] = [];
  let isFinal = false;
  readFields(bytes, (number, reader) => {
    if (number === 1) correlation = readUuid(reader);
    else if (number === 2) options = readWriteOptions(reader);
    else if (number === 3) events.push(readProposed(reader));
    else if (number === 4) isFinal = reader.bool();
    else return false;
  });
  if (correlation === undefined) throw new MalformedMessage('correlation_id is missing');
  return { correlation, events, isFinal, ...(options && { options }) };
}

export function encodeBatchAppendRequest(request: BatchAppendRequest): Buffer {
  const target = writer();
  writeUuid(target, 1, request.correlation);
  if (request.options) writeWriteOptions(target, 2, request.options);
  for (const event of request.events) writeProposed(target, 3, event);
  if (request.isFinal) target.uint32(4 << 3).bool(true);
  return finish(target);
}

export interface BatchAppendResponse {
  readonly correlation: string;
  readonly stream: string;
  readonly expected: Expected;
  readonly outcome: WriteOutcome;
}

/** google.rpc codes of the outcomes that are errors in a batch. */
const statusOf = {
  'wrong-expected-version': [9, 'WrongExpectedVersion'],
  'stream-deleted': [9, 'StreamDeleted'],
  'access-denied': [7, 'AccessDenied'],
  timeout: [4, 'Timeout'],
  'too-large': [3, 'MaximumAppendSizeExceeded'],
  // The clients do not know this one and then show the message, which they drop with Unknown.
  invalid: [3, 'BadRequest'],
  unavailable: [14, 'Unknown'],
} as const;

export function encodeBatchAppendResponse({ correlation, stream, expected, outcome }: BatchAppendResponse): Buffer {
  const target = writer();
  writeUuid(target, 1, correlation);
  if (outcome.kind === 'success') writeSuccess(target, 3, outcome);
  else
    writeMessage(target, 2, (status) => {
      const [code, name] = statusOf[outcome.kind];
      status.uint32(1 << 3).int32(code);
      status.uint32((2 << 3) | 2).string('message' in outcome ? outcome.message : outcome.kind);
      writeMessage(status, 3, (any) => {
        any.uint32((1 << 3) | 2).string(`type.googleapis.com/event_store.client.${name}`);
        writeBytes(any, 2, detailsOf(stream, outcome));
      });
    });
  writeStreamIdentifier(target, 4, stream);
  writeExpected(target, expected, { revision: 5, no_stream: 6, any: 7, stream_exists: 8 });
  return finish(target);
}

function detailsOf(stream: string, outcome: WriteOutcome): Buffer {
  const details = writer();
  if (outcome.kind === 'wrong-expected-version') {
    if (outcome.current === undefined) writeEmpty(details, 2);
    else writeUint64(details, 1, outcome.current);
    writeExpected(details, outcome.expected, { revision: 3, any: 4, stream_exists: 5, no_stream: 6 });
  } else if (outcome.kind === 'stream-deleted') writeStreamIdentifier(details, 1, stream);
  else if (outcome.kind === 'too-large') details.uint32(1 << 3).uint32(outcome.limit);
  else if (outcome.kind === 'invalid') details.uint32((1 << 3) | 2).string(outcome.message);
  return finish(details);
}

export function decodeBatchAppendResponse(bytes: Uint8Array): { correlation: string; outcome: WriteOutcome } {
  let correlation: string | undefined;
  let outcome: WriteOutcome | undefined;
  readFields(bytes, (number, reader) => {
    if (number === 1) correlation = readUuid(reader);
    else if (number === 2) outcome = readStatus(reader);
    else if (number === 3) outcome = readSuccess(reader);
    else return false;
  });
  if (correlation === undefined || !outcome) throw new MalformedMessage('correlation_id or result is missing');
  return { correlation, outcome };
}

function readStatus(reader: Reader): WriteOutcome {
  let [code, message, type] = [0, '', ''] as [number, string, string];
  let value: Uint8Array = Buffer.alloc(0);
  readMessage(reader, (number, fields) => {
    if (number === 1) code = fields.int32();
    else if (number === 2) message = fields.string();
    else if (number === 3)
      readMessage(fields, (field, any) => {
        if (field === 1) type = any.string();
        else if (field === 2) value = any.bytes();
        else return false;
      });
    else return false;
  });
  const name = decodeText(Buffer.from(type), 'type_url').split('.').at(-1);
  if (name === 'WrongExpectedVersion') return conflictOf(value);
  if (name === 'StreamDeleted') return { kind: 'stream-deleted' };
  if (name === 'AccessDenied') return { kind: 'access-denied' };
  if (name === 'Timeout') return { kind: 'timeout' };
  if (name === 'MaximumAppendSizeExceeded') return { kind: 'too-large', limit: limitOf(value) };
  return code === 14 ? { kind: 'unavailable', message } : { kind: 'invalid', message };
}

function limitOf(bytes: Uint8Array): number {
  let limit = 0;
  readFields(bytes, (number, reader) => {
    if (number !== 1) return false;
    limit = reader.uint32();
  });
  return limit;
}

function conflictOf(bytes: Uint8Array): WriteOutcome {
  let outcome: WriteOutcome = { kind: 'wrong-expected-version', expected: 'any' };
  const framed = writer();
  framed.bytes(bytes);
  readFields(Buffer.concat([Buffer.from([0x0a]), finish(framed)]), (_number, reader) => {
    outcome = readConflict(reader, { current: 1, revision: 3, any: 4, stream_exists: 5, no_stream: 6 });
  });
  return outcome;
}
