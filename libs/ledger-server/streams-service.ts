import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerWritableStream,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type {
  AppendRequest,
  ReadRequest,
  ReadResponse,
  UuidForm,
  WriteOptions,
  WriteOutcome,
} from '#libs/event-store/protocol';
import { MalformedMessage, ReadFrames } from '#libs/event-store/protocol';
import type { Role } from './access.js';
import { mayWrite } from './access.js';
import { batchAppend } from './batch-append.js';
import { Proposals, wrongName } from './proposals.js';
import type { ReadSource } from './reader.js';
import { read } from './reader.js';
import type { Received } from './readable-requests.js';
import type { CallFailure } from './status.js';
import {
  accessDenied,
  failureOf,
  invalidArgument,
  missingProperties,
  notAuthenticated,
  streamDeleted,
  timedOut,
  tooLarge,
  unavailable,
  wrongExpectedVersion,
} from './status.js';
import { subscribe } from './subscription.js';
import type { LedgerWriter } from './writer.js';

export interface StreamsContext {
  readonly source: ReadSource;
  readonly writer: LedgerWriter;
  readonly authenticate: (metadata: Metadata) => Role | undefined;
  /** Aborts when the server stops: every open stream ends with UNAVAILABLE. */
  readonly stopping: AbortSignal;
}

/** The Streams service over one ledger. */
export function streamsImplementation(context: StreamsContext): UntypedServiceImplementation {
  return {
    Read: readCall(context),
    Append: appendCall(context),
    BatchAppend: batchAppend(context),
    Delete: deleteCall(context, 'delete'),
    Tombstone: deleteCall(context, 'tombstone'),
  };
}

type Encoded = ReadResponse | ReadFrames;

/** A write takes at most about this much: a client that is slow has sixteen of them waiting. */
const frameBytes = 64 * 1024;

function readCall(context: StreamsContext): handleServerStreamingCall<Received<ReadRequest>, Encoded> {
  return (call) => {
    const { request } = call;
    if (request instanceof MalformedMessage) return void call.emit('error', invalidArgument(request.message));
    const wrong = request.stream === undefined ? undefined : wrongName('stream_name', request.stream);
    if (!context.authenticate(call.metadata)) return void call.emit('error', notAuthenticated());
    if (wrong) return void call.emit('error', invalidArgument(wrong));
    const ended = new AbortController();
    const stop = () => ended.abort();
    call.on('cancelled', stop);
    call.on('close', stop);
    context.stopping.addEventListener('abort', stop);
    const answers =
      request.count === undefined ? subscribe(context.source, request, ended.signal) : read(context.source, request);
    void send(call, request.uuid, answers, ended.signal)
      .then(() => {
        if (context.stopping.aborted) call.emit('error', unavailable('the ledger server is stopping'));
        else call.end();
      })
      .catch((error: unknown) => call.emit('error', failureOf(error)))
      .finally(() => context.stopping.removeEventListener('abort', stop));
  };
}

/** Writes answers as fast as the client takes them. */
async function send(
  call: ServerWritableStream<Received<ReadRequest>, Encoded>,
  form: UuidForm,
  answers: AsyncIterable<readonly ReadResponse[]>,
  ended: AbortSignal,
): Promise<void> {
  for await (const page of answers) {
    const room = page.length > 1 ? frameBytes + (frameBytes >> 2) : undefined;
    let frames = new ReadFrames(form, room);
    for (const [index, answer] of page.entries()) {
      frames.add(answer);
      if (frames.size < frameBytes && index + 1 < page.length) continue;
      if (ended.aborted) return;
      if (!call.write(frames)) await drained(call, ended);
      frames = new ReadFrames(form, room);
    }
  }
}

async function drained(call: ServerWritableStream<Received<ReadRequest>, Encoded>, ended: AbortSignal): Promise<void> {
  if (ended.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      call.removeListener('drain', done);
      ended.removeEventListener('abort', done);
      resolve();
    };
    call.on('drain', done);
    ended.addEventListener('abort', done);
  });
}

function appendCall(context: StreamsContext): handleClientStreamingCall<Received<AppendRequest>, WriteOutcome> {
  return (call, callback) => {
    const role = context.authenticate(call.metadata);
    const proposals = new Proposals();
    let options: WriteOptions | undefined;
    let answered = false;
    const fail = (failure: CallFailure) => {
      if (answered) return;
      answered = true;
      callback(failure);
    };
    if (!role) return fail(notAuthenticated());
    call.on('error', () => {
      answered = true;
    });
    call.on('data', (message: Received<AppendRequest>) => {
      if (answered) return;
      if (message instanceof MalformedMessage) return fail(invalidArgument(message.message));
      if (message.kind === 'options') {
        options = message.options;
        const wrong = wrongName('stream_name', options.stream);
        if (wrong) fail(invalidArgument(wrong));
        else if (!mayWrite(role, 'append', options.stream)) fail(accessDenied());
      } else if (!options) fail(invalidArgument('options come before the first event'));
      else {
        const refused = proposals.add(message.event);
        if (refused) fail(failureOfOutcome(options, refused) ?? invalidArgument('invalid'));
      }
    });
    call.on('end', () => {
      if (answered) return;
      if (!options) return fail(invalidArgument('options is missing'));
      answered = true;
      void reply(options);
    });

    async function reply(given: WriteOptions): Promise<void> {
      const outcome = await context.writer.submit({ kind: 'append', ...given, events: proposals.events });
      callback(appendFailure(given, outcome), outcome);
    }
  };
}

/** A conflict is a reply to Append; everything else but success is a status. */
function appendFailure(options: WriteOptions, outcome: WriteOutcome): CallFailure | null {
  return outcome.kind === 'wrong-expected-version' ? null : (failureOfOutcome(options, outcome) ?? null);
}

function failureOfOutcome({ stream, expected }: WriteOptions, outcome: WriteOutcome): CallFailure | undefined {
  if (outcome.kind === 'success') return undefined;
  if (outcome.kind === 'wrong-expected-version') return wrongExpectedVersion(stream, expected, outcome.current);
  if (outcome.kind === 'stream-deleted') return streamDeleted(stream);
  if (outcome.kind === 'access-denied') return accessDenied();
  if (outcome.kind === 'timeout') return timedOut();
  if (outcome.kind === 'too-large') return tooLarge(outcome.limit);
  if (outcome.kind === 'unavailable') return unavailable(outcome.message);
  return outcome.missing ? missingProperties(outcome.missing) : invalidArgument(outcome.message);
}

function deleteCall(
  context: StreamsContext,
  kind: 'delete' | 'tombstone',
): handleUnaryCall<Received<WriteOptions>, bigint> {
  return (call, callback) => {
    const role = context.authenticate(call.metadata);
    const { request } = call;
    if (request instanceof MalformedMessage) return callback(invalidArgument(request.message));
    const wrong = wrongName('stream_name', request.stream);
    if (!role) return callback(notAuthenticated());
    if (wrong) return callback(invalidArgument(wrong));
    if (!mayWrite(role, kind, request.stream)) return callback(accessDenied());
    const options = request;
    void reply();

    async function reply(): Promise<void> {
      const outcome = await context.writer.submit({ kind, ...options, events: [] });
      if (outcome.kind === 'success') callback(null, outcome.position ?? 0n);
      else callback(failureOfOutcome(options, outcome) ?? unavailable(outcome.kind));
    }
  };
}
