import type { DomainEvent } from '../kernel.js';
import type { Id, Sha256, Time } from '../values.js';

/** What the gate checks. Signed over its canonical JSON with Ed25519 (`libs/signing`). */
export interface Permit {
  readonly permitId: Id;
  readonly workspace: string;
  readonly modelVersionId: Id;
  readonly artifactDigest: Sha256;
  readonly environment: string;
  /** The approval or override that it stands on. */
  readonly basis: { readonly kind: 'approval' | 'override'; readonly id: Id };
  readonly issuedAt: Time;
  readonly validUntil: Time;
}

export type PermitIssued = DomainEvent<
  'PermitIssued',
  { readonly permit: Permit; readonly signature: string; readonly keyId: string }
>;
export type PermitSuspended = DomainEvent<'PermitSuspended', { readonly permitId: Id; readonly cause: string }>;
export type PermitResumed = DomainEvent<'PermitResumed', { readonly permitId: Id; readonly cause: string }>;
export type PermitRevoked = DomainEvent<'PermitRevoked', { readonly permitId: Id; readonly cause: string }>;
export type PermitExpired = DomainEvent<'PermitExpired', { readonly permitId: Id }>;

export type PermitEvent = PermitIssued | PermitSuspended | PermitResumed | PermitRevoked | PermitExpired;
