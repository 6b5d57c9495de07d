/** The people of the play. `trainer` may also validate: what keeps him from signing is what he made, not a missing role. */
export const people = [
  { key: 'administrator', username: 'ada', displayName: 'Ada Abiodun', roles: [] },
  { key: 'steward', username: 'dana', displayName: 'Dana Lindqvist', roles: ['DATA_STEWARD'] },
  { key: 'trainer', username: 'tom', displayName: 'Tom Okafor', roles: ['MODEL_DEVELOPER', 'VALIDATOR'] },
  { key: 'requester', username: 'mia', displayName: 'Mia Tanaka', roles: ['MODEL_DEVELOPER'] },
  { key: 'evaluator', username: 'eva', displayName: 'Eva Castellanos', roles: ['EVALUATOR'] },
  { key: 'validator', username: 'vera', displayName: 'Vera Nováková', roles: ['VALIDATOR'] },
  { key: 'risk', username: 'ravi', displayName: 'Ravi Subramanian', roles: ['RISK_OFFICER'] },
  { key: 'compliance', username: 'cora', displayName: 'Cora Whitfield', roles: ['COMPLIANCE_OFFICER'] },
  { key: 'release', username: 'otto', displayName: 'Otto Bergmann', roles: ['RELEASE_MANAGER'] },
  { key: 'emergency', username: 'olga', displayName: 'Olga Petrova', roles: ['EMERGENCY_OPERATOR'] },
  { key: 'auditor', username: 'audrey', displayName: 'Audrey Laurent', roles: ['AUDITOR'] },
] as const;

export type PersonKey = (typeof people)[number]['key'];
