// A published event schema never changes: schemas/events/hashes.json holds the SHA-256 of each file.
// `--check` (npm run check): every file is published, unchanged, still there, and the newest versions say what the
// types of libs/lifecycle say. `--add` publishes files that are new, and nothing else. `--folder` looks elsewhere (test).
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root } from './lib.mjs';

const at = process.argv.indexOf('--folder');
const folder = at < 0 ? join(root, 'schemas', 'events') : resolve(process.argv[at + 1] ?? '');
const ledger = join(folder, 'hashes.json');

const published = existsSync(ledger) ? JSON.parse(readFileSync(ledger, 'utf8')) : {};
const files = readdirSync(folder).filter((name) => /\.v\d+\.json$/.test(name));
const hash = (name) =>
  createHash('sha256')
    .update(readFileSync(join(folder, name)))
    .digest('hex');

const problems = [];
for (const name of Object.keys(published))
  if (!files.includes(name)) problems.push(`${name} was published and is gone`);
for (const name of files) {
  if (name in published && published[name] !== hash(name))
    problems.push(`${name} was published and has changed: restore it and write a new version`);
  if (!(name in published) && !process.argv.includes('--add'))
    problems.push(`${name} is not published: node scripts/schema-hashes.mjs --add`);
}

if (process.argv.includes('--add') && problems.length === 0) {
  const all = Object.fromEntries(files.sort().map((name) => [name, published[name] ?? hash(name)]));
  writeFileSync(ledger, `${JSON.stringify(all, undefined, 2)}\n`);
}

if (process.argv.includes('--check') && problems.length === 0) {
  const { schemas } = await import('./event-schemas.mjs');
  const newest = await schemas();
  for (const [name, text] of newest)
    if (!files.includes(name) || readFileSync(join(folder, name), 'utf8') !== text)
      problems.push(`${name} differs from the types: node scripts/event-schemas.mjs --write`);
  for (const name of files) {
    const [, type, version] = /^(.+)\.v(\d+)\.json$/.exec(name);
    const known = [...newest.keys()].find((key) => key.startsWith(`${type}.v`));
    if (!known || Number(version) > Number(/\.v(\d+)\.json$/.exec(known)[1]))
      problems.push(`${name} is of no version that the catalogue knows`);
  }
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);
