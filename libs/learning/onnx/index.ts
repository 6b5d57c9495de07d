export { GraphBuilder, integer, onnxVersions } from './build.js';
export { encodeRow, featuresInput, outputNames, probabilityOutput, readMetadata, writeMetadata } from './convention.js';
export type { Encoding, ModelMetadata } from './convention.js';
export { decodeModel, elementTypes, encodeModel } from './format.js';
export { checkParity, parityTolerance, scoreOnnx } from './parity.js';
export type { ExpectedOutputs, Parity } from './parity.js';
export { describeOnnx } from './read.js';
export type { ArchitectureNode, OnnxDescription, TensorPort } from './read.js';
