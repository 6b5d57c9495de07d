import type { DomainEvent } from '../kernel.js';
import type { WorkspaceId } from '../streams.js';
import type { Code, Id, Sha256, Slug, Time, Token } from '../values.js';

/** What the gate checks. Signed over its canonical JSON with Ed25519 (`libs/signing`). */
export interface Permit {
  readonly permitId: Id;
  readonly workspace: WorkspaceId;
  readonly modelVersionId: Id;
  readonly artifactDigest: Sha256;
  readonly environment: Slug;
  /** The approval or override that it stands on. */
  readonly basis: { readonly kind: 'approval' | 'override'; readonly id: Id };
  readonly issuedAt: Time;
  readonly validUntil: Time;
}

export type PermitIssued = DomainEvent<
  'PermitIssued',
  { readonly permit: Permit; readonly signature: Token; readonly keyId: Code }
>;
export type PermitSuspended = DomainEvent<'PermitSuspended', { readonly permitId: Id; readonly cause: Code }>;
export type PermitResumed = DomainEvent<'PermitResumed', { readonly permitId: Id; readonly cause: Code }>;
export type PermitRevoked = DomainEvent<'PermitRevoked', { readonly permitId: Id; readonly cause: Code }>;
export type PermitExpired = DomainEvent<'PermitExpired', { readonly permitId: Id }>;

export type PermitEvent = PermitIssued | PermitSuspended | PermitResumed | PermitRevoked | PermitExpired;
