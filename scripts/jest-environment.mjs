import { constants, createContext, runInContext } from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

// Native addons (onnxruntime) make and check typed arrays of Node's own realm; a test realm has its own, and
// `instanceof` then fails. With Node's own in both, a test runs what the product runs.
const shared = {
  ArrayBuffer,
  BigInt64Array,
  BigUint64Array,
  Buffer,
  Float32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint8ClampedArray,
  Uint16Array,
  Uint32Array,
};

/**
 * Jest's Node environment over an ordinary global object. Jest's own stands behind interceptors and a proxy: each
 * `Math` or `Buffer` of the code under test then takes half a microsecond instead of a nanosecond, which was half of
 * the time of all suites that compute.
 */
export class RealmEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    const intercepted = this.global;
    this.context = createContext(constants.DONT_CONTEXTIFY);
    const global = runInContext('globalThis', this.context);
    const present = new Set(Reflect.ownKeys(global));
    for (const key of Reflect.ownKeys(intercepted)) {
      if (!present.has(key)) Object.defineProperty(global, key, descriptorOf(global, intercepted, key));
    }
    Object.assign(global, shared, { global });
    // Node's ten frames end inside of Jest's own.
    global.Error.stackTraceLimit = 100;
    this.global = global;
    this.moduleMocker = new this.moduleMocker.constructor(global);
    this.fakeTimersModern = new this.fakeTimersModern.constructor({ config: config.projectConfig, global });
  }
}

/** Node's own globals as they are, those that Node makes when first asked passed on, and what Jest adds (a process of
 * its own, natives under symbols). */
function descriptorOf(global, intercepted, key) {
  const node = key === 'process' ? undefined : Object.getOwnPropertyDescriptor(globalThis, key);
  if (!node?.get) return node ?? Object.getOwnPropertyDescriptor(intercepted, key);
  const { enumerable } = node;
  const set = (value) => Object.defineProperty(global, key, { configurable: true, enumerable, writable: true, value });
  return { configurable: true, enumerable, get: () => globalThis[key], set };
}

// Jest asks an environment file for its default export.
// oxlint-disable-next-line import/no-default-export
export { RealmEnvironment as default };
