export { evidenceDigest, policyDecision, signingNonce } from '#libs/lifecycle';
export { contributorsOf, excluded, identitiesOf } from './contributors.js';
export type { IdentityNode, LineageFacts, LineageNode } from './contributors.js';
export { InvalidPolicyDocument, parsePolicyDocument } from './document.js';
export { decidedGates, decideGates } from './gates.js';
export type { GateVerdict } from './gates.js';
export { riskFunctions, riskInputs, riskTier, UnknownRiskFunction } from './risk-tier.js';
export type { RiskInputs } from './risk-tier.js';
