import { Args, ArgsType, Field, InputType, Int, ObjectType } from '@nestjs/graphql';
import type { Type } from '@nestjs/common';
import { partOfAnswer } from '../graphql/errors.js';
import { apiError } from '../graphql/faults.js';
import { DateTime, Position } from '../graphql/scalars.js';

/** Most nodes of one page. */
export const pageLimit = 100;

@InputType({
  isOneOf: true,
  description: 'When the question is asked of: one of three. Left out: the position that all views have reached.',
})
export class AsOfInput {
  @Field(() => Position, { nullable: true, description: 'As of this position, waiting for it where need be.' })
  position?: bigint;
  @Field(() => DateTime, { nullable: true, description: 'As of what was recorded at or before this time.' })
  time?: string;
  @Field(() => Position, { nullable: true, description: 'Now, but having seen this position: read what you wrote.' })
  atLeast?: bigint;
}

export function AsOfArg(): ParameterDecorator {
  return Args('asOf', { type: () => AsOfInput, nullable: true });
}

@ArgsType()
export class PageArgs {
  @Field(() => Int, { description: `1 to ${pageLimit}.` })
  first: number;
  @Field(() => String, { nullable: true, description: 'The cursor that the page follows.' })
  after?: string;
}

@ObjectType()
@partOfAnswer
export class PageInfo {
  @Field(() => Boolean)
  hasNextPage: boolean;
  @Field(() => Boolean)
  hasPreviousPage: boolean;
  @Field(() => String, { nullable: true })
  startCursor?: string;
  @Field(() => String, { nullable: true })
  endCursor?: string;
}

export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly nodes: readonly Node[];
  readonly pageInfo: PageInfo;
  /** The position that the page was read at. */
  readonly position: bigint;
}

/** The Relay connection type of a node type: `XConnection` and `XEdge`. */
export function connectionOf<Node>(node: () => Type<Node>, name: string): Type<Connection<Node>> {
  @ObjectType(`${name}Edge`)
  @partOfAnswer
  class Edge {
    @Field(() => String)
    cursor: string;
    @Field(node)
    node: Node;
  }
  @ObjectType(`${name}Connection`)
  @partOfAnswer
  class PageOf {
    @Field(() => [Edge])
    edges: readonly Edge[];
    @Field(() => [node()])
    nodes: readonly Node[];
    @Field(() => PageInfo)
    pageInfo: PageInfo;
    @Field(() => Position, { description: 'The position that the page was read at: further pages ask `asOf` it.' })
    position: bigint;
  }
  return PageOf as unknown as Type<Connection<Node>>;
}

/** A cursor holds its place and the position that it was made at: a page follows it at the same position. */
export interface Cursor {
  readonly position: bigint;
  /** What rows are ordered by, then the key. */
  readonly place: readonly string[];
}

export function writeCursor({ position, place }: Cursor): string {
  return Buffer.from(JSON.stringify([String(position), ...place])).toString('base64url');
}

/** @throws GraphQLError BAD_USER_INPUT */
export function readCursor(cursor: string, parts: number): Cursor {
  const read = parseCursor(cursor);
  if (read.place.length === parts) return read;
  throw invalidCursor();
}

/** @throws GraphQLError BAD_USER_INPUT */
export function cursorPosition(cursor: string): bigint {
  return parseCursor(cursor).position;
}

function parseCursor(cursor: string): Cursor {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.every((part) => typeof part === 'string')) {
      const [position, ...place] = parts as string[];
      if (/^\d{1,19}$/.test(position ?? '')) return { position: BigInt(position!), place };
    }
  } catch {
    // Whatever it was, it was not one of ours.
  }
  throw invalidCursor();
}

function invalidCursor(): Error {
  return apiError('BAD_USER_INPUT', 'after: must be a cursor of this list', { field: 'after' });
}

/** @throws GraphQLError BAD_USER_INPUT */
export function checkFirst(first: number): number {
  if (first >= 1 && first <= pageLimit) return first;
  throw apiError('BAD_USER_INPUT', `first: 1 to ${pageLimit}`, { field: 'first', maximum: pageLimit });
}

/** A connection from one row more than was asked for. */
export function connection<Node>(
  found: readonly { readonly node: Node; readonly place: readonly string[] }[],
  first: number,
  position: bigint,
  after: string | null | undefined,
): Connection<Node> {
  const edges = found.slice(0, first).map(({ node, place }) => ({ cursor: writeCursor({ position, place }), node }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    position,
    pageInfo: {
      hasNextPage: found.length > first,
      hasPreviousPage: after !== undefined && after !== null,
      ...(edges.length > 0 && { startCursor: edges[0]!.cursor, endCursor: edges.at(-1)!.cursor }),
    },
  };
}
