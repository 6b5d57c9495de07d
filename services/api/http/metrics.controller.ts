import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { denialReason } from '#libs/authorization';
import { signIn } from '../graphql/context.js';
import { API_PORTS } from '../ports.js';
import type { ApiPorts } from '../ports.js';

/** The process's metrics for Prometheus: for whoever may read the workspace, e.g. by a service key of role viewer. */
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(API_PORTS) private readonly ports: ApiPorts) {}

  @Get()
  async metrics(@Req() request: Request, @Res() response: Response): Promise<void> {
    const caller = await signIn(this.ports, request.headers.authorization).catch(() => undefined);
    if (!caller || caller.actor.kind === 'anonymous') {
      response.status(401).set('www-authenticate', 'Bearer realm="assay"').json({ code: 'UNAUTHENTICATED' });
      return;
    }
    const reason = denialReason(this.ports.abilityOf(caller), 'read', 'Workspace');
    if (reason !== undefined) {
      response.status(403).json({ code: 'FORBIDDEN', message: reason });
      return;
    }
    const { registry } = this.ports.metrics;
    response.set('content-type', registry.contentType).send(await registry.metrics());
  }
}
