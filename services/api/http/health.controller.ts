import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { checkHealth } from '#libs/runtime';
import { API_PORTS } from '../ports.js';
import type { ApiPorts } from '../ports.js';

@Controller('health')
export class HealthController {
  constructor(@Inject(API_PORTS) private readonly ports: ApiPorts) {}

  /** The process runs. */
  @Get('live')
  live(@Res() response: Response): void {
    response.set('cache-control', 'no-store').json({ status: 'live' });
  }

  /** The store and the database answer and the views are near the log's end; otherwise 503 and why. A stopped partition is an alarm: all else goes on. */
  @Get('ready')
  async ready(@Res() response: Response): Promise<void> {
    const { ready, ...rest } = await checkHealth(this.ports.health);
    response
      .status(ready ? 200 : 503)
      .set('cache-control', 'no-store')
      .json({ status: ready ? 'ready' : 'not-ready', ...rest });
  }
}
