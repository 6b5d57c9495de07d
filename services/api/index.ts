export { createApi } from './api.js';
export type { Api } from './api.js';
export { defaultLimits } from './limits/limits.js';
export type { Limits } from './limits/limits.js';
export type { ApiPorts, CountedDenial } from './ports.js';
