import type { Decider } from '../kernel.js';
import type { ExportCommand } from './commands.js';
import { decide } from './decide.js';
import type { ExportEvent } from './events.js';
import { evolve, noExportRequest, type ExportRequest } from './evolve.js';

export type { ExportRequest } from './evolve.js';
export const exportRequest: Decider<ExportCommand, ExportEvent, ExportRequest> = {
  initial: noExportRequest,
  decide,
  evolve,
};
