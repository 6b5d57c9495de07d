import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';
import type { ValueNode } from 'graphql';

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
const sha256 = /^[0-9a-f]{64}$/;
const position = /^(0|[1-9]\d{0,18})$/;
const largestPosition = 2n ** 63n - 1n;

function text(name: string, rule: string, holds: (text: string) => boolean): (value: unknown) => string {
  return (value) => {
    if (typeof value !== 'string' || !holds(value)) throw new GraphQLError(`${name}: ${rule}`);
    return value;
  };
}

function literal<Value>(parse: (value: unknown) => Value, name: string): (node: ValueNode) => Value {
  return (node) => {
    if (node.kind !== Kind.STRING) throw new GraphQLError(`${name}: a string`, { nodes: node });
    return parse(node.value);
  };
}

const dateTime = text('DateTime', 'RFC 3339 with offset, e.g. 2026-11-22T09:30:00Z', (value) => {
  return rfc3339.test(value) && Number.isFinite(Date.parse(value));
});

/** Kept as the text that came: the offset is part of the record. */
export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description: 'A time as RFC 3339 with offset.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => (value instanceof Date ? value.toISOString() : dateTime(value)),
  parseValue: dateTime,
  parseLiteral: literal(dateTime, 'DateTime'),
});

const digest = text('SHA256', '64 lower-case hexadecimal digits', (value) => sha256.test(value));

export const Sha256 = new GraphQLScalarType<string, string>({
  name: 'SHA256',
  description: 'A SHA-256 as 64 lower-case hexadecimal digits.',
  serialize: digest,
  parseValue: digest,
  parseLiteral: literal(digest, 'SHA256'),
});

function parsePosition(value: unknown): bigint {
  const parsed = typeof value === 'string' && position.test(value) ? BigInt(value) : -1n;
  if (parsed < 0n || parsed > largestPosition) throw new GraphQLError('Position: a decimal string below 2^63');
  return parsed;
}

export const Position = new GraphQLScalarType<bigint, string>({
  name: 'Position',
  description:
    'A place in the log of all events. Opaque and ordered, a decimal string: numbers of this size do not fit a JSON number.',
  serialize: (value) => {
    if (typeof value === 'bigint') return value.toString();
    return parsePosition(value).toString();
  },
  parseValue: parsePosition,
  parseLiteral: literal(parsePosition, 'Position'),
});

export const Json = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value, where the shape is the matter of the thing described.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});
