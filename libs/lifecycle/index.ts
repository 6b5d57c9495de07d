export * from './events.js';
export * from './kernel.js';
export * from './roles.js';
export * from './streams.js';
export * from './values.js';
