import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, getNamedType, isInterfaceType, isLeafType, isObjectType, isUnionType } from 'graphql';
import type { GraphQLNamedType, GraphQLObjectType, GraphQLSchema } from 'graphql';
import { repositoryRoot } from '#libs/runtime';

/** What a mutation answered: the success type, or one of the typed errors with its own fields. */
export interface MutationAnswer {
  readonly __typename: string;
  readonly id?: string;
  readonly position?: string;
  readonly positions?: readonly string[];
  readonly code?: string;
  readonly message?: string;
  readonly [field: string]: unknown;
}

/** How deep an answer is selected: errors carry lists of numbers and paths, nothing deeper. */
const selectionDepth = 3;

/** GraphQL as a portal speaks it: documents made from the committed SDL, one user's token, nothing private. */
export class GraphqlClient {
  private static readonly schema: GraphQLSchema = buildSchema(
    readFileSync(join(repositoryRoot(), 'schemas', 'schema.graphql'), 'utf8'),
  );

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** Sends one mutation. `commandId` is made here unless the input has one. */
  async mutate(name: string, input: Readonly<Record<string, unknown>>): Promise<MutationAnswer> {
    const field = GraphqlClient.schema.getMutationType()?.getFields()[name];
    if (!field) throw new Error(`the API has no mutation ${name}`);
    const result = getNamedType(field.type);
    const document = `mutation ($input: ${String(field.args[0]!.type)}) { ${name}(input: $input) ${selection(result, 0)} }`;
    const answer = await this.send(document, { input: { commandId: randomUUID(), ...input } });
    return unaliased(answer[name] as Record<string, unknown>);
  }

  query<Data>(document: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Data> {
    return this.send(document, variables) as Promise<Data>;
  }

  private async send(query: string, variables: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
        authorization: `Bearer ${this.token}`,
      },
      body: JSON.stringify({ query, variables }),
    });
    const body = (await response.json()) as { data?: Record<string, unknown>; errors?: readonly { message: string }[] };
    if (body.errors?.length || !body.data) {
      throw new Error(`GraphQL answered ${response.status}: ${JSON.stringify(body.errors ?? body)}`);
    }
    return body.data;
  }
}

/** Every field of the answer's types that needs no argument. */
function selection(type: GraphQLNamedType, depth: number, prefix: (name: string) => string = () => ''): string {
  if (isUnionType(type)) {
    const unlike = unlikeFields(type.getTypes());
    const members = type
      .getTypes()
      .map((member) => [member, (name: string) => (unlike.has(name) ? `${member.name}_${name}: ` : '')] as const)
      .map(([member, alias]) => `... on ${member.name} ${selection(member, depth, alias)}`);
    return `{ __typename ${members.join(' ')} }`;
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return '';
  const fields = Object.values(type.getFields())
    .filter(({ args }) => args.length === 0)
    .map(({ name, type: fieldType }) => {
      const named = getNamedType(fieldType);
      if (isLeafType(named)) return `${prefix(name)}${name}`;
      return depth + 1 < selectionDepth ? `${prefix(name)}${name} ${selection(named, depth + 1)}` : '';
    });
  return `{ ${fields.filter(Boolean).join(' ')} }`;
}

/** Fields that the members of a union type differently: GraphQL refuses to merge them under one name (5.3.2). */
function unlikeFields(members: readonly GraphQLObjectType[]): ReadonlySet<string> {
  const types = new Map<string, Set<string>>();
  for (const member of members) {
    for (const { name, type } of Object.values(member.getFields())) {
      types.set(name, (types.get(name) ?? new Set()).add(String(type)));
    }
  }
  return new Set([...types].filter(([, seen]) => seen.size > 1).map(([name]) => name));
}

function unaliased(answer: Record<string, unknown>): MutationAnswer {
  const type = answer['__typename'] as string;
  const fields = Object.entries(answer).map(([name, value]) => [name.replace(`${type}_`, ''), value]);
  return Object.fromEntries(fields) as MutationAnswer;
}
