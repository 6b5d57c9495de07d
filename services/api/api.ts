import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express } from 'express';
import { strictJson } from './http/body.js';
import { nestLog } from './http/log.js';
import { nameRequest } from './http/request-id.js';
import { defaultLimits } from './limits/limits.js';
import { apiModule } from './module.js';
import type { ApiPorts } from './ports.js';

export interface Api {
  /** Starts to take requests. Port 0 takes a free one. */
  listen(port: number, host?: string): Promise<number>;
  /** Where it listens, e.g. `http://127.0.0.1:4000`. @throws before listen */
  readonly url: string;
  /** Stops taking requests, ends subscriptions and answers what is under way. */
  close(): Promise<void>;
}

/** The API over its ports: GraphQL, content, health. Nothing is listened to before `listen`. */
export async function createApi(ports: ApiPorts): Promise<Api> {
  const limits = { ...defaultLimits, ...ports.limits };
  const adapter = new ExpressAdapter();
  const server = adapter.getInstance() as Express;
  server.disable('x-powered-by');
  server.disable('etag');
  server.use((request, response, next) => {
    response.setHeader('x-request-id', nameRequest(request));
    response.setHeader('x-content-type-options', 'nosniff');
    next();
  });
  server.use('/graphql', strictJson({ bytes: limits.bodyBytes, depth: limits.jsonDepth }));

  const application = await NestFactory.create(apiModule({ ...ports, limits }), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLog(ports.log),
    forceCloseConnections: true,
  });
  await application.init();
  let url: string | undefined;
  return {
    get url() {
      if (url === undefined) throw new Error('the API does not listen yet');
      return url;
    },
    async listen(port, host = '127.0.0.1') {
      await application.listen(port, host);
      const address = application.getHttpServer().address() as AddressInfo;
      url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
      return address.port;
    },
    close: () => application.close(),
  };
}
