// Every installed package must carry a licence that permits use in an Apache-2.0 product, distributed or hosted.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib.mjs';

const permitted = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-3.0',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'OFL-1.1',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
  'WTFPL',
  'Zlib',
]);

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const refused = [];
let seen = 0;
for (const path of Object.keys(lock.packages)) {
  const manifest = join(root, path, 'package.json');
  if (path === '' || !existsSync(manifest)) continue;
  seen += 1;
  const { license, licenses, name, version } = JSON.parse(readFileSync(manifest, 'utf8'));
  const stated =
    (typeof license === 'string' ? license : (license?.type ?? licenses?.map(({ type }) => type).join(' OR '))) ??
    fromText(join(root, path, 'LICENSE'));
  if (!satisfied(stated)) refused.push(`${name}@${version}: ${stated || 'no licence stated'}`);
}
for (const line of refused) process.stderr.write(`${line}\n`);
process.stdout.write(`${seen} packages, ${refused.length} refused\n`);
process.exit(refused.length === 0 && seen > 0 ? 0 : 1);

/** SPDX expressions as npm packages use them: one side of an OR is enough, every part of an AND is needed. */
function satisfied(expression) {
  return expression
    .replace(/[()]/g, '')
    .split(/\s+OR\s+/)
    .some((side) => side.split(/\s+AND\s+/).every((part) => permitted.has(part.trim())));
}

/** Where the manifest is silent, the first line of the licence text speaks. */
function fromText(file) {
  return existsSync(file) && /^MIT License\b/.test(readFileSync(file, 'utf8')) ? 'MIT' : '';
}
