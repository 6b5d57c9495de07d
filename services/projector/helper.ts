import { startThread } from '#libs/runtime';
import type { KafkaProjectorStatus } from './kafka.js';
import type { Told } from './member.js';

export type FromHelper =
  | { readonly kind: 'told'; readonly told: Told }
  | { readonly kind: 'status'; readonly status: KafkaProjectorStatus }
  | { readonly kind: 'failed'; readonly message: string };

/** One more member of the projector's group, in a thread of this process. */
export interface Helper {
  /** As it was a moment ago; undefined before it has said anything. */
  status(): KafkaProjectorStatus | undefined;
  /** Resolves when it is gone, with what ended it unless it was asked to go. */
  readonly ended: Promise<string | undefined>;
  /** It leaves the group after what it is writing. */
  stop(): void;
}

export function startHelper(tell: (told: Told) => void): Helper {
  const worker = startThread(import.meta.url, 'thread', {
    // A batch's objects die together: with room for them few are copied.
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  });
  let status: KafkaProjectorStatus | undefined;
  let fault: string | undefined = 'it has ended by itself';
  worker.on('message', (message: FromHelper) => {
    if (message.kind === 'status') status = message.status;
    else if (message.kind === 'told') tell(message.told);
    else fault = message.message;
  });
  const ended = new Promise<string | undefined>((resolve) => {
    worker.once('error', (error) => (fault = error.message));
    worker.once('exit', () => resolve(fault));
  });
  return {
    status: () => status,
    ended,
    stop() {
      fault = undefined;
      worker.postMessage('stop');
    },
  };
}
