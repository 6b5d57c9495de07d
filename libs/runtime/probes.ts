import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Configuration } from './configuration.js';
import { checkHealth } from './health.js';
import type { HealthCheck } from './health.js';

export interface ProbeOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly checks: readonly HealthCheck[];
  readonly registry: Registry;
}

export interface Probes {
  /** e.g. `http://127.0.0.1:9464` */
  readonly url: string;
  close(): Promise<void>;
}

/** Where a service without a door of its own is looked at: HEALTH_PORT (default 0, a free one) and HEALTH_HOST. */
export function probeAddress(read: Configuration): { readonly host: string; readonly port: number } {
  return { host: read.optional('HEALTH_HOST') ?? '127.0.0.1', port: read.integer('HEALTH_PORT', 0, 0, 65_535) };
}

/** A registry with what Node tells of itself. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/**
 * Answers `/health/live` (the process runs), `/health/ready` (every check holds; else 503 and why) and `/metrics`
 * (Prometheus' text) on a port of their own. No sign-in: the port is for the operator's network only.
 */
export async function serveProbes({ host, port, checks, registry }: ProbeOptions): Promise<Probes> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    const json = (status: number, body: unknown): void => send(status, 'application/json', JSON.stringify(body));
    if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { status: 'GET or HEAD' });
    if (path === '/health/live') return json(200, { status: 'live' });
    if (path === '/health/ready') {
      void checkHealth(checks).then(({ ready, ...rest }) =>
        json(ready ? 200 : 503, { status: ready ? 'ready' : 'not-ready', ...rest }),
      );
      return undefined;
    }
    if (path === '/metrics') {
      registry.metrics().then(
        (text) => send(200, registry.contentType, text),
        () => json(500, { status: 'metrics could not be collected' }),
      );
      return undefined;
    }
    return json(404, { status: 'not served here' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: listening } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
