export type { LedgerServer, LedgerServerOptions } from './server.js';
export { startLedgerServer } from './server.js';
export { LedgerRefused } from './storage/port.js';
