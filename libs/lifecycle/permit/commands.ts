import type { Command } from '../kernel.js';
import type { Code, Id, Sha256, Slug, StreamName, Time } from '../values.js';
import type { Permit } from './events.js';

/** What the permit stands on, folded from $all in order by the one issuer. */
export type PermitBasis =
  | {
      readonly kind: 'approval';
      readonly id: Id;
      readonly status: 'pending' | 'granted' | 'ended' | 'missing';
      readonly suspended: boolean;
      readonly modelVersionId?: Id;
      readonly environment?: Slug;
      readonly validUntil?: Time;
      /** Pinned streams, or contributors, that changed before the granting position. */
      readonly changed: readonly StreamName[];
    }
  | {
      readonly kind: 'override';
      readonly id: Id;
      readonly status: 'used' | 'reviewed' | 'lapsed' | 'missing';
      /** Of the review, where there was one. */
      readonly verdict?: 'justified' | 'not-justified';
      readonly modelVersionId?: Id;
      readonly environment?: Slug;
      readonly validUntil?: Time;
    };

/** The application builds and signs the permit; the decider holds it against what it stands on. */
export type IssuePermit = Command<
  'IssuePermit',
  {
    readonly permit: Permit;
    readonly signature: string;
    readonly keyId: Code;
    readonly facts: {
      readonly basis: PermitBasis;
      readonly modelVersion: 'registered' | 'retired' | 'missing';
      /** Of the registered model version. */
      readonly artifactDigest?: Sha256;
    };
  }
>;
export type SuspendPermit = Command<'SuspendPermit', { readonly permitId: Id; readonly cause: Code }>;
export type ResumePermit = Command<'ResumePermit', { readonly permitId: Id; readonly cause: Code }>;
export type RevokePermit = Command<'RevokePermit', { readonly permitId: Id; readonly cause: Code }>;
export type ExpirePermit = Command<'ExpirePermit', { readonly permitId: Id }>;

export type PermitCommand = IssuePermit | SuspendPermit | ResumePermit | RevokePermit | ExpirePermit;
