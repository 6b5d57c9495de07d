import type { Http2Session } from 'node:http2';

/** What a client may send before it was taken. */
const windowBytes = 1024 * 1024;

interface Part {
  readonly stream?: { readonly session?: Http2Session };
  readonly call?: Part;
  readonly nextCall?: Part;
}

const widened = new WeakSet<Http2Session>();

/**
 * Lets a client send a megabyte ahead instead of HTTP/2's 64 KiB, which are some fifty events: then it waits for the event
 * loops of both sides, and a transaction takes no more. grpc-js has no option for servers, and the session is found by
 * walking through the call's parts, which it does not declare; where they are others, all stays as it is.
 */
export function widenReceiveWindow(call: unknown): void {
  let part: Part | undefined = (call as Part).call;
  for (let depth = 0; part && depth < 8; depth += 1) {
    const session = part.stream?.session;
    if (session) return void widen(session);
    part = part.nextCall ?? part.call;
  }
}

function widen(session: Http2Session): void {
  if (widened.has(session) || session.destroyed) return;
  widened.add(session);
  session.settings({ initialWindowSize: windowBytes });
  session.setLocalWindowSize(windowBytes);
}
