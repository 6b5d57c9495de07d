import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join, relative } from 'node:path';
import { root } from './lib.mjs';

export async function resolve(specifier, context, next) {
  const alias = /^#(libs|services)\/(.+)$/.exec(specifier);
  if (alias)
    return {
      url: pathToFileURL(join(root, alias[1], alias[2], 'index.ts')).href,
      format: 'module',
      shortCircuit: true,
    };
  if (/^\.{1,2}\//.test(specifier) && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(fileURLToPath(url))) return { url: url.href, format: 'module', shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const filename = fileURLToPath(url);
  return { format: 'module', source: built(filename) ?? (await compiled(filename)), shortCircuit: true };
}

/** What the build made of just this source (scripts/build.mjs gives an output the time of its source): half of the
 * time in which a process starts is spared. */
function built(filename) {
  const target = join(root, 'dist', relative(root, filename).replace(/\.ts$/, '.js'));
  const [made, source] = [target, filename].map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs);
  if (!(Math.abs(made - source) < 1)) return undefined;
  const map = pathToFileURL(`${target}.map`).href;
  return readFileSync(target, 'utf8').replace(/(?<=\n\/\/# sourceMappingURL=).+\s*$/, map);
}

let options;

async function compiled(filename) {
  const { transform } = await import('@swc/core');
  options ??= JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8'));
  const { code } = await transform(readFileSync(filename, 'utf8'), { ...options, filename, sourceMaps: 'inline' });
  return code;
}
