import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { cut, hierarchy, maximumHierarchyRows } from './hierarchical.js';
import type { Linkage } from './hierarchical.js';
import { maximumTsneRows, tsne } from './t-sne.js';

const path = join(repositoryRoot(), 'test/peers/goldens/learning-projection.json');
const golden = JSON.parse(readFileSync(path, 'utf8')) as {
  x: number[][];
  group: number[];
  trees: Record<Linkage, { joins: [number, number, number, number][]; clusters: number[] }>;
  divergences: Record<string, number>;
};
const rows = golden.x.length;
const values = Float64Array.from(golden.x.flat());

describe('hierarchical clustering', () => {
  test.each(Object.keys(golden.trees) as Linkage[])('%s joins as scipy 1.17.1', (linkage) => {
    const joins = hierarchy(values, rows, linkage);
    golden.trees[linkage].joins.forEach(([left, right, height, count], i) => {
      expect(joins[i]).toMatchObject({ left, right, rows: count });
      expect(joins[i]!.height).toBeCloseTo(height, 9);
    });
    const own = cut(joins, 4);
    const names = new Map(golden.trees[linkage].clusters.map((theirs, row) => [theirs, own[row]!]));
    expect(Array.from(own)).toEqual(golden.trees[linkage].clusters.map((theirs) => names.get(theirs)));
  });

  test('equal rows join at 0, and limits are named', () => {
    const joins = hierarchy(Float64Array.of(1, 1, 1, 5), 4, 'average');
    expect(joins.map(({ height }) => height)).toEqual([0, 0, 4]);
    expect(() => hierarchy(new Float64Array(1), 1, 'ward')).toThrow(expect.objectContaining({ code: 'NoRows' }));
    const many = maximumHierarchyRows + 1;
    expect(() => hierarchy(new Float64Array(many), many, 'ward')).toThrow(
      expect.objectContaining({ code: 'TooLarge' }),
    );
    expect(() => cut(joins, 9)).toThrow(expect.objectContaining({ code: 'Hyperparameter' }));
  });
});

describe('t-SNE', () => {
  test.each([15])('of perplexity %d diverges no more than scikit-learn 1.9.1, within a twentieth', (perplexity) => {
    const { divergence } = tsne(values, rows, { perplexity, seed: 0 });
    expect(divergence).toBeLessThan(golden.divergences[String(perplexity)]! * 1.05);
  });

  test('is one map for one seed, keeps groups together, and names its limits', () => {
    const options = { perplexity: 10, seed: 4, iterations: 300 };
    const { coordinates } = tsne(values, rows, options);
    expect(tsne(values, rows, options).coordinates).toEqual(coordinates);
    let together = 0;
    for (let i = 0; i < rows; i += 1) {
      let [nearest, least] = [-1, Infinity];
      for (let j = 0; j < rows; j += 1) {
        const distance = Math.hypot(
          coordinates[i * 2]! - coordinates[j * 2]!,
          coordinates[i * 2 + 1]! - coordinates[j * 2 + 1]!,
        );
        if (j !== i && distance < least) [nearest, least] = [j, distance];
      }
      together += Number(golden.group[i] === golden.group[nearest]);
    }
    expect(together / rows).toBeGreaterThan(0.8);
    expect(tsne(new Float64Array(40), 10, { seed: 1, iterations: 50 }).coordinates.every(Number.isFinite)).toBe(true);
    expect(() => tsne(values, rows, { perplexity: 30, seed: 0 })).toThrow(
      expect.objectContaining({ code: 'Hyperparameter' }),
    );
    const many = maximumTsneRows + 1;
    expect(() => tsne(new Float64Array(many), many, { seed: 0 })).toThrow(
      expect.objectContaining({ code: 'TooLarge' }),
    );
  });
});
