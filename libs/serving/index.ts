export { ServingFold } from './directory.js';
export type { Change, Directory, ListedDeployment, ListedPermit, ListedVersion, PermitStatus } from './directory.js';
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
