import { defaultFieldResolver, isIntrospectionType, isObjectType } from 'graphql';
import type { GraphQLError, GraphQLField, GraphQLSchema } from 'graphql';
import { mayDo } from '#libs/authorization';
import type { AssayAbility, SubjectType } from '#libs/authorization';
import type { Item } from '../reading/items.js';
import { apiError } from './faults.js';
import { unauthenticated } from './context.js';
import type { ApiContext } from './context.js';

/** What stands on every root field and every object type; without a mark the server does not start (default deny). */
export type Mark =
  /** Read with the answer that it is part of. */
  | 'part'
  /** Open to everybody who is signed in: it says nothing but what the caller already is. */
  | 'signed-in'
  /** A command: the application decides, and records the denial. */
  | { readonly command: string }
  /** A read of a subject: CASL decides. */
  | { readonly read: string };

export class UnmarkedFields extends Error {
  override readonly name = 'UnmarkedFields';
  constructor(readonly fields: readonly string[]) {
    super(`no rule says who may read: ${fields.join(', ')}`);
  }
}

export function markOf(subject: { readonly extensions: object }): Mark | undefined {
  return (subject.extensions as { can?: Mark }).can;
}

/** Every root field and object type without a mark. */
export function unmarked(schema: GraphQLSchema): readonly string[] {
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (!isObjectType(type) || isIntrospectionType(type)) return [];
    if (!roots.has(type)) return markOf(type) ? [] : [type.name];
    return Object.values(type.getFields())
      .filter((field) => !markOf(field))
      .map((field) => `${type.name}.${field.name}`);
  });
}

/** Puts the rule of its mark before every resolver. @throws UnmarkedFields */
export function authorise(schema: GraphQLSchema): GraphQLSchema {
  const missing = unmarked(schema);
  if (missing.length > 0) throw new UnmarkedFields(missing);
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    const mark = markOf(type);
    for (const field of Object.values(type.getFields())) {
      if (roots.has(type)) guardRoot(field);
      else if (typeof mark === 'object' && 'read' in mark) guardObject(field, mark.read as SubjectType);
    }
  }
  return schema;
}

function guardRoot(field: GraphQLField<unknown, ApiContext>): void {
  const { subscribe, resolve = defaultFieldResolver } = field;
  const mark = markOf(field);
  const check = ({ caller, ability }: ApiContext) => {
    if (caller.actor.kind === 'anonymous') throw unauthenticated();
    // Without any rule that could allow it there is nothing to list; with one, SQL says which rows.
    if (typeof mark === 'object' && 'read' in mark && !mayAny(ability, mark.read as SubjectType))
      throw forbidden(field.name);
  };
  field.resolve = (source, args, context, info) => {
    check(context);
    return resolve(source, args, context, info);
  };
  if (subscribe)
    field.subscribe = (source, args, context, info) => {
      check(context);
      return subscribe(source, args, context, info);
    };
}

/** What was decided about each object: once for all its fields, since no rule is about a field alone. */
const decided = new WeakMap<object, boolean>();

/** The same rule that listed a row, asked again of the object itself before any of its fields is read. */
function guardObject(field: GraphQLField<Item, ApiContext>, subject: SubjectType): void {
  const { resolve = defaultFieldResolver } = field;
  field.resolve = (source, args, context, info) => {
    let allowed = decided.get(source);
    if (allowed === undefined) decided.set(source, (allowed = mayDo(context.ability, 'read', subject, source.rules)));
    if (!allowed) throw forbidden(info.fieldName);
    return resolve(source, args, context, info);
  };
}

function mayAny(ability: AssayAbility, subject: SubjectType): boolean {
  return ability.possibleRulesFor('read', subject).some(({ inverted }) => !inverted);
}

function forbidden(field: string): GraphQLError {
  return apiError('FORBIDDEN', `No grant allows reading ${field}.`, { field });
}
