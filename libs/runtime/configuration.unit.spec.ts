import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { InvalidConfiguration, readConfiguration } from '#libs/runtime';

const folder = mkdtempSync(join(tmpdir(), 'assay-configuration-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('reads values, defaults, and secrets from files', () => {
  const path = join(folder, 'token');
  writeFileSync(path, 'secret\n');
  const read = readConfiguration({ PORT: '80', TOKEN_FILE: path, EMPTY: '' });
  expect(read.integer('PORT', 1, 0, 65_535)).toBe(80);
  expect(read.integer('OTHER', 7, 0, 10)).toBe(7);
  expect(read.required('TOKEN', 'the token')).toBe('secret');
  expect(read.optional('EMPTY')).toBeUndefined();
});

test('what can be no URL of its kind is refused by name, without its value', () => {
  const wrong = readConfiguration({ DATABASE_URL: 'db.example:secret', EVENTSTORE_URL: 'http://secret' });
  expect(() => wrong.required('DATABASE_URL', 'PostgreSQL')).toThrow(/^DATABASE_URL: a URL that begins with postgres:/);
  expect(() => wrong.optional('EVENTSTORE_URL')).toThrow(/^EVENTSTORE_URL: a connection string that begins with esdb:/);
  for (const name of ['DATABASE_URL', 'EVENTSTORE_URL']) expect(() => wrong.optional(name)).not.toThrow(/secret/);
  const right = { DATABASE_URL: 'postgresql://a@b/c', EVENTSTORE_URL: 'esdb+discover://a:2113' };
  const read = readConfiguration(right);
  expect([read.optional('DATABASE_URL'), read.optional('EVENTSTORE_URL')]).toEqual(Object.values(right));
});

test('what is missing, doubled or no number is refused by name, without its value', () => {
  const read = readConfiguration({ PORT: '80x', BIG: '70000', A: 'value-of-a', A_FILE: '/x', B_FILE: '/nowhere/x' });
  const wrong = [
    () => read.integer('PORT', 1, 0, 65_535),
    () => read.integer('BIG', 1, 0, 65_535),
    () => read.required('NOTHING', 'something'),
    () => read.optional('A'),
    () => read.optional('B'),
  ];
  for (const attempt of wrong) expect(attempt).toThrow(InvalidConfiguration);
  expect(wrong[3]).not.toThrow(/value-of-a/);
});
