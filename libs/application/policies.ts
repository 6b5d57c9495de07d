import { policy } from '#libs/lifecycle/policy';
import { decide, fold } from './call.js';
import type { Handlers } from './handlers.js';
import { reserveName } from './names.js';

export const policies: Pick<Handlers, 'PublishPolicy'> = {
  async PublishPolicy(call, input) {
    call.authorize('publish', 'Policy');
    const loaded = await call.load('policy', input.policyId);
    const before = await call.repeated(loaded);
    if (before) return before;
    const events = decide(call, policy, loaded, fold(policy, loaded), 'PublishPolicy', input);
    if (loaded.revision === undefined) await reserveName(call, 'policy', input.name, input.policyId);
    if (events.length > 0) await call.append(loaded, events);
    return call.accepted(loaded);
  },
};
