import type { BatchCall } from './client.js';
import { StoreUnavailable } from './port.js';
import type { BatchAnswer, BatchAppendRequest, WriteOutcome } from './protocol/index.js';
import { AppendFrames } from './protocol/index.js';

interface Waiting {
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** The appends under way on one BatchAppend call; each is answered, fails with the call, or runs out of time. */
export interface BatchBank {
  /** Whether the call goes on. */
  readonly isOpen: boolean;
  /** Requests of one turn of the event loop are sent in one piece, in the order in which they were asked. */
  ask(request: BatchAppendRequest, timeoutMilliseconds: number): Promise<WriteOutcome>;
}

/** So much is sent at once. */
const mostPieceBytes = 256 * 1024;

/**
 * The bank belongs to its call. (The official client has one for the whole process: an error on one connection
 * rejects the appends of all, and a late answer throws.)
 */
export function batchBank(call: BatchCall): BatchBank {
  const waiting = new Map<string, Waiting>();
  let failure: Error | undefined;

  const settle = (correlation: string): Waiting | undefined => {
    const one = waiting.get(correlation);
    waiting.delete(correlation);
    clearTimeout(one?.timer);
    return one;
  };
  const fail = (error: Error) => {
    failure ??= error;
    for (const correlation of waiting.keys()) settle(correlation)?.reject(error);
  };
  call.on('data', (answers: readonly BatchAnswer[]) => {
    for (const { correlation, outcome } of answers) settle(correlation)?.resolve(outcome);
  });
  call.on('error', fail);
  const ended = () => fail(new StoreUnavailable('the store ended the append stream'));
  call.on('end', ended);
  call.on('close', ended);

  let frames: AppendFrames | undefined;
  /** The next piece will be about as long: it is not made by growing. */
  let lastBytes = 0;
  const send = () => {
    const piece = frames;
    frames = undefined;
    if (piece) lastBytes = Math.min(piece.size, mostPieceBytes);
    if (piece && !failure) call.write(piece);
  };
  const write = (request: BatchAppendRequest) => {
    if (!frames) {
      frames = new AppendFrames(lastBytes);
      process.nextTick(send);
    }
    frames.add(request);
    if (frames.size >= mostPieceBytes) send();
  };

  return {
    get isOpen() {
      return failure === undefined;
    },
    ask: (request, timeoutMilliseconds) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        const late = () =>
          settle(request.correlation)?.reject(
            new StoreUnavailable(`no answer to the append within ${timeoutMilliseconds} ms`),
          );
        write(request);
        waiting.set(request.correlation, { resolve, reject, timer: setTimeout(late, timeoutMilliseconds) });
      }),
  };
}
