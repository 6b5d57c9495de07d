import type { Reader, UuidForm, Writer } from './wire.js';
import {
  finish,
  MalformedMessage,
  readFields,
  readMapEntry,
  readMessage,
  readPosition,
  readStreamIdentifier,
  readUint64,
  readUuid,
  skipMessage,
  decodeText,
  writeBytes,
  writeEmpty,
  writeMapEntry,
  writeMessage,
  writePosition,
  writer,
  writeStreamIdentifier,
  writeString,
  writeTime,
  writeUint64,
  writeUuid,
} from './wire.js';

/** Where a read begins; a revision for a stream, a commit position for $all. */
export type From = 'start' | 'end' | bigint;

export interface ReadFilter {
  readonly on: 'stream' | 'type';
  readonly regex?: string;
  readonly prefixes: readonly string[];
  /** Considered events between checkpoints; undefined is the server's default of 32. */
  readonly window?: number;
  readonly checkpointMultiplier: number;
}

export interface ReadRequest {
  /** undefined is $all. */
  readonly stream?: string;
  readonly from: From;
  readonly backwards: boolean;
  readonly resolveLinks: boolean;
  /** undefined is a subscription. */
  readonly count?: bigint;
  readonly filter?: ReadFilter;
  readonly uuid: UuidForm;
  readonly compatibility: number;
}

/** An event on the wire: bytes exactly as stored. */
export interface WireEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly type: string;
  readonly isJson: boolean;
  /** 100-ns ticks since the UNIX epoch. */
  readonly created: bigint;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export type ReadResponse =
  | { readonly kind: 'event'; readonly event: WireEvent | undefined; readonly link?: WireEvent }
  | { readonly kind: 'confirmation'; readonly subscription: string }
  | { readonly kind: 'checkpoint'; readonly position: bigint }
  | { readonly kind: 'stream-not-found'; readonly stream: string }
  | { readonly kind: 'caught-up'; readonly position?: bigint; readonly revision?: bigint }
  | { readonly kind: 'fell-behind' }
  | { readonly kind: 'first-stream-position' | 'last-stream-position'; readonly revision: bigint }
  | { readonly kind: 'other' };

export function decodeReadRequest(bytes: Uint8Array): ReadRequest {
  let request: ReadRequest | undefined;
  readFields(bytes, (number, reader) => {
    if (number !== 1) return false;
    request = readOptions(reader);
  });
  if (!request) throw new MalformedMessage('options is missing');
  return request;
}

function readOptions(reader: Reader): ReadRequest {
  let target: { stream?: string; from: From } | undefined;
  let range: { count?: bigint } | undefined;
  let uuid: UuidForm | undefined;
  let backwards = false;
  let resolveLinks = false;
  let filter: ReadFilter | undefined;
  let compatibility = 0;
  readMessage(reader, (number, fields) => {
    if (number === 1) target = readStreamOptions(fields);
    else if (number === 2) target = { from: readAllOptions(fields) };
    else if (number === 3) backwards = readDirection(fields);
    else if (number === 4) resolveLinks = fields.bool();
    else if (number === 5) range = { count: readUint64(fields) };
    else if (number === 6) {
      skipMessage(fields);
      range = {};
    } else if (number === 7) filter = readFilter(fields);
    else if (number === 9) uuid = readUuidOption(fields);
    else if (number === 10)
      readMessage(fields, (field, value) => {
        if (field !== 1) return false;
        compatibility = value.uint32();
      });
    else return false;
  });
  if (!target) throw new MalformedMessage('stream_option is missing');
  if (!range) throw new MalformedMessage('count_option is missing');
  if (!uuid) throw new MalformedMessage('uuid_option is missing');
  return { ...target, ...range, backwards, resolveLinks, uuid, compatibility, ...(filter && { filter }) };
}

function readDirection(reader: Reader): boolean {
  const direction = reader.int32();
  if (direction !== 0 && direction !== 1) throw new MalformedMessage(`read_direction ${direction} is unknown`);
  return direction === 1;
}

function readUuidOption(reader: Reader): UuidForm {
  let form: UuidForm = 'structured';
  readMessage(reader, (number, fields) => {
    if (number === 2) form = 'string';
    skipMessage(fields);
  });
  return form;
}

