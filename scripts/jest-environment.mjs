import { TestEnvironment } from 'jest-environment-node';

// Native addons (onnxruntime) make and check typed arrays of Node's own realm; Jest gives a test realm its own, all but
// Uint8Array, and `instanceof` then fails. With Node's own in both, a test runs what the product runs.
const shared = {
  BigInt64Array,
  BigUint64Array,
  Float32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8ClampedArray,
  Uint16Array,
  Uint32Array,
};

export class RealmEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    Object.assign(this.global, shared);
  }
}

// Jest asks an environment file for its default export.
// oxlint-disable-next-line import/no-default-export
export { RealmEnvironment as default };
