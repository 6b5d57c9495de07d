export { timeline, type SubjectKind } from './evolve.js';
export * from './queries.js';
export { assertSameStore, OtherStore } from './same-store.js';
