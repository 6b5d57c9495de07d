import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { repositoryRoot } from '#libs/runtime';

const root = repositoryRoot();
const document = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');

/** Rows of the table that follows a heading, without its first two lines. */
function rows(heading: string): readonly string[][] {
  const [, after = ''] = document.split(`\n## ${heading}\n`);
  const lines = after.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const faults = rows('Faults');

test.each(faults)('%s: has its test', (_fault, _happens, _seen, _lost, named) => {
  const [, path, title] = /^(\S+\.spec\.ts): (.+)$/.exec(named!)!;
  const spec = readFileSync(join(root, path!), 'utf8');
  expect(spec).toContain(title);
});

test('the table says of every fault what happens, what is seen and what is lost', () => {
  expect(faults.length).toBeGreaterThan(20);
  for (const row of faults) {
    expect(row).toHaveLength(5);
    for (const cell of row) expect(cell).not.toBe('');
  }
});

test('every line that it tells to start is one of package.json or of the start lines', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = new Set([...document.matchAll(/npm run ([a-z:-]+)/g)].map(([, name]) => name!));
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
  for (const [, service] of document.matchAll(/start:([a-z-]+)/g))
    expect({ service, exists: existsSync(join(root, 'services', service!, 'main.ts')) }).toMatchObject({
      exists: true,
    });
});

test('every metric that it names is one that a program has', () => {
  const sources = [
    'libs/runtime/metrics.ts',
    'services/relay/main.ts',
    'services/projector/metrics.ts',
    'services/process-manager/probes.ts',
    'services/inference/server.ts',
  ].map((path) => readFileSync(join(root, path), 'utf8'));
  const prefixes = ['assay_relay_', 'assay_process_manager_'];
  for (const [name] of document.matchAll(/assay_[a-z_]+[a-z]/g)) {
    const prefix = prefixes.find((one) => name.startsWith(one));
    const short = prefix === undefined ? name : name.slice(prefix.length);
    expect({ name, known: sources.some((source) => source.includes(`'${short}'`)) }).toMatchObject({ known: true });
  }
});

test('every variable that a service reads is described at the top of its main.ts', () => {
  const services = readdirSync(join(root, 'services')).filter((name) =>
    existsSync(join(root, 'services', name, 'main.ts')),
  );
  expect(services.length).toBeGreaterThan(7);
  for (const service of services) {
    const source = readFileSync(join(root, 'services', service, 'main.ts'), 'utf8');
    const described = source.slice(0, source.indexOf('import '));
    for (const [, name] of source.matchAll(/read\.(?:optional|required|integer|choice)\(\s*'([A-Z_]+)'/g))
      expect([service, name, described.includes(name!)]).toEqual([service, name, true]);
  }
});
