import { Metadata, status } from '@grpc/grpc-js';
import type { Expected } from '#libs/event-store/protocol';
import { MalformedMessage } from '#libs/event-store/protocol';
import { Tombstoned } from './reader.js';

/** What ends a call: code, text, and the trailers by which EventStoreDB's clients tell errors apart. */
export interface CallFailure {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

function failure(code: status, details: string, trailers: Readonly<Record<string, string>> = {}): CallFailure {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return { code, details, metadata };
}

export const accessDenied = (): CallFailure =>
  failure(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });

export const notAuthenticated = (): CallFailure => failure(status.UNAUTHENTICATED, 'Not Authenticated');

export const streamDeleted = (stream: string): CallFailure =>
  failure(status.FAILED_PRECONDITION, `Event stream '${printable(stream)}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': printable(stream),
  });

export const tooLarge = (limit: number): CallFailure =>
  failure(status.INVALID_ARGUMENT, `Maximum Append Size of ${limit} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(limit),
  });

export const missingProperties = (names: readonly string[]): CallFailure =>
  failure(status.INVALID_ARGUMENT, `Required Metadata Property '${names.join(',')}' is missing`, {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': names.join(','),
  });

/** Delete and Tombstone; Append answers with a reply instead. */
export function wrongExpectedVersion(stream: string, expected: Expected, current: bigint | undefined): CallFailure {
  const number = typeof expected === 'bigint' ? expected : { no_stream: -1n, any: -2n, stream_exists: -4n }[expected];
  return failure(
    status.FAILED_PRECONDITION,
    `Append failed due to WrongExpectedVersion. Stream: ${printable(stream)}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': printable(stream),
      'expected-version': number.toString(),
      ...(current !== undefined && { 'actual-version': current.toString() }),
    },
  );
}

export const invalidArgument = (message: string): CallFailure => failure(status.INVALID_ARGUMENT, message);
export const unavailable = (message: string): CallFailure => failure(status.UNAVAILABLE, message);
export const timedOut = (): CallFailure => failure(status.ABORTED, 'the deadline passed before the write began');

/** An error thrown while answering. What is not the caller's fault is our being unavailable. */
export function failureOf(error: unknown): CallFailure {
  if (error instanceof Tombstoned) return streamDeleted(error.message);
  if (error instanceof MalformedMessage) return invalidArgument(error.message);
  return unavailable(error instanceof Error ? error.message : String(error));
}

/** Header values are ASCII on the wire. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
