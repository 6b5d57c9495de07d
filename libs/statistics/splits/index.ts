export { MersenneTwister } from './mersenne-twister.js';
export { stratifiedKFold } from './stratified-k-fold.js';
export type { Fold } from './stratified-k-fold.js';
