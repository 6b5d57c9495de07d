// Jest's global setup of the int and e2e projects: the build, and one Postgres for the run; libs/postgres/testing.ts finds it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, root } from './lib.mjs';

// oxlint-disable-next-line import/no-default-export -- Jest asks for it
export default async function setup() {
  // The processes of the tests are the built ones.
  await ensureBuilt();
  if (process.env.ASSAY_TEST_POSTGRES) return;
  const program = [
    '--import',
    join(root, 'scripts', 'typescript-loader.mjs'),
    join(root, 'libs', 'postgres', 'testing-cluster.ts'),
  ];
  const child = spawn(process.execPath, program, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  const url = await new Promise((resolve, reject) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (part) => {
      said += part;
      if (said.includes('\n')) resolve(said.trim());
    });
    child.once('exit', () => reject(new Error('the Postgres of the test run did not start')));
  });
  process.env.ASSAY_TEST_POSTGRES = url;
  globalThis.assayTestPostgres = child;
}
