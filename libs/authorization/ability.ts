import { AbilityBuilder, createMongoAbility, subject as tagged, type MongoAbility } from '@casl/ability';
import type { Actor, Id, Role } from '#libs/lifecycle';
import {
  actions,
  permissions,
  subjectsOfOneModel,
  subjectTypes,
  type Action,
  type SubjectType,
} from './permissions.js';

/** A grant in force; `libs/identity` says which are. */
export interface HeldGrant {
  readonly role: Role;
  /** A model's id; absent for the whole workspace. */
  readonly scope?: Id;
}

/** The fields that rules ask about. A row or object of any type carries those that it has. */
export interface Resource {
  /** The model that it is about. */
  readonly modelId?: Id | null;
  readonly requesterId?: Id | null;
  /** Everybody who helped to make it (rule 1). */
  readonly contributorIds?: readonly Id[];
  /** Whom the identity, grant or key is about. */
  readonly identityId?: Id | null;
}

type Tagged = Resource & { readonly __caslSubjectType__?: SubjectType };
export type AssayAbility = MongoAbility<[Action, SubjectType | Tagged]>;

/** Changes something: everything but looking and taking copies. */
const changes: Action[] = actions.filter((action) => !['read', 'reveal', 'export'].includes(action));
const everything: SubjectType[] = [...subjectTypes];
const human: Action[] = ['sign', 'override', 'review'];

/**
 * The one place that says what an actor may do, for commands, fields and lists alike. Default deny; the prohibitions
 * are added last and CASL gives the last rule the word, so deny wins (rule 24). `same` are the actor's own ids: the
 * identity and those linked to it.
 */
export function abilityFor(
  actor: Pick<Actor, 'id' | 'kind'>,
  grants: readonly HeldGrant[],
  linked: readonly Id[] = [],
): AssayAbility {
  const key = JSON.stringify([actor.kind, actor.id, linked, grants.map(({ role, scope }) => [role, scope])]);
  let ability = recent.get(key);
  if (!ability) {
    if (recent.size >= mostRecent) recent.clear();
    recent.set(key, (ability = buildAbility(actor, grants, linked)));
  }
  return ability;
}

/** By all that an ability is made of: the same person asks many times in a row. */
const recent = new Map<string, AssayAbility>();
const mostRecent = 1_000;

function buildAbility(
  actor: Pick<Actor, 'id' | 'kind'>,
  grants: readonly HeldGrant[],
  linked: readonly Id[],
): AssayAbility {
  const { can, cannot, build } = new AbilityBuilder<AssayAbility>(createMongoAbility);
  const roles = new Set(grants.map(({ role }) => role));
  const same = [actor.id, ...linked];

  for (const { role, scope } of actor.kind === 'anonymous' ? [] : grants) {
    for (const { may, on } of permissions[role] ?? []) {
      for (const type of on) {
        if (scope === undefined) can([...may], type);
        else if (subjectsOfOneModel.has(type)) can([...may], type, { modelId: scope });
        // A grant for one model may look at what is nobody's model, and change nothing there.
        else if (may.includes('read') || may.includes('reveal')) can(readOnly(may), type);
      }
    }
  }
  if (actor.kind !== 'anonymous') can('read', ['Identity', 'AccessGrant', 'ServiceKey'], { identityId: { $in: same } });

  if (actor.kind === 'service') cannot(human, everything).because('a service can never sign, override or review');
  if (roles.has('administrator')) cannot(human, everything).because('an administrator can sign nothing');
  if (roles.has('auditor')) cannot(changes, everything).because('an auditor only reads');
  cannot(['sign', 'review'], 'Approval', { requesterId: { $in: same } }).because('nobody decides on their own request');
  cannot(['sign', 'review'], 'Approval', { contributorIds: { $in: same } }).because(
    'nobody approves what they helped to make',
  );
  return build();
}

/** Undefined when allowed, else why not: the reason of the prohibition, or that nothing allows it. */
export function denialReason(
  ability: AssayAbility,
  action: Action,
  type: SubjectType,
  resource?: Resource,
): string | undefined {
  const target = resource === undefined ? type : tagged(type, { ...resource });
  if (ability.can(action, target)) return undefined;
  return ability.relevantRuleFor(action, target)?.reason ?? `no grant allows ${action} on ${type}`;
}

/** For resolvers and filters in memory: the same answer as {@link denialReason}, as yes or no. */
export function mayDo(ability: AssayAbility, action: Action, type: SubjectType, resource?: Resource): boolean {
  return denialReason(ability, action, type, resource) === undefined;
}

function readOnly(may: readonly Action[]): Action[] {
  return may.filter((action) => action === 'read' || action === 'reveal');
}
