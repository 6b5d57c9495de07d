// Compiles services/ and libs/ into dist/ with swc (the compiler that Jest uses too), file by file, only what changed.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, withLock } from './lib.mjs';

const roots = ['libs', 'services'];
const assets = /\.(sql|proto|json|html|css|svg)$/;
const tests = /\.(spec|test|bench)\.ts$/;

export async function build({ quiet = false } = {}) {
  if (stale().length === 0) return;
  await withLock(join(root, 'dist', '.lock'), async () => {
    const work = stale();
    if (work.length === 0) return;
    if (!quiet || work.length > 20) process.stderr.write(`building ${work.length} files…\n`);
    const { transform } = await import('@swc/core');
    const options = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8'));
    for (const { source, target, kind } of work) {
      mkdirSync(dirname(target), { recursive: true });
      if (kind === 'remove') rmSync(target, { force: true });
      else if (kind === 'copy') {
        const { mtime } = statSync(source);
        copyFileSync(source, target);
        utimesSync(target, mtime, mtime);
      } else {
        // The time is read before the text: an edit in between is seen at the next build.
        const { mtime } = statSync(source);
        const { code, map } = await transform(readFileSync(source, 'utf8'), {
          ...options,
          filename: source,
          sourceMaps: true,
        });
        const temporary = `${target}.${process.pid}`;
        writeFileSync(`${target}.map`, map);
        writeFileSync(temporary, `${code}\n//# sourceMappingURL=${target.slice(target.lastIndexOf('/') + 1)}.map\n`);
        utimesSync(temporary, mtime, mtime);
        renameSync(temporary, target);
      }
    }
  });
}

/** An output carries the time of the source that it was made from. */
function sameTime(target, source) {
  return Math.abs(statSync(target).mtimeMs - statSync(source).mtimeMs) < 1;
}

/** Every file whose output is missing or not of its source, and every output whose source is gone. */
function stale() {
  const work = [];
  for (const folder of roots) {
    const expected = new Set();
    for (const path of walk(join(root, folder))) {
      const kind = path.endsWith('.ts') && !path.endsWith('.d.ts') ? 'compile' : assets.test(path) ? 'copy' : undefined;
      if (!kind || tests.test(path)) continue;
      const target = join(root, 'dist', path.slice(root.length + 1)).replace(/\.ts$/, '.js');
      expected.add(target);
      if (!existsSync(target) || !sameTime(target, path)) work.push({ source: path, target, kind });
    }
    for (const path of walk(join(root, 'dist', folder))) {
      if (path.endsWith('.js') && !expected.has(path)) work.push({ target: path, kind: 'remove' });
    }
  }
  return work;
}

function* walk(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await build();
