import { expect, test } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogue } from '#libs/statistics';
import { measurementsFile, withCatalogue } from './write-measurements.js';

test('docs/measurements.md tells the catalogue as it is', () => {
  const document = readFileSync(measurementsFile, 'utf8');
  expect(withCatalogue(document)).toBe(document);
});

test('every measure that follows a library has goldens made by it', () => {
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'goldens');
  const held = new Set(
    readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as { cases?: { name: string }[] })
      .flatMap(({ cases = [] }) => cases.map(({ name }) => name)),
  );
  const without = [...catalogue.keys()].filter((id) => !/@(assay|ll144)$/.test(id) && !held.has(id));
  expect(without).toEqual([]);
});
