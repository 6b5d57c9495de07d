import type { DelegationFacts, SigningFacts, SigningMeaning } from '../facts.js';
import { refuse } from '../kernel.js';
import type { Actor, Authentication, CommandContext, Refused } from '../kernel.js';
import { clockSkewSeconds, reauthenticationSeconds } from '../limits.js';
import { signingRoles } from '../roles.js';
import type { Role } from '../roles.js';
import { instant, isDue } from '../time.js';
import type { Id, Sha256, Slug, Time } from '../values.js';
import type { Signature } from './events.js';
import { openStage, stageDeadline, type Approval, type StageProgress } from './evolve.js';
import { exclusionOf, exclusionsOf } from './exclusion.js';
import { signingNonce } from './nonce.js';

export type Pending = Extract<Approval, { readonly status: 'pending' }>;

interface Will {
  readonly stage: Slug;
  readonly role: Role;
  readonly facts: Pick<SigningFacts, 'contributors' | 'signer' | 'delegation'>;
}

/**
 * Whether this actor may act on the open stage at all. Denials come first and no permission outweighs one (rule 24):
 * a service, an administrator and a contributor are refused before anybody asks which roles they hold.
 */
export function refuseSigner(will: Will, context: CommandContext, state: Pending): Refused | undefined {
  const { actor, now, onBehalfOf } = context;
  const { signer, delegation } = will.facts;
  // Who acts for another answers for both; a delegation that is not used here counts for nothing.
  const behind = onBehalfOf === undefined ? [] : [onBehalfOf, ...(delegation?.delegatorIdentities ?? [])];
  const persons = [...new Set([actor.id, ...signer.identities, ...behind])];
  if (actor.kind !== 'person') return refuse('ServiceCannotSign', { actor: actor.kind });
  if (actor.roles.includes('administrator')) return refuse('AdministratorCannotSign', { role: will.role });
  const [nearest, ...others] = exclusionsOf(persons, [...state.request.contributors, ...will.facts.contributors]);
  if (nearest) {
    const paths = others.length === 0 ? {} : { paths: others.map(({ path }) => path) };
    return refuse('Contributor', { identityId: nearest.identityId, path: nearest.path, ...paths });
  }
  const stage = openStage(state);
  if (stage?.policy.id !== will.stage) return refuse('StageNotOpen', { stage: will.stage, open: stage?.policy.id });
  if (isDue(state.request.expiresAt, now)) return refuse('RequestExpired', { expiresAt: state.request.expiresAt });
  const deadline = stageDeadline(stage);
  if (deadline === undefined || isDue(deadline, now)) return refuse('StageExpired', { stage: will.stage, deadline });
  return (
    refuseRole(will, context, stage, state.request.modelId) ??
    refuseRepeat(persons, stage, state) ??
    refuseCompromised(will.facts, state)
  );
}

function refuseRole(will: Will, context: CommandContext, stage: StageProgress, modelId: Id): Refused | undefined {
  const { role, facts } = will;
  const wanted = stage.policy.quorum.map((part) => part.role);
  if (!wanted.includes(role) || !signingRoles.includes(role))
    return refuse('RoleNotInStage', { role, stage: stage.policy.id, wanted });
  if (context.onBehalfOf === undefined)
    return context.actor.roles.includes(role) ? undefined : refuse('RoleNotHeld', { role });
  return refuseDelegation(facts.delegation, context, facts.signer.identities, role, modelId);
}

/** Rule 17: within its scope and time, of a role that the delegator still holds, by the delegate alone. */
function refuseDelegation(
  delegation: DelegationFacts | undefined,
  { onBehalfOf, actor, now }: CommandContext,
  identities: readonly Id[],
  role: Role,
  modelId: Id,
): Refused | undefined {
  const refused = (rule: string) => refuse('DelegationInvalid', { rule, grantId: delegation?.grantId });
  if (!delegation || delegation.delegatorId !== onBehalfOf) return refused('missing');
  if (delegation.delegateId !== actor.id && !identities.includes(delegation.delegateId))
    return refused('other-delegate');
  if ([actor.id, ...identities].some((own) => own === onBehalfOf || delegation.delegatorIdentities.includes(own)))
    return refused('self');
  if (delegation.status !== 'active') return refused(delegation.status);
  if (delegation.role !== role) return refused('other-role');
  if (!delegation.delegatorHoldsRole) return refused('role-not-held-by-delegator');
  if (delegation.scope !== undefined && delegation.scope !== modelId) return refused('out-of-scope');
  if (!isDue(delegation.validFrom, now)) return refused('not-yet');
  if (isDue(delegation.validUntil, now)) return refused('expired');
  return undefined;
}