function readStreamOptions(reader: Reader): { stream: string; from: From } {
  let stream = '';
  let from: From | undefined;
  readMessage(reader, (number, fields) => {
    if (number === 1) stream = readStreamIdentifier(fields);
    else if (number === 2) from = readUint64(fields);
    else if (number === 3 || number === 4) {
      skipMessage(fields);
      from = number === 3 ? 'start' : 'end';
    } else return false;
  });
  if (from === undefined) throw new MalformedMessage('revision_option is missing');
  return { stream, from };
}

function readAllOptions(reader: Reader): From {
  let from: From | undefined;
  readMessage(reader, (number, fields) => {
    if (number === 1) from = readPosition(fields).commit;
    else if (number === 2 || number === 3) {
      skipMessage(fields);
      from = number === 2 ? 'start' : 'end';
    } else return false;
  });
  if (from === undefined) throw new MalformedMessage('all_option is missing');
  return from;
}

function readFilter(reader: Reader): ReadFilter {
  let expression: Pick<ReadFilter, 'on' | 'regex' | 'prefixes'> | undefined;
  let window: number | undefined;
  let checkpointMultiplier = 0;
  readMessage(reader, (number, fields) => {
    if (number === 1 || number === 2) {
      let regex: string | undefined;
      const prefixes: string[] = [];
      readMessage(fields, (field, value) => {
        if (field === 1) regex = value.string();
        else if (field === 2) prefixes.push(value.string());
        else return false;
      });
      expression = { on: number === 1 ? 'stream' : 'type', prefixes, ...(regex && { regex }) };
    } else if (number === 3) window = fields.uint32();
    else if (number === 4) skipMessage(fields);
    else if (number === 5) checkpointMultiplier = fields.uint32();
    else return false;
  });
  if (!expression) throw new MalformedMessage('filter is missing');
  return { ...expression, checkpointMultiplier, ...(window !== undefined && { window }) };
}

export function encodeReadRequest(request: ReadRequest): Buffer {
  const target = writer();
  writeMessage(target, 1, (options) => {
    writeTarget(options, request);
    if (request.backwards) options.uint32(3 << 3).int32(1);
    if (request.resolveLinks) options.uint32(4 << 3).bool(true);
    if (request.count === undefined) writeEmpty(options, 6);
    else writeUint64(options, 5, request.count);
    if (request.filter) writeFilter(options, request.filter);
    else writeEmpty(options, 8);
    writeMessage(options, 9, (form) => writeEmpty(form, request.uuid === 'string' ? 2 : 1));
  });
  return finish(target);
}

function writeTarget(options: Writer, { stream, from }: ReadRequest): void {
  const { stream: name } = { stream };
  if (name === undefined)
    writeMessage(options, 2, (all) => {
      if (typeof from === 'bigint') writePosition(all, 1, from);
      else writeEmpty(all, from === 'start' ? 2 : 3);
    });
  else
    writeMessage(options, 1, (one) => {
      writeStreamIdentifier(one, 1, name);
      if (typeof from === 'bigint') writeUint64(one, 2, from);
      else writeEmpty(one, from === 'start' ? 3 : 4);
    });
}

function writeFilter(options: Writer, filter: ReadFilter): void {
  writeMessage(options, 7, (message) => {
    writeMessage(message, filter.on === 'stream' ? 1 : 2, (expression) => {
      if (filter.regex !== undefined) writeString(expression, 1, filter.regex);
      for (const prefix of filter.prefixes) writeString(expression, 2, prefix);
    });
    if (filter.window === undefined) writeEmpty(message, 4);
    else message.uint32(3 << 3).uint32(filter.window);
    message.uint32(5 << 3).uint32(filter.checkpointMultiplier);
  });
}

