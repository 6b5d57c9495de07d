export { ServingFold } from './directory.js';
export type {
  Change,
  Deployed,
  Directory,
  ListedDeployment,
  ListedPermit,
  ListedVersion,
  PermitStatus,
} from './directory.js';
export {
  aliveMilliseconds,
  closingFault,
  leaseFault,
  leaseMilliseconds,
  newNonce,
  renewMilliseconds,
  signClosing,
  signLease,
} from './lease.js';
export type { Closing, IssuerMessage, Lease, LeaseQuestion, SignedClosing, SignedLease } from './lease.js';
export { checkGate, closedGate, evolveGate, isAlive } from './permit-gate.js';
export type { ClosedRule, GateEvent, GateFault, GateState, GateVerdict, HeldLease, Moment } from './permit-gate.js';
export { armOf, bucketOf, buckets } from './traffic-split.js';
export { encodeInferenceResponse, parseInferenceRequest, protocolLimits } from './inference-protocol.js';
export type { EncodedResponse, InferenceRequest, InferenceResponse, ProtocolLimits } from './inference-protocol.js';
export { MalformedInference, valuesFromBytes, valuesToBytes, valuesToJson } from './tensors.js';
export type { Datatype, Tensor, TensorValues } from './tensors.js';
