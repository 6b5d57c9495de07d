export { sealThrough } from './seal.js';
export { createInferenceServer, inferenceLimits } from './server.js';
export type { InferenceDependencies, InferenceLimits, InferenceServer } from './server.js';
