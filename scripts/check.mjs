// `npm run check [-- NAME]`: every line must pass; all of them run, so that one look shows all that is wrong. With NAME
// only those that have it in theirs: format, lint, types, schema hashes, schema diff, lockfile, licences.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readArguments, root } from './lib.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);

const lines = [
  { name: 'format', command: bin('prettier'), args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'lint', command: bin('oxlint'), args: ['--deny-warnings', 'libs', 'services', 'test', 'scripts'] },
  { name: 'types', command: bin('tsc'), args: ['-p', 'tsconfig.json'] },
  { name: 'schema hashes', command: process.execPath, args: ['scripts/schema-hashes.mjs', '--check'] },
  { name: 'schema diff', command: process.execPath, args: ['scripts/graphql-schema.mjs', '--check'] },
  { name: 'lockfile', command: process.execPath, args: ['scripts/complete-lockfile.mjs', '--check'] },
  { name: 'licences', command: process.execPath, args: ['scripts/licences.mjs'] },
];

const [only] = readArguments('check', { allowPositionals: true }).positionals;
if (only && !lines.some(({ name }) => name.includes(only))) {
  process.stderr.write(
    `npm run check: no line is called ${only}; known: ${lines.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}
let failed = 0;
for (const { name, command, args } of lines) {
  if (only && !name.includes(only)) continue;
  if (args[0].startsWith('scripts/') && !existsSync(join(root, args[0]))) continue;
  const started = performance.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) failed += 1;
  process.stdout.write(
    `${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`,
  );
}
process.exit(failed === 0 ? 0 : 1);
