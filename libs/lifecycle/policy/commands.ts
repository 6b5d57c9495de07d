import type { Command } from '../kernel.js';
import type { Id, Name } from '../values.js';
import type { PolicyDocument } from './document.js';

/** The first publication makes the policy, each further one supersedes the version before. */
export type PublishPolicy = Command<
  'PublishPolicy',
  { readonly policyId: Id; readonly name: Name; readonly document: PolicyDocument }
>;

export type PolicyCommand = PublishPolicy;
