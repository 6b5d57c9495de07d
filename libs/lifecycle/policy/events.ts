import type { DomainEvent } from '../kernel.js';
import type { Id, Name, Ordinal, Sha256 } from '../values.js';
import type { PolicyDocument } from './document.js';

/** Policies are versioned data. Stream id = policyId; versions count from 1. */
export type PolicyPublished = DomainEvent<
  'PolicyPublished',
  {
    readonly policyId: Id;
    readonly name: Name;
    readonly version: Ordinal;
    readonly document: PolicyDocument;
    /** SHA-256 of the document's canonical JSON. */
    readonly digest: Sha256;
  }
>;
export type PolicySuperseded = DomainEvent<
  'PolicySuperseded',
  { readonly policyId: Id; readonly version: Ordinal; readonly by: Ordinal }
>;

export type PolicyEvent = PolicyPublished | PolicySuperseded;
