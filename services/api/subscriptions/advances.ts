import type { Identified } from '#libs/identity';
import { InvalidCredentials } from '#libs/identity';
import type { ApiContext } from '../graphql/context.js';
import { contextFor } from '../graphql/context.js';
import type { ApiPortsWithLimits } from '../ports.js';

/** Milliseconds between two looks at a quiet log: credentials that ran out close what stands on them by then. */
const recheckMs = 5_000;
/** Least milliseconds between two looks at a busy one. */
const restMs = 100;

/** What a subscription sees at one moment: a context of its own, with the rights that the credentials carry now. */
export interface Moment {
  readonly context: ApiContext;
  readonly position: bigint;
}

/**
 * A moment for each advance of the views, for as long as the credentials are accepted. Nothing is queued: a slow
 * reader sees fewer and later moments, and reads on from where it was. Ends when the credentials no longer count.
 */
export async function* advances(ports: ApiPortsWithLimits, started: ApiContext): AsyncGenerator<Moment> {
  const { authorization } = started.req.headers;
  let seen = -1n;
  for (;;) {
    const caller = await stillIdentified(ports, authorization);
    if (!caller) return;
    const position = await ports.readModels.position();
    if (position > seen) {
      seen = position;
      yield { position, context: contextFor(ports, started.req, caller) };
      await rest(restMs);
    }
    await advanced(ports, seen);
  }
}

/** Undefined when the credentials are no longer accepted; a fault of the issuer or store is thrown. */
async function stillIdentified(
  ports: ApiPortsWithLimits,
  authorization: string | undefined,
): Promise<Identified | undefined> {
  try {
    const caller = await ports.identification.identify({ authorization });
    return caller.actor.kind === 'anonymous' ? undefined : caller;
  } catch (error) {
    if (error instanceof InvalidCredentials) return undefined;
    throw error;
  }
}

/** Resolves when the views are beyond `seen`, or after {@link recheckMs}. */
async function advanced({ readModels }: ApiPortsWithLimits, seen: bigint): Promise<void> {
  let settle: () => void = () => undefined;
  const moved = new Promise<void>((resolve) => (settle = resolve));
  const end = readModels.onAdvance(settle);
  const timer = setTimeout(settle, recheckMs).unref();
  try {
    // What moved between the last look and the listener is not missed.
    if ((await readModels.position()) <= seen) await moved;
  } finally {
    clearTimeout(timer);
    end();
  }
}

function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
