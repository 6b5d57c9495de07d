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
const library = createRequire(import.meta.url)('cephes') as Cephes;

/** Below about 1e-308 cephes raises its underflow as an error; the probability then is 0 to working precision. */
function orZero(compute: () => number): number {
  try {
    return compute();
  } catch (error) {
    if (error instanceof Error && error.message.includes('underflow')) return 0;
    throw error;
  }
}

export const cephes: Cephes = {
  ndtri: (p) => library.ndtri(p),
  igam: (a, x) => orZero(() => library.igam(a, x)),
  igamc: (a, x) => orZero(() => library.igamc(a, x)),
  incbet: (a, b, x) => orZero(() => library.incbet(a, b, x)),
  incbi: (a, b, y) => library.incbi(a, b, y),
  lgam: (x) => library.lgam(x),
  erfc: (x) => orZero(() => library.erfc(x)),
};
