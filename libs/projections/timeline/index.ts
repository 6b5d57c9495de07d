export { timeline, type SubjectKind } from './evolve.js';
export * from './queries.js';
