import { GraphQLObjectType, defaultFieldResolver, isIntrospectionType, isObjectType } from 'graphql';
import type { GraphQLField, GraphQLSchema } from 'graphql';
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
  for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()])
    if (root instanceof GraphQLObjectType) for (const field of Object.values(root.getFields())) guardRoot(field);
  return schema;
}

function guardRoot(field: GraphQLField<unknown, ApiContext>): void {
  const { subscribe, resolve = defaultFieldResolver } = field;
  const check = (context: ApiContext) => {
    if (context.caller.actor.kind === 'anonymous') throw unauthenticated();
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
