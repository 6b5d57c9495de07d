export { ManualClock, systemClock } from './clock.js';
export type { Clock, Timer } from './clock.js';
export { deterministicId, newId } from './ids.js';
export { repositoryRoot } from './root.js';
