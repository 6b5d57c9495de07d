export { startProduct } from './product.js';
export type { Product, ProductOptions, RunningProduct } from './product.js';
export { openStores } from './stores.js';
export type { Stores } from './stores.js';
