import { createRequire } from 'node:module';

/** What we use of cephes 3.3.3 (S. L. Moshier's library as WebAssembly), whose package has no types for ES modules. */
interface Cephes {
  ndtri(p: number): number;
  igam(a: number, x: number): number;
  igamc(a: number, x: number): number;
  incbet(a: number, b: number, x: number): number;
  incbi(a: number, b: number, y: number): number;
  lgam(x: number): number;
  erfc(x: number): number;
}

// Its CommonJS form compiles synchronously; its ES module needs an await before the first call.
export const cephes = createRequire(import.meta.url)('cephes') as Cephes;
