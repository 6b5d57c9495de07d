import { policyFaults } from '#libs/lifecycle';
import type { PolicyDocument, PolicyFault } from '#libs/lifecycle';
import { riskFunctions } from './risk-tier.js';

/** A policy that cannot be published: the first fault in the message, all of them in `faults`. */
export class InvalidPolicyDocument extends Error {
  override readonly name = 'InvalidPolicyDocument';
  constructor(readonly faults: readonly PolicyFault[]) {
    super(`${faults[0]?.field || '/'} ${faults[0]?.rule}`);
  }
}

/** Reads a policy from untrusted JSON. @throws InvalidPolicyDocument */
export function parsePolicyDocument(value: unknown): PolicyDocument {
  const faults = policyFaults(value);
  if (faults.length > 0) throw new InvalidPolicyDocument(faults);
  const document = value as PolicyDocument;
  if (!riskFunctions.includes(document.riskFunction))
    throw new InvalidPolicyDocument([{ field: '/riskFunction', rule: `must be one of ${riskFunctions.join(', ')}` }]);
  return document;
}
