import { canonicalDigest } from '../../signing/canonical.js';
import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import type { PolicyCommand } from './commands.js';
import type { PolicyEvent } from './events.js';
import type { Policy } from './evolve.js';
import { policyFaults } from './faults.js';

export function decide({ data }: PolicyCommand, state: Policy): Decision<PolicyEvent> {
  const faults = policyFaults(data.document);
  if (faults.length > 0) return refuse('InvalidPolicy', { ...faults[0], faults });
  if (state.status === 'published' && state.name !== data.name)
    return refuse('InvalidField', { field: 'name', rule: `the policy is named ${state.name}` });
  const digest = canonicalDigest(data.document);
  if (state.status === 'published' && state.digest === digest) return accept();
  const version = state.status === 'published' ? state.version + 1 : 1;
  const published: PolicyEvent = { type: 'PolicyPublished', data: { ...data, version, digest } };
  if (state.status === 'none') return accept(published);
  const { policyId } = data;
  return accept<PolicyEvent>(
    { type: 'PolicySuperseded', data: { policyId, version: state.version, by: version } },
    published,
  );
}
