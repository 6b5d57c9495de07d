import { timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Histogram, Registry } from 'prom-client';
import { type ContentStore } from '#libs/content';
import type { Clock } from '#libs/runtime';
import { MalformedInference, encodeInferenceResponse, parseInferenceRequest } from '#libs/serving';
import { type VerifyingKey, sha256 } from '#libs/signing';
import { type LeaseClient, startLeaseClient } from './lease-client.js';
import { Models } from './models.js';
import { PredictionLog, type PredictionLogOptions } from './prediction-log.js';
import { InferenceRefused, findDeployment, namedVersion, openModel, score, splitVersion } from './scoring.js';

export interface InferenceDependencies {
  readonly clock: Clock;
  readonly workspace: string;
  readonly environment: string;
  /** Names this server in its leases and metrics. */
  readonly server: string;
  /** Public keys of the permit issuer. */
  readonly trusted: readonly VerifyingKey[];
  /** Where leases come from (services/process-manager). */
  readonly issuer: { readonly url: string; readonly token: string };
  readonly content: Pick<ContentStore, 'bytes' | 'put'>;
  /** Carries out SealPredictionSegment under the serving service's identity. */
  readonly seal: PredictionLogOptions['seal'];
  /** Folder of the open prediction segments; one server each. */
  readonly folder: string;
  /** Secret of the internal routes (`/segments/seal`, `/gate`); without one they answer 404. */
  readonly internalToken?: string;
  readonly limits?: Partial<InferenceLimits>;
  readonly segments?: Pick<PredictionLogOptions, 'rows' | 'bytes' | 'milliseconds' | 'unsealedBytes'>;
  /** Told of faults that no caller sees: leases not taken, seals that failed. */
  readonly onFault?: (fault: string, detail?: string) => void;
}

export interface InferenceLimits {
  /** Rows of one request. 4,096 rows of a linear model take under 1 ms of the event loop. */
  readonly rows: number;
  /** Bytes of one request's body. */
  readonly bodyBytes: number;
  /** Requests scored at a time; more are answered 503 at once. */
  readonly concurrent: number;
}

export const inferenceLimits: InferenceLimits = { rows: 4096, bodyBytes: 8 * 1024 * 1024, concurrent: 256 };

export interface InferenceServer {
  /** @returns the port. 0 picks a free one. */
  listen(port?: number, host?: string): Promise<number>;
  readonly lease: LeaseClient;
  /** Seals all open segments and answers their ids. */
  sealSegments(): Promise<readonly string[]>;
  readonly registry: Registry;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly raw?: { readonly bytes: Uint8Array; readonly type: string; readonly headers?: Record<string, string> };
  readonly rule?: string;
}

