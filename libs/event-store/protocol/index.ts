/**
 * The messages of EventStoreDB's gRPC protocol that Assay speaks, as plain values, and their bytes. Written from the
 * generated code of @eventstore/db-client 6.2.1 (Apache-2.0); 64-bit numbers are bigint from wire to wire.
 */
export type {
  AppendRequest,
  BatchAppendRequest,
  BatchAppendResponse,
  Expected,
  ProposedEvent,
  WriteOptions,
  WriteOutcome,
} from './append.js';
export type { From, ReadFilter, ReadRequest, ReadResponse, WireEvent } from './read.js';
export { AnswerFrames, AppendFrames } from './append-frames.js';
export { BinaryEvent } from './binary-event.js';
export { ReadFrames } from './frames.js';
export type { BatchAnswer } from './read-append-frames.js';
export { eachNumberedAnswer, jsonProperties, numberedId } from './read-append-frames.js';
export type { BatchAppendRequests, Member, SupportedMethod, SupportedMethods } from './services.js';
export {
  clientStreamsService,
  gossipService,
  serverFeaturesService,
  serverStreamsService,
  streamsService,
} from './services.js';
export type { UuidForm } from './wire.js';
export { isoTime, MalformedMessage } from './wire.js';
export { takeWholeFrames } from './whole-frames.js';