/** Rules 2 and 3: a person counts once in a stage, and in one stage unless the policy says otherwise. */
function refuseRepeat(persons: readonly Id[], stage: StageProgress, state: Pending): Refused | undefined {
  const here = stage.signatures.find((signature) => signersOf(signature).some((id) => persons.includes(id)));
  if (here) return refuse('AlreadySigned', { stage: stage.policy.id, as: here.signerId });
  const abstained = stage.abstained.find((id) => persons.includes(id));
  if (abstained !== undefined) return refuse('Abstained', { stage: stage.policy.id, as: abstained });
  const allowed = stage.policy.mayRepeatSignersOf ?? [];
  for (const other of state.stages) {
    if (other === stage || allowed.includes(other.policy.id)) continue;
    const before = other.signatures.find((signature) => signersOf(signature).some((id) => persons.includes(id)));
    if (before) return refuse('SignedOtherStage', { stage: other.policy.id, as: before.signerId });
  }
  return undefined;
}

/** Somebody who has signed already turns out to be a contributor: nothing may be built on that signature. */
function refuseCompromised(facts: Will['facts'], state: Pending): Refused | undefined {
  for (const stage of state.stages)
    for (const signature of stage.signatures) {
      const contribution = exclusionOf(signersOf(signature), facts.contributors);
      if (contribution)
        return refuse('SignedByContributor', {
          stage: stage.policy.id,
          identityId: contribution.identityId,
          path: contribution.path,
        });
    }
  return undefined;
}

function signersOf({ signerId, onBehalfOf }: Signature): readonly Id[] {
  return onBehalfOf === undefined ? [signerId] : [signerId, onBehalfOf];
}

export interface ReauthenticationRules {
  readonly approval: Id;
  readonly evidence: Sha256;
  readonly meaning: SigningMeaning;
  /** `acr` values of which one is needed; none listed means that nothing suffices. */
  readonly acr: readonly string[];
  readonly usedTokens: readonly string[];
  readonly now: Time;
}

/**
 * Rule 8: a fresh re-authentication, strong enough, made for exactly this signature, used once. The claims are those
 * of the verified token: what was asked of the issuer proves nothing (RFC 9470).
 */
export function refuseAuthentication({ authentication }: Actor, rules: ReauthenticationRules): Refused | undefined {
  const { approval, evidence, meaning, now } = rules;
  const needed = (rule: string, more: object = {}) => refuse('ReauthenticationRequired', { rule, ...more });
  if (authentication.method !== 'oidc') return needed('method', { method: authentication.method });
  const nonce = signingNonce({ approval, evidence, meaning });
  if (authentication.nonce !== nonce) return needed('nonce', { expected: nonce });
  if (authentication.tokenId === undefined) return needed('token-id');
  if (rules.usedTokens.includes(authentication.tokenId)) return needed('used-once');
  if (authentication.acr === undefined || !rules.acr.includes(authentication.acr))
    return needed('acr', { wanted: rules.acr });
  const age = (instant(now) - instant(authentication.time)) / 1000;
  if (!(age <= reauthenticationSeconds)) return needed('age', { seconds: age, atMost: reauthenticationSeconds });
  if (!(age >= -clockSkewSeconds)) return needed('clock', { secondsAhead: -age, atMost: clockSkewSeconds });
  return undefined;
}

/** The authentication part of a signature; call it only where {@link refuseAuthentication} refused nothing. */
export function manifestation(authentication: Authentication): Signature['authentication'] {
  const { acr, amr, time, nonce, tokenId } = authentication;
  return {
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
    authenticatedAt: time,
    nonce: nonce ?? '',
    tokenId: tokenId ?? '',
  };
}
