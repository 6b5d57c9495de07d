// `assay …` in the image, where everything is built already and nothing may be written. The stores' addresses hold
// passwords, so that they stand in files.
import { readFileSync } from 'node:fs';
import { main } from '../dist/services/cli/main.js';

for (const name of ['DATABASE_URL', 'EVENTSTORE_URL']) {
  const path = process.env[`${name}_FILE`];
  if (path) process.env[name] ??= readFileSync(path, 'utf8').trim();
}
process.exitCode = await main(process.argv.slice(2));
