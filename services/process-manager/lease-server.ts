import { timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '#libs/runtime';
import {
  type Change,
  type Directory,
  type IssuerMessage,
  type LeaseQuestion,
  aliveMilliseconds,
  leaseMilliseconds,
  signClosing,
  signLease,
} from '#libs/serving';
import { type SigningKey, sha256 } from '#libs/signing';

/** What the ledger says of an environment, with the proof of its age. */
export interface FreshDirectory {
  readonly directory: Directory;
  /** Position up to which $all has been folded. */
  readonly position: bigint;
  /** Milliseconds since the store said that nothing lies beyond the position. */
  readonly ageMilliseconds: number;
}

export interface LeaseServerOptions {
  readonly clock: Clock;
  readonly key: SigningKey;
  /** Shared with the inference servers. */
  readonly token: string;
  /** Undefined while the view cannot be shown to be fresh: then nobody gets a lease (fail closed). */
  readonly current: (workspace: string, environment: string) => Promise<FreshDirectory | undefined>;
}

export interface LeaseServer {
  /** @returns the port. 0 picks a free one. */
  listen(port?: number, host?: string): Promise<number>;
  /** Pushes a closing permit to the servers of its environment, and that something changed to all. */
  publish(change: Change, position: bigint): void;
  close(): Promise<void>;
}

interface Listener {
  readonly response: ServerResponse;
  readonly workspace: string;
  readonly environment: string;
}

const questionLimit = 4096;
const listenerLimit = 1000;

/**
 * The issuer's side of the lease protocol (libs/serving/lease.ts): `POST /leases` answers a question, `GET
 * /leases/stream` pushes. A listener that does not read is dropped: its next lease tells it the same.
 */
export function createLeaseServer({ clock, key, token, current }: LeaseServerOptions): LeaseServer {
  const listeners = new Set<Listener>();
  const expected = Buffer.from(sha256(`Bearer ${token}`));

  const write = (listener: Listener, message: IssuerMessage): void => {
    if (!listener.response.write(`${JSON.stringify(message)}\n`)) listener.response.destroy();
  };
  const heartbeat = setInterval(() => {
    for (const listener of listeners) write(listener, { type: 'alive' });
  }, aliveMilliseconds);
  heartbeat.unref();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const question = parseQuestion(await read(request));
    if (!question) return send(response, 400, { error: 'workspace, environment, server and nonce (32 hex digits)' });
    const fresh = await current(question.workspace, question.environment);
    const validForMilliseconds = fresh ? Math.floor(leaseMilliseconds - fresh.ageMilliseconds) : 0;
    if (!fresh || validForMilliseconds <= 0)
      return send(response, 503, { error: 'this issuer cannot show that it knows the newest events' });
    const lease = {
      kind: 'lease' as const,
      ...question,
      position: fresh.position.toString(),
      issuedAt: clock.now().toISOString(),
      validForMilliseconds,
      ...fresh.directory,
    };
    return send(response, 200, signLease(lease, key));
  }

  function listenTo(url: URL, response: ServerResponse): void {
    const workspace = url.searchParams.get('workspace');
    const environment = url.searchParams.get('environment');
    if (!workspace || !environment) return send(response, 400, { error: 'workspace and environment' });
    if (listeners.size >= listenerLimit) return send(response, 503, { error: `at most ${listenerLimit} listeners` });
    const listener = { response, workspace, environment };
    response.writeHead(200, { 'content-type': 'application/jsonl', 'cache-control': 'no-store' });
    write(listener, { type: 'alive' });
    listeners.add(listener);
    response.on('close', () => listeners.delete(listener));
    response.on('error', () => listeners.delete(listener));
    return undefined;
  }

  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    const offered = Buffer.from(sha256(request.headers.authorization ?? ''));
    if (!timingSafeEqual(offered, expected)) return send(response, 401, { error: 'a token is needed' });
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'GET' && url.pathname === '/leases/stream') return listenTo(url, response);
    if (request.method !== 'POST' || url.pathname !== '/leases')
      return send(response, 404, { error: 'not served here' });
    answer(request, response).catch(() => send(response, 500, { error: 'no lease could be issued' }));
    return undefined;
  });

  return {
    async listen(port = 0, host = '127.0.0.1') {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
      return (server.address() as AddressInfo).port;
    },
    publish(change, position) {
      if (change.kind === 'closed') {
        const { permitId, status, cause, workspace, environment } = change;
        const closing = { kind: 'closing' as const, permitId, status, position: position.toString() };
        const signed = signClosing(cause === undefined ? closing : { ...closing, cause }, key);
        for (const listener of listeners)
          if (listener.workspace === workspace && listener.environment === environment)
            write(listener, { type: 'closing', ...signed });
        return;
      }
      for (const listener of listeners) write(listener, { type: 'changed', position: position.toString() });
    },
    async close() {
      clearInterval(heartbeat);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function parseQuestion(text: string): LeaseQuestion | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { workspace, environment, server, nonce } = value as Record<string, unknown>;
  const named = (name: unknown): name is string => typeof name === 'string' && /^[!-~]{1,200}$/.test(name);
  return named(workspace) &&
    named(environment) &&
    named(server) &&
    typeof nonce === 'string' &&
    /^[0-9a-f]{32}$/.test(nonce)
    ? { workspace, environment, server, nonce }
    : undefined;
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > questionLimit) return '';
  }
  return text;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
