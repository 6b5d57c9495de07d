import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '../runtime/root.js';
import { catalogue } from './catalogue.js';

const root = repositoryRoot();
const published = join(root, 'schemas', 'events');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-schemas-'));
  cpSync(published, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function hashes(...args: readonly string[]): { readonly status: number | null; readonly stderr: string } {
  const script = join(root, 'scripts', 'schema-hashes.mjs');
  return spawnSync(process.execPath, [script, ...args, '--folder', folder], { encoding: 'utf8' });
}

describe('a published schema', () => {
  test('is what the types of the domain say, and what its hash says', () => {
    expect(hashes('--check')).toMatchObject({ status: 0, stderr: '' });
  });

  test('does not change, not by a byte, and no --add publishes the change', () => {
    appendFileSync(join(folder, 'ModelRegistered.v1.json'), '\n');
    for (const how of ['--check', '--add']) {
      const { status, stderr } = hashes(how);
      expect([how, status]).toEqual([how, 1]);
      expect(stderr).toContain('ModelRegistered.v1.json was published and has changed');
    }
  });

  test('does not disappear', () => {
    rmSync(join(folder, 'ModelRegistered.v1.json'));
    expect(hashes('--check').stderr).toContain('ModelRegistered.v1.json was published and is gone');
  });

  test('says what the types and the catalogue say, even where its hash is right', () => {
    cpSync(join(folder, 'PermitIssued.v1.json'), join(folder, 'PermitIssued.v2.json'));
    expect(hashes('--check').stderr).toContain('PermitIssued.v2.json is not published');
    const ledger = JSON.parse(readFileSync(join(folder, 'hashes.json'), 'utf8')) as Record<string, string>;
    delete ledger['PermitRevoked.v1.json'];
    writeFileSync(join(folder, 'hashes.json'), JSON.stringify(ledger));
    appendFileSync(join(folder, 'PermitRevoked.v1.json'), '\n');
    expect(hashes('--add').status).toBe(0);
    const { stderr } = hashes('--check');
    expect(stderr).toContain('PermitIssued.v2.json is of no version that the catalogue knows');
    expect(stderr).toContain('PermitRevoked.v1.json differs from the types');
  });
});

test('the catalogue for readers says what the catalogue in code says', () => {
  const rows = readFileSync(join(published, 'README.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(rows.map((cells) => cells.slice(1, 6))).toEqual(
    Object.entries(catalogue).map(([type, { aggregate, version, retention, grade }]) => [
      `\`${type}\``,
      aggregate,
      String(version),
      retention,
      grade,
    ]),
  );
  expect(rows.every((cells) => cells[6] && cells[7])).toBe(true);
});
