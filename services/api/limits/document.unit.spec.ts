import { describe, expect, test } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import { costOf, limitRule, measure } from './document.js';
import { defaultLimits } from './limits.js';

const schema = buildSchema(`
  type Query { lineage(first: Int): Lineage models(first: Int!): ModelConnection! model: Model nodes(ids: [ID!]!): [Model]! name: String }
  type Mutation { change: Model }
  type ModelConnection { edges: [ModelEdge!]! nodes: [Model!]! }
  type ModelEdge { node: Model! }
  type Model { name: String uses: [String!]! versions(first: Int!): ModelConnection! parts: [Part!]! model: Model }
  type Part { name: String }
  type Lineage { nodes: [LineageNode!]! edges: [LineageEdge!]! }
  type LineageNode { ref: String node: Model }
  type LineageEdge { from: String }
`);

const first = (document: DocumentNode) => document.definitions[0] as OperationDefinitionNode;
const measured = (query: string) => measure(parse(query), first(parse(query)));
const cost = (query: string, variables = {}) => costOf(schema, parse(query), first(parse(query)), variables);
const faults = (query: string, limits = {}) =>
  validate(schema, parse(query), [limitRule({ ...defaultLimits, ...limits })]).map(({ extensions }) => extensions);

describe('depth, aliases and root fields', () => {
  test('are counted through fragments', () => {
    expect(measured('{ a: name b: name model { model { name } } }')).toEqual({ depth: 3, aliases: 2, rootFields: 3 });
    expect(
      measured('{ ...F ...F } fragment F on Query { a: name model { ...G } } fragment G on Model { model { name } }'),
    ).toEqual({ depth: 3, aliases: 2, rootFields: 4 });
  });

  test('fragments that fan out exponentially are measured in linear time', () => {
    const fan = Array.from(
      { length: 60 },
      (_, level) => `fragment F${level} on Query { a${level}: name ...F${level + 1} ...F${level + 1} }`,
    ).join('\n');
    const started = performance.now();
    const { aliases } = measured(`{ ...F0 } ${fan} fragment F60 on Query { name }`);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(aliases).toBeGreaterThan(2 ** 50);
  });

  test('a cycle of fragments ends', () => {
    expect(measured('{ ...F } fragment F on Query { name ...F }')).toEqual({ depth: 1, aliases: 0, rootFields: 1 });
  });

  test('over the limit a typed error names limit, maximum and what was found', () => {
    expect(faults('{ a: name b: name c: name }', { aliases: 2 })).toEqual([
      { code: 'LIMIT_EXCEEDED', limit: 'aliases', maximum: 2, found: 3 },
    ]);
    expect(faults('{ model { model { name } } }', { depth: 2 })).toEqual([
      { code: 'LIMIT_EXCEEDED', limit: 'depth', maximum: 2, found: 3 },
    ]);
    expect(faults('{ name model { name } }', { rootFields: 1 })).toEqual([
      { code: 'LIMIT_EXCEEDED', limit: 'rootFields', maximum: 1, found: 2 },
    ]);
    expect(faults('{ a: name b: name model { model { name } } }')).toEqual([]);
  });
});

describe('cost', () => {
  test('counts the objects that could come back', () => {
    expect(cost('{ name }')).toBe(0);
    expect(cost('{ model { name } }')).toBe(1);
    // A connection of 50: itself and, for each, the node.
    expect(cost('{ models(first: 50) { nodes { name } } }')).toBe(100);
    expect(cost('{ models(first: 50) { edges { node { name } } } }')).toBe(150);
    expect(cost('{ models(first: 10) { nodes { versions(first: 10) { nodes { name } } } } }')).toBe(220);
    expect(cost('{ nodes(ids: ["a", "b", "c"]) { name } }')).toBe(3);
    expect(cost('query ($n: Int!) { models(first: $n) { nodes { name } } }', { n: 7 })).toBe(14);
    expect(cost('mutation { change { name } }')).toBe(11);
    // A walk's own nodes are light; what is loaded for each of them is not.
    expect(cost('{ lineage(first: 2000) { nodes { ref } edges { from } } }')).toBe(600);
    expect(cost('{ lineage(first: 2000) { nodes { node { name } } } }')).toBe(2_400);
  });

  test('a size that is not known counts as the largest page', () => {
    expect(cost('query ($n: Int!) { models(first: $n) { nodes { name } } }')).toBe(200);
  });
});
