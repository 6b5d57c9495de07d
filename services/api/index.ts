export { modelInspector } from './artifact/inspect.js';
export { createApi } from './api.js';
export type { AsOf, ReadModels } from './reading/reader.js';
export type { Api } from './api.js';
export { defaultLimits } from './limits/limits.js';
export type { Limits } from './limits/limits.js';
export type { ApiPorts, CountedDenial } from './ports.js';
