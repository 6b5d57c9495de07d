import type { MethodDefinition } from '@grpc/grpc-js';
import type { PlacedEvent } from '../placed-event.js';
import type { Reader } from './wire.js';
import {
  decodeAppendRequest,
  decodeAppendResponse,
  decodeBatchAppendRequest,
  decodeBatchAppendResponse,
  encodeAppendRequest,
  encodeAppendResponse,
  encodeBatchAppendRequest,
  encodeBatchAppendResponse,
  readWriteOptions,
  writeWriteOptions,
} from './append.js';
import type { AppendRequest, BatchAppendRequest, BatchAppendResponse, WriteOptions, WriteOutcome } from './append.js';
import type { AnswerFrames, AppendFrames } from './append-frames.js';
import { FrameWriter } from './frame-writer.js';
import type { BatchAnswer } from './read-append-frames.js';
import { decodeBatchAppendRequests, decodeBatchAppendResponses } from './read-append-frames.js';
import { decodeReadResponses, placeReadResponses } from './read-frames.js';
import type { ReadRequest, ReadResponse } from './read.js';
import { decodeReadRequest, decodeReadResponse, encodeReadRequest, encodeReadResponse } from './read.js';
import {
  finish,
  MalformedMessage,
  readFields,
  readPosition,
  writeMessage,
  writePosition,
  writer,
  writeString,
  writeUuid,
} from './wire.js';

/** What is handed over: a message, or messages that were encoded before. */
const encoded =
  <Message>(encode: (message: Message) => Buffer) =>
  (message: Message | FrameWriter): Buffer =>
    message instanceof FrameWriter ? (message as unknown as Buffer) : encode(message);

function method<Request, Response>(
  path: string,
  streams: { request?: boolean; response?: boolean },
  request: { encode(message: Request): Buffer; decode(bytes: Buffer): Request },
  response: { encode(message: Response): Buffer; decode(bytes: Buffer): Response },
): MethodDefinition<Request, Response> {
  return {
    path: `/event_store.client.${path}`,
    requestStream: streams.request ?? false,
    responseStream: streams.response ?? false,
    requestSerialize: encoded(request.encode),
    requestDeserialize: request.decode,
    responseSerialize: encoded(response.encode),
    responseDeserialize: response.decode,
  };
}

function decodeWriteOptions(bytes: Uint8Array): WriteOptions {
  let options: WriteOptions | undefined;
  readFields(bytes, (number, reader: Reader) => {
    if (number !== 1) return false;
    options = readWriteOptions(reader);
  });
  if (!options) throw new MalformedMessage('options is missing');
  return options;
}

function encodeWriteOptions(options: WriteOptions): Buffer {
  const target = writer();
  writeWriteOptions(target, 1, options);
  return finish(target);
}

const deletion = { encode: encodeWriteOptions, decode: decodeWriteOptions };
const deleted = {
  encode: (position: bigint): Buffer => {
    const target = writer();
    writePosition(target, 1, position);
    return finish(target);
  },
  decode: (bytes: Buffer): bigint => {
    let position = 0n;
    readFields(bytes, (number, reader) => {
      if (number !== 1) return false;
      position = readPosition(reader).commit;
    });
    return position;
  },
};

/** `BatchAppendResponse` is what the server writes; a client needs the correlation and the outcome. */
const batchResponse = {
  encode: (message: BatchAppendResponse | { correlation: string; outcome: WriteOutcome }) =>
    encodeBatchAppendResponse({ stream: '', expected: 'any', ...message }),
  decode: decodeBatchAppendResponse,
};

export const streamsService = {
  Read: method<ReadRequest, ReadResponse>(
    'streams.Streams/Read',
    { response: true },
    { encode: encodeReadRequest, decode: decodeReadRequest },
    { encode: (response) => encodeReadResponse(response), decode: decodeReadResponse },
  ),
  Append: method<AppendRequest, WriteOutcome>(
    'streams.Streams/Append',
    { request: true },
    { encode: encodeAppendRequest, decode: decodeAppendRequest },
    { encode: encodeAppendResponse, decode: decodeAppendResponse },
  ),
  BatchAppend: method<BatchAppendRequest, BatchAppendResponse | { correlation: string; outcome: WriteOutcome }>(
    'streams.Streams/BatchAppend',
    { request: true, response: true },
    { encode: encodeBatchAppendRequest, decode: decodeBatchAppendRequest },
    batchResponse,
  ),
  Delete: method<WriteOptions, bigint>('streams.Streams/Delete', {}, deletion, deleted),
  Tombstone: method<WriteOptions, bigint>('streams.Streams/Tombstone', {}, deletion, deleted),
};

