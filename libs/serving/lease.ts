import { randomBytes } from 'node:crypto';
import {
  type DocumentSignature,
  type SignatureFault,
  type SigningKey,
  type VerifyingKey,
  signDocument,
  verifyDocument,
} from '#libs/signing';
import type { Directory, PermitStatus } from './directory.js';

/** Design rule 3: with everything else down, serving ends 30 s after the last proof that nothing was revoked. */
export const leaseMilliseconds = 30_000;
/** How often a server renews: two misses in a row still close nothing, and a lost push is made good within 4 s. */
export const renewMilliseconds = 4_000;

/** What an inference server asks. The nonce is fresh for each question: an old answer cannot be played again. */
export interface LeaseQuestion {
  readonly workspace: string;
  readonly environment: string;
  readonly server: string;
  readonly nonce: string;
}

/**
 * The answer: what may be served as the ledger stood at `position`. It lives for `validForMilliseconds` from the
 * moment the question was SENT, by the asker's own monotonic clock, so that no delay on the way and no clock of
 * another machine makes it longer.
 */
export interface Lease extends LeaseQuestion, Directory {
  readonly kind: 'lease';
  /** $all position, decimal. */
  readonly position: string;
  readonly issuedAt: string;
  readonly validForMilliseconds: number;
}

/** Pushed the moment a permit closes. It can only close, never open. */
export interface Closing {
  readonly kind: 'closing';
  readonly permitId: string;
  readonly status: Exclude<PermitStatus, 'active'>;
  readonly cause?: string;
  readonly position: string;
}

export interface SignedLease extends DocumentSignature {
  readonly lease: Lease;
}

export interface SignedClosing extends DocumentSignature {
  readonly closing: Closing;
}

/** A line of the issuer's stream (JSON Lines). `alive` comes every {@link aliveMilliseconds}. */
export type IssuerMessage =
  | ({ readonly type: 'closing' } & SignedClosing)
  | { readonly type: 'changed'; readonly position: string }
  | { readonly type: 'alive' };

export const aliveMilliseconds = 1_000;

export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

export function signLease(lease: Lease, key: SigningKey): SignedLease {
  return { lease, ...signDocument('assay-lease-v1', lease, key) };
}

export function signClosing(closing: Closing, key: SigningKey): SignedClosing {
  return { closing, ...signDocument('assay-lease-v1', closing, key) };
}

/** Undefined when it holds; else why not. The shape of what a trusted key signed is trusted. */
export function leaseFault(signed: SignedLease, trusted: readonly VerifyingKey[]): SignatureFault | undefined {
  return signed.lease?.kind === 'lease'
    ? verifyDocument('assay-lease-v1', signed.lease, signed, trusted)
    : 'BadSignature';
}

export function closingFault(signed: SignedClosing, trusted: readonly VerifyingKey[]): SignatureFault | undefined {
  return signed.closing?.kind === 'closing'
    ? verifyDocument('assay-lease-v1', signed.closing, signed, trusted)
    : 'BadSignature';
}
