import { describe, expect, test } from '@jest/globals';
import { array, assert, constantFrom, property, record } from 'fast-check';
import { layeredLayout } from './lineage-layout.js';

const options = { width: 700, nodeHeight: 40, gap: 10, maxColumn: 120 };
const edge = (from: string, to: string) => ({ from, to });

describe('the lineage drawing', () => {
  test('what comes first stands left of what was made from it', () => {
    const edges = [edge('data', 'run'), edge('code', 'run'), edge('run', 'version'), edge('version', 'evaluation')];
    const { nodes } = layeredLayout(['evaluation', 'version', 'run', 'code', 'data'], edges, options);
    for (const { from, to } of edges) expect(nodes.get(from)!.x).toBeLessThan(nodes.get(to)!.x);
  });

  test('a person stands right before the nearest thing that they did', () => {
    const { nodes } = layeredLayout(['a', 'b', 'c', 'p'], [edge('a', 'b'), edge('b', 'c'), edge('p', 'c')], options);
    expect(nodes.get('p')!.x).toBe(nodes.get('b')!.x);
  });

  test('ends, inside the width, without two boxes in one place: any graph, cycles too', () => {
    const name = constantFrom(...'abcdefghijkl');
    assert(
      property(array(record({ from: name, to: name }), { maxLength: 40 }), (edges) => {
        const ids = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
        if (ids.length === 0) return;
        const { nodes } = layeredLayout(
          ids,
          edges.filter(({ from, to }) => from !== to),
          options,
        );
        const places = [...nodes.values()].map(({ x, y }) => `${x} ${y}`);
        expect(new Set(places).size).toBe(ids.length);
        for (const { x } of nodes.values()) expect(x).toBeLessThan(options.width);
      }),
    );
  });
});