function writeRecordedEvent(target: Writer, number: number, event: WireEvent, form: UuidForm): void {
  writeMessage(target, number, (message) => {
    writeUuid(message, 1, event.id, form);
    writeStreamIdentifier(message, 2, event.stream);
    writeUint64(message, 3, event.revision);
    writeUint64(message, 4, event.position);
    writeUint64(message, 5, event.position);
    writeMapEntry(message, 6, 'type', event.type);
    writeMapEntry(message, 6, 'content-type', event.isJson ? 'application/json' : 'application/octet-stream');
    writeMapEntry(message, 6, 'created', event.created.toString());
    writeBytes(message, 7, event.metadata);
    writeBytes(message, 8, event.data);
  });
}

export function encodeReadResponse(response: ReadResponse, form: UuidForm = 'string'): Buffer {
  const target = writer();
  if (response.kind === 'event')
    writeMessage(target, 1, (message) => {
      if (response.event) writeRecordedEvent(message, 1, response.event, form);
      if (response.link) writeRecordedEvent(message, 2, response.link, form);
      writeUint64(message, 3, (response.link ?? response.event)?.position ?? 0n);
    });
  else if (response.kind === 'confirmation')
    writeMessage(target, 2, (message) => writeString(message, 1, response.subscription));
  else if (response.kind === 'checkpoint')
    writeMessage(target, 3, (message) => {
      writeUint64(message, 1, response.position);
      writeUint64(message, 2, response.position);
      writeTime(message, 3, Date.now());
    });
  else if (response.kind === 'stream-not-found')
    writeMessage(target, 4, (message) => writeStreamIdentifier(message, 1, response.stream));
  else if (response.kind === 'first-stream-position') writeUint64(target, 5, response.revision);
  else if (response.kind === 'last-stream-position') writeUint64(target, 6, response.revision);
  else if (response.kind === 'caught-up')
    writeMessage(target, 8, (message) => {
      writeTime(message, 1, Date.now());
      if (response.revision !== undefined) writeUint64(message, 2, response.revision);
      if (response.position !== undefined) writePosition(message, 3, response.position);
    });
  else if (response.kind === 'fell-behind') writeEmpty(target, 9);
  return finish(target);
}

function readRecordedEvent(reader: Reader): WireEvent {
  let [id, stream, type, isJson, created] = ['', '', '', false, 0n] as [string, string, string, boolean, bigint];
  let [revision, position] = [0n, 0n];
  let metadata: Uint8Array = Buffer.alloc(0);
  let data: Uint8Array = metadata;
  readMessage(reader, (number, fields) => {
    if (number === 1) id = readUuid(fields);
    else if (number === 2) stream = readStreamIdentifier(fields);
    else if (number === 3) revision = readUint64(fields);
    else if (number === 5) position = readUint64(fields);
    else if (number === 6) {
      const [key, value] = readMapEntry(fields);
      if (key === 'type') type = value;
      else if (key === 'content-type') isJson = value === 'application/json';
      else if (key === 'created') created = BigInt(value);
    } else if (number === 7) metadata = fields.bytes();
    else if (number === 8) data = fields.bytes();
    else return false;
  });
  return { id, stream, revision, position, type, isJson, created, data, metadata };
}

export function decodeReadResponse(bytes: Uint8Array): ReadResponse {
  let response: ReadResponse = { kind: 'other' };
  readFields(bytes, (number, reader) => {
    if (number === 1) {
      let event: WireEvent | undefined;
      let link: WireEvent | undefined;
      readMessage(reader, (field, value) => {
        if (field === 1) event = readRecordedEvent(value);
        else if (field === 2) link = readRecordedEvent(value);
        else return false;
      });
      response = { kind: 'event', event, ...(link && { link }) };
    } else if (number === 2) {
      let subscription = '';
      readMessage(reader, (field, value) => {
        if (field !== 1) return false;
        subscription = decodeText(value.bytes(), 'subscription_id');
      });
      response = { kind: 'confirmation', subscription };
    } else if (number === 3) response = { kind: 'checkpoint', position: readPosition(reader).commit };
    else if (number === 4) {
      let stream = '';
      readMessage(reader, (field, value) => {
        if (field !== 1) return false;
        stream = readStreamIdentifier(value);
      });
      response = { kind: 'stream-not-found', stream };
    } else if (number === 8) {
      skipMessage(reader);
      response = { kind: 'caught-up' };
    } else return false;
  });
  return response;
}
