/** From this size on, memory of columns is shared, so that workers read it where it lies. */
const sharedFrom = 1 << 20;

function memory(bytes: number): ArrayBufferLike {
  return bytes >= sharedFrom ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

export function sharedFloat64(length: number): Float64Array {
  return new Float64Array(memory(length * 8));
}

export function sharedInt32(length: number): Int32Array {
  return new Int32Array(memory(length * 4));
}

export function sharedUint32(length: number): Uint32Array {
  return new Uint32Array(memory(length * 4));
}

export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(memory(length));
}
