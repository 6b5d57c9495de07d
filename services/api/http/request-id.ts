import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

// Carried by the request itself: an AsyncLocalStorage would put a hook on every promise of the process (Node 20), a
// fifth of a mutation's time.
const ids = new WeakMap<IncomingMessage, string>();

/** The caller's own `x-request-id` where it is a UUID, a fresh one otherwise. */
export function nameRequest(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && pattern.test(given) ? given : randomUUID();
  ids.set(request, id);
  return id;
}

/** A request over a WebSocket has none: each of its operations gets one of its own. */
export function requestIdOf(request: IncomingMessage): string {
  return ids.get(request) ?? randomUUID();
}