/** Requests that were encoded, or as many as have come, for a server: up to the first that cannot be read. */
export type BatchAppendRequests = readonly (BatchAppendRequest | MalformedMessage)[];

/** Not every end of a call has messages to write. */
function notEncoded(): never {
  throw new Error('messages of a batch are encoded before they are written');
}

/** The same for our server, which takes many appends at once and answers many at once. */
export const serverStreamsService = {
  ...streamsService,
  BatchAppend: method<BatchAppendRequests, AnswerFrames>(
    'streams.Streams/BatchAppend',
    { request: true, response: true },
    { encode: notEncoded, decode: decodeBatchAppendRequests },
    { encode: notEncoded, decode: notEncoded },
  ),
};

/** The same for our client, whose reads and appends take many answers at once. */
export const clientStreamsService = {
  ...streamsService,
  BatchAppend: method<AppendFrames, readonly BatchAnswer[]>(
    'streams.Streams/BatchAppend',
    { request: true, response: true },
    { encode: notEncoded, decode: notEncoded },
    { encode: notEncoded, decode: decodeBatchAppendResponses },
  ),
  /** The same call for who looks for nothing but failures in the answers. */
  BatchAppendInOrder: method<AppendFrames, Buffer>(
    'streams.Streams/BatchAppend',
    { request: true, response: true },
    { encode: notEncoded, decode: notEncoded },
    { encode: notEncoded, decode: (bytes) => bytes },
  ),
  Read: method<ReadRequest, readonly ReadResponse[]>(
    'streams.Streams/Read',
    { response: true },
    {
      encode: encodeReadRequest,
      decode: decodeReadRequest,
    },
    {
      encode: (responses) => Buffer.concat(responses.map((response) => encodeReadResponse(response))),
      decode: decodeReadResponses,
    },
  ),
  /** The same call for who hands events on. */
  ReadPlaced: method<ReadRequest, readonly (ReadResponse | PlacedEvent)[]>(
    'streams.Streams/Read',
    { response: true },
    { encode: encodeReadRequest, decode: decodeReadRequest },
    { encode: notEncoded, decode: placeReadResponses },
  ),
};

/** Not undefined: grpc-js takes that for a request that never came. */
const empty = { encode: () => Buffer.alloc(0), decode: () => ({}) };

export interface SupportedMethod {
  /** All lower case: clients compare lower-cased paths. */
  readonly method: string;
  readonly service: string;
  readonly features: readonly string[];
}

export interface SupportedMethods {
  readonly methods: readonly SupportedMethod[];
  /** Three dotted numbers. */
  readonly version: string;
}

export const serverFeaturesService = {
  GetSupportedMethods: method<object, SupportedMethods>(
    'server_features.ServerFeatures/GetSupportedMethods',
    {},
    empty,
    {
      encode: ({ methods, version }) => {
        const target = writer();
        for (const { method, service, features } of methods)
          writeMessage(target, 1, (message) => {
            writeString(message, 1, method);
            writeString(message, 2, service);
            for (const feature of features) writeString(message, 3, feature);
          });
        writeString(target, 2, version);
        return finish(target);
      },
      decode: () => {
        throw new Error('only servers use this definition');
      },
    },
  ),
};

/** One node: this one, leader and alive. */
export interface Member {
  readonly id: string;
  readonly address: string;
  readonly port: number;
}

const leader = 8;

export const gossipService = {
  Read: method<object, Member>('gossip.Gossip/Read', {}, empty, {
    encode: ({ id, address, port }) => {
      const target = writer();
      writeMessage(target, 1, (member) => {
        writeUuid(member, 1, id);
        member.uint32(3 << 3).int32(leader);
        member.uint32(4 << 3).bool(true);
        writeMessage(member, 5, (endPoint) => {
          writeString(endPoint, 1, address);
          endPoint.uint32(2 << 3).uint32(port);
        });
      });
      return finish(target);
    },
    decode: () => {
      throw new Error('only servers use this definition');
    },
  }),
};
