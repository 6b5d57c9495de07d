import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import type { AppendResult, ExpectedRevision } from './port.js';
import { StoreUnavailable, StreamDeleted, WrongExpectedRevision } from './port.js';
import type { WriteOutcome } from './protocol/index.js';

/** The store understood and said no: missing rights, a malformed or oversize request. Trying again does not help. */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused';
}

/** The result of an append, or the error that its outcome stands for. */
export function resultOf(outcome: WriteOutcome, stream: string, expected: ExpectedRevision): AppendResult {
  switch (outcome.kind) {
    case 'success':
      return { revision: outcome.revision ?? -1n, position: outcome.position ?? -1n };
    case 'wrong-expected-version':
      throw new WrongExpectedRevision(stream, expected, outcome.current);
    case 'stream-deleted':
      throw new StreamDeleted(`${stream} is deleted`);
    case 'access-denied':
      throw new StoreRefused(`${stream}: access denied`);
    case 'too-large':
      throw new StoreRefused(`${stream}: the append is larger than ${outcome.limit} bytes`);
    case 'invalid':
      throw new StoreRefused(`${stream}: ${outcome.message}`);
    case 'timeout':
      throw new StoreUnavailable(`${stream}: the append's deadline passed`);
    case 'unavailable':
      throw new StoreUnavailable(outcome.message);
    default:
      return outcome satisfies never;
  }
}

const refusals = new Set<status>([
  status.INVALID_ARGUMENT,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.UNIMPLEMENTED,
  status.OUT_OF_RANGE,
  status.RESOURCE_EXHAUSTED,
]);

/** Every failure of a call as one of the port's errors; what is not a refusal may be tried again. */
export function storeError(error: unknown, stream: string): Error {
  if (
    error instanceof WrongExpectedRevision ||
    error instanceof StreamDeleted ||
    error instanceof StoreUnavailable ||
    error instanceof StoreRefused
  )
    return error;
  const { code, metadata, message, details } = error as Partial<ServiceError>;
  const exception = metadata?.get('exception')[0]?.toString();
  const text = `${stream}: ${details ?? message ?? String(error)}`;
  if (exception === 'stream-deleted') return new StreamDeleted(`${stream} is deleted`, { cause: error });
  if (code !== undefined && refusals.has(code)) return new StoreRefused(text, { cause: error });
  // The official client wraps what the feature call answers.
  if ((error as { type?: unknown }).type === 'access-denied') return new StoreRefused(text, { cause: error });
  return new StoreUnavailable(text, { cause: error });
}
