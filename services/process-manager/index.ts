export { advisoryLeadership, soleLeadership } from './leadership.js';
export type { Leadership } from './leadership.js';
export { startProcessManager } from './manager.js';
export type {
  ProcessManager,
  ProcessManagerDependencies,
  ProcessManagerFault,
  ProcessManagerStatus,
} from './manager.js';
