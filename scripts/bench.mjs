// `npm run bench [-- --json] [NAME …]`: runs test/bench/*.bench.ts, each in a process of its own.
// A bench file exports `bench: () => AsyncIterable<Measure>`; a measure is
// {name, value, unit, ratio, against, floor, ok}. Exit code 1 when a floor is missed.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readArguments, root } from './lib.mjs';

const { values, positionals: names } = readArguments('bench', {
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const { json } = values;
const folder = join(root, 'test', 'bench');
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.ts'))
  .sort();
const known = files.map((file) => file.replace('.bench.ts', ''));
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`npm run bench: there is no bench ${unknown.join(', ')}; known: ${known.join(', ')}\n`);
  process.exit(2);
}

let missed = 0;
for (const file of files) {
  if (names.length > 0 && !names.some((name) => file === `${name}.bench.ts`)) continue;
  if (!json) process.stderr.write(`${file}…\n`);
  const child = spawnSync(
    process.execPath,
    [
      '--import',
      join(root, 'scripts', 'typescript-loader.mjs'),
      '--expose-gc',
      join(root, 'scripts', 'bench-one.mjs'),
      join(folder, file),
    ],
    {
      cwd: root,
      env: { NODE_ENV: 'production', ...process.env },
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
  if (child.status !== 0) missed += 1;
  for (const line of child.stdout.split('\n').filter((text) => text.startsWith('{'))) {
    const measure = JSON.parse(line);
    if (!measure.ok) missed += 1;
    process.stdout.write(json ? `${line}\n` : `${present(measure)}\n`);
  }
}
process.exit(missed === 0 ? 0 : 1);

function present({ name, value, unit, ratio, against, floor, ok }) {
  const shown = (number) => (typeof number === 'number' ? Number(number.toPrecision(4)).toString() : String(number));
  const isOpen = typeof against === 'string' && against.startsWith('not judged');
  return `${isOpen ? '–     ' : ok ? 'ok    ' : 'MISSED'} ${name.padEnd(24)} ${shown(value)} ${unit}${ratio === undefined ? (isOpen ? `  ${against}` : '') : `  ${shown(ratio)} × ${against}`}  (floor ${shown(floor)})`;
}
