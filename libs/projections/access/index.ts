export { access } from './evolve.js';
export * from './queries.js';
