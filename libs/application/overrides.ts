import { incident } from '#libs/lifecycle/incident';
import { override } from '#libs/lifecycle/approval';
import type { Id } from '#libs/lifecycle';
import { usedTokens, useReauthentication } from './approvals.js';
import { decide, fold, Refusal, type Call, type Loaded } from './call.js';
import { standingOfVersion } from './evidence.js';
import type { Handlers } from './handlers.js';
import { contextForModel, identitiesOf, provenIdentitiesOf } from './relations.js';

export const overrides: Pick<Handlers, 'UseOverride' | 'ReviewOverride'> = {
  /** Rule 18: named an override, with an incident of its own that opens with it, also when cut off between the two. */
  async UseOverride(call, { overrideId, modelVersionId, environment, incidentId, evidenceDigest }) {
    const modelId = call.directory.modelOf(modelVersionId) ?? null;
    call.authorize('read', 'Approval', { modelId });
    const loaded = await call.load('approval', overrideId);
    const before = await call.repeated(loaded);
    if (!before) {
      if (loaded.revision !== undefined) throw new Refusal('AlreadyExists', { overrideId }, loaded.stream);
      const standing = await standingOfVersion(call, modelVersionId);
      const { policy } = standing;
      const context = contextForModel(call, standing.modelId);
      const data = {
        overrideId,
        modelVersionId,
        modelId: standing.modelId,
        environment,
        incidentId,
        evidenceDigest,
        reason: call.disclosed('reason'),
        facts: {
          policyId: policy.policyId,
          policyVersion: policy.version,
          override: policy.document.override,
          evidenceDigest: standing.evidenceDigest,
          modelVersion: standing.status,
          usedTokens: usedTokens(call),
        },
      };
      const events = decide(call, override, loaded, override.initial, 'UseOverride', data, context);
      call.authorize('override', 'Approval', { modelId: standing.modelId });
      await useReauthentication(call);
      await call.append(loaded, events, { policy: `${policy.policyId}@${policy.version}` });
    }
    await openIncident(call, incidentId, modelVersionId, overrideId);
    return call.hasWritten ? call.accepted() : (before ?? call.accepted());
  },

  async ReviewOverride(call, { overrideId, verdict }) {
    const loaded = await call.load('approval', overrideId);
    if (loaded.events[0]?.type !== 'OverrideUsed') throw new Refusal('NotFound', { overrideId }, loaded.stream);
    const { modelId, operatorId } = loaded.events[0].data;
    call.authorize('read', 'Approval', { modelId });
    const before = await call.repeated(loaded);
    if (before) return before;
    const data = {
      overrideId,
      verdict,
      reason: call.disclosed('reason'),
      facts: {
        reviewer: { identities: provenIdentitiesOf(call.directory, call.context.actor.id) },
        operatorIdentities: identitiesOf(call.directory, operatorId),
      },
    };
    const context = contextForModel(call, modelId);
    const events = decide(call, override, loaded, fold(override, loaded), 'ReviewOverride', data, context);
    call.authorize('review', 'Approval', { modelId });
    await call.append(loaded, events);
    return call.accepted();
  },
};

async function openIncident(call: Call, incidentId: Id, modelVersionId: Id, overrideId: Id): Promise<void> {
  const loaded: Loaded = await call.load('incident', incidentId);
  const state = fold(incident, loaded);
  if (state.status !== 'none') {
    if (state.reference === overrideId) return;
    throw new Refusal('AlreadyExists', { incidentId }, loaded.stream);
  }
  const opened = { incidentId, kind: 'override', modelVersionId, reference: overrideId, awareAt: call.context.now };
  await call.append(loaded, decide(call, incident, loaded, state, 'OpenIncident', opened));
}
