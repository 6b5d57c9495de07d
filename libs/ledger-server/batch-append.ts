import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import type { BatchAppendRequest, BatchAppendRequests, WriteOutcome } from '#libs/event-store/protocol';
import { AnswerFrames, MalformedMessage, takeWholeFrames } from '#libs/event-store/protocol';
import { mayWrite } from './access.js';
import { Proposals, wrongName } from './proposals.js';
import { widenReceiveWindow } from './receive-window.js';
import { invalidArgument, notAuthenticated, unavailable } from './status.js';
import type { StreamsContext } from './streams-service.js';

/** Appends of one call that have begun and not ended: more are refused, so that memory is bounded. */
const mostOpen = 1_000;

interface OpenAppend {
  readonly options: NonNullable<BatchAppendRequest['options']>;
  readonly proposals: Proposals;
}

/**
 * One long call per client, many appends side by side, told apart by correlation id. Every append is answered
 * exactly once: the client waits without a timer, and does not survive a second answer.
 */
export function batchAppend(context: StreamsContext): handleBidiStreamingCall<BatchAppendRequests, AnswerFrames> {
  return (call) => {
    takeWholeFrames(call);
    widenReceiveWindow(call);
    const role = context.authenticate(call.metadata);
    if (!role) return void call.emit('error', notAuthenticated());
    const open = new Map<string, OpenAppend>();
    const refused = new Set<string>();
    let ended = false;
    const end = () => {
      ended = true;
      context.stopping.removeEventListener('abort', stop);
    };
    const stop = () => {
      send();
      if (!ended) call.emit('error', unavailable('the ledger server is stopping'));
      end();
    };
    call.on('cancelled', end);
    call.on('close', end);
    call.on('error', end);
    call.on('end', () => {
      end();
      call.end();
    });
    context.stopping.addEventListener('abort', stop);

    // What is answered in one turn of the event loop, as the appends of one transaction are, is one piece.
    let answers: AnswerFrames | undefined;
    const send = () => {
      const piece = answers;
      answers = undefined;
      if (piece && !ended && !call.write(piece)) pauseUntilDrained(call);
    };
    const answer = (correlation: string, options: OpenAppend['options'] | undefined, outcome: WriteOutcome) => {
      if (ended) return;
      const { stream, expected } = options ?? { stream: '', expected: 'any' as const };
      if (!answers) {
        answers = new AnswerFrames();
        process.nextTick(send);
      }
      answers.add({ correlation, stream, expected, outcome });
    };

    const take = (message: BatchAppendRequest | MalformedMessage) => {
      if (message instanceof MalformedMessage) {
        // Without a correlation id there is nobody to answer: the whole call ends.
        send();
        call.emit('error', invalidArgument(message.message));
        return;
      }
      const { correlation, events, isFinal } = message;
      if (refused.has(correlation)) {
        if (isFinal) refused.delete(correlation);
        return;
      }
      const refuse = (options: OpenAppend['options'] | undefined, outcome: WriteOutcome) => {
        open.delete(correlation);
        if (!isFinal) refused.add(correlation);
        answer(correlation, options, outcome);
      };
      const append =
        open.get(correlation) ?? (message.options && { options: message.options, proposals: new Proposals() });
      if (!append) return refuse(undefined, { kind: 'invalid', message: 'options come with the first part' });
      const { options, proposals } = append;
      const wrong = wrongName('stream_name', options.stream);
      if (wrong) return refuse(options, { kind: 'invalid', message: wrong });
      if (!mayWrite(role, 'append', options.stream)) return refuse(options, { kind: 'access-denied' });
      for (const event of events) {
        const problem = proposals.add(event);
        if (problem) return refuse(options, problem);
      }
      if (!isFinal) {
        if (open.size >= mostOpen) return refuse(options, { kind: 'unavailable', message: 'too many open appends' });
        open.set(correlation, append);
        return;
      }
      open.delete(correlation);
      void context.writer
        .submit({ kind: 'append', ...options, events: proposals.events })
        .then((outcome) => answer(correlation, options, outcome));
    };
    call.on('data', (messages: BatchAppendRequests) => {
      for (const message of messages) {
        if (ended) return;
        take(message);
      }
    });
  };
}

/** A client that does not take its answers does not get to ask. */
function pauseUntilDrained(call: ServerDuplexStream<BatchAppendRequests, AnswerFrames>): void {
  if (call.isPaused()) return;
  call.pause();
  call.once('drain', () => call.resume());
}
