export { inventory } from './evolve.js';
export * from './queries.js';
