export { fairness } from './evolve.js';
export * from './queries.js';