/** Asks for leases from now on; serves from `listen` on. The gate begins closed. */
export function createInferenceServer(dependencies: InferenceDependencies): InferenceServer {
  const { clock, content, folder, seal, onFault } = dependencies;
  const limits = { ...inferenceLimits, ...dependencies.limits };
  const registry = new Registry();
  const metrics = inferenceMetrics(registry);
  const models = new Models((digest) => content.bytes(digest));
  const lease = startLeaseClient({
    ...dependencies.issuer,
    ...dependencies,
    onFault: (fault) => {
      metrics.faults.inc({ fault });
      onFault?.(fault);
    },
    // What may be served is loaded before the first request asks for it.
    onLease: async ({ versions }) => {
      const open = [...versions.values()].filter((version) => lease.check(version).open);
      await Promise.allSettled(open.map(({ artifactDigest }) => models.load(artifactDigest)));
    },
  });
  const log = new PredictionLog({
    folder,
    clock,
    content,
    seal,
    ...dependencies.segments,
    onFault: (fault, detail) => {
      metrics.faults.inc({ fault });
      onFault?.(fault, detail);
    },
  });
  const scoring = { clock, lease, models, log, rowLimit: limits.rows };
  let concurrent = 0;

  async function infer(request: IncomingMessage, model: string, version: string | undefined): Promise<Answer> {
    if (concurrent >= limits.concurrent) throw new InferenceRefused('Overloaded', 'too many requests at a time');
    concurrent += 1;
    const stop = metrics.seconds.startTimer();
    try {
      const body = await readBody(request, limits.bodyBytes);
      const header = request.headers['inference-header-content-length'];
      const parsed = parseInferenceRequest(body, Array.isArray(header) ? header[0] : header);
      const { body: bytes, headerLength } = encodeInferenceResponse(await score(scoring, model, version, parsed));
      return headerLength === undefined
        ? { status: 200, raw: { bytes, type: 'application/json' } }
        : {
            status: 200,
            raw: {
              bytes,
              type: 'application/octet-stream',
              headers: { 'inference-header-content-length': String(headerLength) },
            },
          };
    } finally {
      concurrent -= 1;
      stop();
    }
  }

  async function describe(model: string, versionName: string | undefined, readiness: boolean): Promise<Answer> {
    const { version, deployment } =
      versionName === undefined
        ? splitVersion(lease, findDeployment(lease, model), '') // The protocol leaves the version to the server.
        : namedVersion(lease, model, versionName);
    const { model: loaded } = await openModel(scoring, version);
    if (readiness) return { status: 200, body: { name: model, ready: true } };
    const versions = deployment.arms.flatMap(({ modelVersionId }) => {
      const listed = lease.lastLease()?.versions.get(modelVersionId);
      return listed ? [String(listed.number)] : [];
    });
    return {
      status: 200,
      body: { name: model, versions, platform: 'onnx_onnxruntime', inputs: loaded.inputs, outputs: loaded.outputs },
    };
  }

  async function route(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const method = request.method ?? 'GET';
    const parts = url.pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decoded);
    const path = parts.join('/');
    if (method === 'GET' && path === 'v2/health/live') return { status: 200, body: { live: true } };
    if (method === 'GET' && path === 'v2/health/ready') {
      const ready = lease.lease() !== undefined;
      return { status: ready ? 200 : 503, body: { ready } };
    }
    if (method === 'GET' && path === 'v2')
      return { status: 200, body: { name: 'assay', version: '2', extensions: ['binary_tensor_data'] } };
    if (method === 'GET' && path === 'metrics')
      return { status: 200, raw: { bytes: Buffer.from(await registry.metrics()), type: registry.contentType } };
    if (parts[0] === 'v2' && parts[1] === 'models' && parts[2] !== undefined) {
      const versioned = parts[3] === 'versions' && parts[4] !== undefined;
      const version = versioned ? parts[4] : undefined;
      const action = parts.slice(versioned ? 5 : 3).join('/');
      if (method === 'POST' && action === 'infer') return infer(request, parts[2], version);
      if (method === 'GET' && (action === '' || action === 'ready'))
        return describe(parts[2], version, action === 'ready');
    }
    if ((path === 'gate' || path === 'segments/seal') && isInternal(request, dependencies.internalToken)) {
      if (method === 'POST' && path === 'segments/seal') return { status: 200, body: { sealed: await log.sealAll() } };
      if (method === 'GET' && path === 'gate') return gate(url.searchParams.get('position'));
    }
    return { status: 404, body: { error: `${method} ${url.pathname} is not served here` } };
  }

  /** What the gate says of every version in the newest lease; waits up to 10 s for `position`. */
  async function gate(position: string | null): Promise<Answer> {
    if (position !== null && !/^\d{1,20}$/.test(position))
      return { status: 400, body: { error: 'position: a decimal position of the event store' } };
    if (position !== null && !(await lease.waitFor(BigInt(position), 10_000)))
      return { status: 503, body: { error: `position ${position} has not been reached` } };
    const held = lease.lastLease();
    const versions = [...(held?.versions.values() ?? [])].map((version) => ({
      modelVersionId: version.modelVersionId,
      number: version.number,
      ...lease.check(version),
    }));
    return { status: 200, body: { alive: lease.lease() !== undefined, position: held?.position.toString(), versions } };
  }

  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    route(request)
      .catch((error: Error): Answer => {
        if (error instanceof InferenceRefused)
          return { status: error.status, body: { error: error.message }, rule: error.rule };
        if (error instanceof MalformedInference)
          return { status: 400, body: { error: error.message }, rule: 'MalformedRequest' };
        if (request.destroyed && !request.complete) return { status: 400, body: { error: 'the request broke off' } };
        if (error instanceof BodyTooLarge)
          return { status: 413, body: { error: error.message }, rule: 'MalformedRequest' };
        onFault?.('Unexpected', error.stack);
        return { status: 500, body: { error: 'the model could not be run on this input' }, rule: 'Unexpected' };
      })
      .then((answer) => {
        if (answer.rule !== undefined) metrics.refused.inc({ rule: answer.rule });
        send(request, response, answer);
      })
      .catch(() => response.destroy());
  });

  return {
    lease,
    registry,
    sealSegments: () => log.sealAll(),
    async listen(port = 0, host = '127.0.0.1') {
      await log.recover();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
      return (server.address() as AddressInfo).port;
    },
    async close() {
      lease.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      });
      await log.close();
    },
  };
}

class BodyTooLarge extends Error {}

/** A body of up to so many times the limit is read before it is refused. */
const discardedTimes = 8;

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Ending the iteration early would destroy the connection, and with it the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes <= limit) chunks.push(chunk as Buffer);
    // What is a little too large is read to its end and thrown away: who still writes does not hear an answer.
    else if (bytes > limit * discardedTimes) break;
  }
  if (bytes > limit) throw new BodyTooLarge(`body: at most ${limit} bytes`);
  return Buffer.concat(chunks);
}

function send(request: IncomingMessage, response: ServerResponse, { status, body, raw, rule }: Answer): void {
  const bytes = raw?.bytes ?? Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': raw?.type ?? 'application/json',
    'content-length': bytes.length,
    ...raw?.headers,
    ...(rule === undefined ? {} : { 'assay-refused': rule }),
    ...(request.complete ? {} : { connection: 'close' }),
  });
  response.end(bytes);
}

/** A path segment as text; what is no percent-encoding stays as it is and names nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function isInternal(request: IncomingMessage, token: string | undefined): boolean {
  if (token === undefined) return false;
  const offered = Buffer.from(sha256(request.headers.authorization ?? ''));
  return timingSafeEqual(offered, Buffer.from(sha256(`Bearer ${token}`)));
}

function inferenceMetrics(registry: Registry): {
  readonly refused: Counter<'rule'>;
  readonly faults: Counter<'fault'>;
  readonly seconds: Histogram;
} {
  const registers = [registry];
  return {
    refused: new Counter({
      name: 'assay_inference_refused_total',
      help: 'Requests that were not scored, by rule',
      labelNames: ['rule'],
      registers,
    }),
    faults: new Counter({
      name: 'assay_inference_faults_total',
      help: 'Leases not taken and seals that failed, by fault',
      labelNames: ['fault'],
      registers,
    }),
    seconds: new Histogram({
      name: 'assay_inference_seconds',
      help: 'Seconds from the first byte of an inference request to its answer',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
      registers,
    }),
  };
}
