import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { transform } from '@swc/core';
import { root } from './lib.mjs';

const options = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8'));

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
  const { code } = await transform(readFileSync(filename, 'utf8'), { ...options, filename, sourceMaps: 'inline' });
  return { format: 'module', source: code, shortCircuit: true };
}
