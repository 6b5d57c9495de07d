import type { ActiveGrant } from '#libs/identity';
import type { CommandContext, Id, Role } from '#libs/lifecycle';
import { identity } from '#libs/lifecycle/identity';
import { fold, refuseUnreadable, type Call } from './call.js';
import type { Directory } from './directory.js';

/**
 * One human or bot under all its identities: its own id first, then everything linked to it, however far.
 * @throws Refusal `StreamUnreadable` where a link of one of them may stand in an event that cannot be read
 */
export function identitiesOf(directory: Directory, id: Id): readonly Id[] {
  const found = new Set([id]);
  // A Set is walked in the order of insertion, also while it grows.
  for (const each of found) {
    refuseUnreadable(directory.unreadable.of('identity', each));
    for (const linked of directory.access.identity(each)?.linked ?? []) found.add(linked);
  }
  return [...found];
}

/**
 * As {@link identitiesOf}, where somebody is kept from something as one person with another (rule 1).
 * @throws Refusal `StreamUnreadable` also where links that cannot be read may join any two
 */
export function provenIdentitiesOf(directory: Directory, id: Id): readonly Id[] {
  refuseUnreadable(directory.unreadable.hiddenLink());
  return identitiesOf(directory, id);
}

/** Those who answer for an identity: itself under all identities; of a service also its owner under all. */
export function answerableFor(directory: Directory, id: Id): readonly Id[] {
  const own = provenIdentitiesOf(directory, id);
  const owners = own.flatMap((each) => directory.access.identity(each)?.ownerId ?? []);
  return [...new Set([...own, ...owners.flatMap((owner) => identitiesOf(directory, owner))])];
}

/** Read from the identity's own stream. */
export async function standingOf(call: Call, id: Id): Promise<'person' | 'service' | 'erased' | 'missing'> {
  const { status } = fold(identity, await call.load('identity', id));
  return status === 'none' ? 'missing' : status;
}

/** Roles that the actor holds directly for a model: grants for the workspace or for it, none of them delegated. */
export function directRoles(grants: readonly ActiveGrant[], modelId: Id | undefined): readonly Role[] {
  const held = grants.filter(
    ({ scope, delegatorId }) => delegatorId === undefined && (scope === undefined || scope === modelId),
  );
  return [...new Set(held.map(({ role }) => role))].sort();
}

/** The delegated grant that gives the actor a role for a model, where no grant of their own does. */
export function delegationOf(
  grants: readonly ActiveGrant[],
  role: Role,
  modelId: Id | undefined,
): ActiveGrant | undefined {
  if (directRoles(grants, modelId).includes(role)) return undefined;
  return grants.find(
    (grant) =>
      grant.delegatorId !== undefined && grant.role === role && (grant.scope === undefined || grant.scope === modelId),
  );
}

/**
 * The context as a decider of one model's business must see it: with the roles that count for this model, and on
 * behalf of the delegator where the role is a delegated one, so that it stands in the signature (rule 17).
 */
export function contextForModel(call: Call, modelId: Id | undefined, role?: Role): CommandContext {
  const { onBehalfOf: _, ...context } = call.context;
  const delegation = role === undefined ? undefined : delegationOf(call.facts.grants, role, modelId);
  const roles = directRoles(call.facts.grants, modelId);
  return {
    ...context,
    actor: { ...context.actor, roles },
    ...(delegation?.delegatorId !== undefined && { onBehalfOf: delegation.delegatorId }),
  };
}
