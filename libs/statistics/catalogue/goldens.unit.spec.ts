import { describe, expect, test } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { InputError, measure, tableOf } from '../index.js';
import type { Cell, Table } from '../index.js';

interface Golden {
  versions: Record<string, string>;
  tables: Record<string, Record<string, Cell[]>>;
  cases: {
    name: string;
    tables: string[];
    args: Record<string, unknown>;
    value: number | null;
    /** Relative; the reference's own error where it is over 1e-9. */
    tolerance?: number;
    /** Absolute slack, where the reference states one. */
    absolute?: number;
  }[];
}

const folder = join(repositoryRoot(), 'test', 'peers', 'goldens');
const files = readdirSync(folder).filter((file) => file.endsWith('.json') && !/^(spine|learning)/.test(file));

describe.each(files)('%s', (file) => {
  const { tables, cases, versions } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Golden;
  const parsed = new Map<string, Table>(Object.entries(tables).map(([name, columns]) => [name, tableOf(columns)]));
  const names = [...new Set(cases.map(({ name }) => name))];

  test.each(names)('%s', (name) => {
    const wrong: unknown[] = [];
    let checked = 0;
    for (const golden of cases.filter((candidate) => candidate.name === name)) {
      let value: number | null;
      try {
        value = measure(
          name,
          golden.tables.map((table) => parsed.get(table)!),
          golden.args,
        ).value;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        wrong.push({ ...golden, error: error.message });
        continue;
      }
      checked += 1;
      const tolerance = golden.tolerance ?? 1e-9;
      const agrees =
        golden.value === null || value === null
          ? value === golden.value
          : Math.abs(value - golden.value) <= tolerance * Math.abs(golden.value) + (golden.absolute ?? 1e-14);
      if (!agrees) wrong.push({ ...golden, ours: value });
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(checked).toBeGreaterThan(0);
    expect(Object.keys(versions)).not.toHaveLength(0);
  });
});
