/** Kernels of WebAssembly with 128-bit vectors, put together instruction by instruction (a text compiler would be a dependency). */
export {
  again,
  againIf,
  block,
  constant,
  f64,
  get,
  i32,
  leaveFunction,
  leaveIf,
  loop,
  set,
  step,
  tee,
  v128,
  when,
} from './instructions.js';
export { compile, hasVectors, instantiate, instantiateOver, pageBytes } from './module.js';
export type { CompiledModule, KernelFunction } from './module.js';
