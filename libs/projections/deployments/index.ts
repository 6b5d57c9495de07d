export { deployments } from './evolve.js';
export * from './queries.js';
