// Writes schemas/schema.graphql from the resolvers; `--check` compares instead. Needs no database.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib.mjs';
import './typescript-loader.mjs';

const file = join(root, 'schemas', 'schema.graphql');
const { apiSdl } = await import('../services/api/schema.ts');
const sdl = await apiSdl();

if (!process.argv.includes('--check')) {
  mkdirSync(join(root, 'schemas'), { recursive: true });
  writeFileSync(file, sdl);
} else if (!existsSync(file) || readFileSync(file, 'utf8') !== sdl) {
  const committed = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const lines = sdl.split('\n');
  const added = lines.filter((line) => !committed.includes(line));
  const removed = committed.filter((line) => !lines.includes(line));
  for (const line of removed.slice(0, 20)) process.stderr.write(`- ${line}\n`);
  for (const line of added.slice(0, 20)) process.stderr.write(`+ ${line}\n`);
  process.stderr.write('schemas/schema.graphql is not what the resolvers say: node scripts/graphql-schema.mjs\n');
  process.exit(1);
}
process.exit(0);
