export type { CreateDataSource } from './data-source.js';
export { createDataSource, DatabaseAhead } from './data-source.js';
export { PostgresNotStarted } from './errors.js';
export type { LaunchedPostgres, LaunchOptions } from './launch.js';
export { launchPostgres } from './launch.js';
export type { Pool, PoolClient } from './pool.js';
export { connectionOf, createPool, ensureDatabase } from './pool.js';
export { whenReachable } from './reachable.js';
