/**
 * Business roles, not platform roles (approval rule 9). `administrator` grants and publishes policies and can sign
 * nothing: no superuser path exists (rule 19). `emergency-operator` is the override capability (rule 18).
 */
export const roles = [
  'administrator',
  'data-steward',
  'model-developer',
  'evaluator',
  'validator',
  'risk-officer',
  'compliance-officer',
  'business-owner',
  'release-manager',
  'emergency-operator',
  'auditor',
  'viewer',
  /** Service identities of Assay's own processes. */
  'trainer-service',
  'serving-service',
  'process-manager-service',
] as const;

export type Role = (typeof roles)[number];

/** The roles that may sign a stage of an approval. No service role is among them. */
export const signingRoles: readonly Role[] = [
  'validator',
  'risk-officer',
  'compliance-officer',
  'business-owner',
  'release-manager',
];
