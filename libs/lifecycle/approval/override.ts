import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import { after, isDue } from '../time.js';
import type { OverrideCommand, ReviewOverride, UseOverride } from './commands.js';
import type { Override, OverrideEvent } from './evolve.js';
import { manifestation, refuseAuthentication } from './sign.js';

export function decideOverride(command: OverrideCommand, state: Override): Decision<OverrideEvent> {
  const { overrideId } = command.data;
  if (command.type === 'UseOverride') return useOverride(command, state);
  if (state.status === 'none') return refuse('NotFound', { overrideId });
  switch (command.type) {
    case 'ReviewOverride':
      return review(command, state);
    case 'LapseOverrideReview':
      if (state.status !== 'used') return accept();
      if (!isDue(state.reviewDueAt, command.context.now)) return refuse('NotDue', { reviewDueAt: state.reviewDueAt });
      return accept({ type: 'OverrideReviewLapsed', data: command.data });
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}

/** Rule 18: a separate capability, strong authentication, a reason, a short life, an incident and a review by others. */
function useOverride({ data, context }: UseOverride, state: Override): Decision<OverrideEvent> {
  const { facts, ...used } = data;
  const { actor, now } = context;
  if (state.status !== 'none') return refuse('AlreadyExists', { overrideId: data.overrideId });
  if (actor.kind !== 'person') return refuse('ServiceCannotSign', { actor: actor.kind });
  if (!actor.roles.includes('emergency-operator')) return refuse('RoleNotHeld', { role: 'emergency-operator' });
  if (context.onBehalfOf !== undefined) return refuse('DelegationInvalid', { rule: 'an override is not delegated' });
  if (facts.modelVersion === 'missing') return refuse('NotFound', { modelVersionId: data.modelVersionId });
  if (facts.modelVersion === 'retired') return refuse('Retired', { modelVersionId: data.modelVersionId });
  if (data.evidenceDigest !== facts.evidenceDigest)
    return refuse('EvidenceChanged', { seen: data.evidenceDigest, expected: facts.evidenceDigest });
  const refused = refuseAuthentication(actor, {
    approval: data.overrideId,
    evidence: data.evidenceDigest,
    meaning: 'override',
    acr: facts.override.acr,
    usedTokens: facts.usedTokens,
    now,
  });
  if (refused) return refused;
  return accept({
    type: 'OverrideUsed',
    data: {
      ...used,
      operatorId: actor.id,
      authentication: manifestation(actor.authentication),
      validUntil: after(now, { minutes: facts.override.validMinutes }),
      reviewDueAt: after(now, { hours: facts.override.reviewHours }),
      reviewRole: facts.override.reviewRole,
      policyId: facts.policyId,
      policyVersion: facts.policyVersion,
    },
  });
}

function review(
  { data, context }: ReviewOverride,
  state: Exclude<Override, { readonly status: 'none' }>,
): Decision<OverrideEvent> {
  const { facts, ...verdict } = data;
  const { actor } = context;
  if (state.status === 'reviewed') return refuse('AlreadyReviewed', { verdict: state.verdict });
  if (actor.kind !== 'person') return refuse('ServiceCannotSign', { actor: actor.kind });
  const operators = [state.operatorId, ...facts.operatorIdentities];
  if ([actor.id, ...facts.reviewer.identities].some((own) => operators.includes(own)))
    return refuse('OwnOverride', { operatorId: state.operatorId });
  if (!actor.roles.includes(state.reviewRole)) return refuse('RoleNotHeld', { role: state.reviewRole });
  return accept({ type: 'OverrideReviewed', data: { ...verdict, reviewerId: actor.id } });
}
