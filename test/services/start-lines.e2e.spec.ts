import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPool } from '#libs/postgres';
import { repositoryRoot } from '#libs/runtime';
import { testDatabase } from '../../libs/postgres/testing.js';
import type { TestDatabase } from '../../libs/postgres/testing.js';

const root = repositoryRoot();
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

interface Service {
  /** What it has said on standard output and standard error. */
  said(): string;
  readonly ended: Promise<number | NodeJS.Signals | null>;
  stop(): void;
}

function start(service: string, environment: Readonly<Record<string, string>>): Service {
  const args = [join(root, 'dist', 'services', service, 'main.js')];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...environment, ASSAY_PARENT: String(process.pid) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (said += part.toString()));
  return {
    said: () => said,
    ended: new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal))),
    stop: () => child.kill('SIGTERM'),
  };
}

const environments: Readonly<Record<string, readonly [variable: string, environment: Record<string, string>]>> = {
  api: ['DATABASE_URL', {}],
  exporter: ['DATABASE_URL', {}],
  inference: ['ASSAY_WORKSPACE', {}],
  'process-manager': ['DATABASE_URL', {}],
  projector: ['KAFKA_BROKERS', { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', KAFKA_BROKERS: 'no port' }],
  relay: ['EVENTSTORE_URL', { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }],
  trainer: ['ASSAY_WORK', {}],
};

test('each start line is a service, and a service without its configuration says which variable it needs', async () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const lines = Object.keys(scripts).filter((line) => line.startsWith('start:'));
  expect(lines).toEqual([...Object.keys(environments), 'ledger'].sort().map((service) => `start:${service}`));
  await Promise.all(
    Object.entries(environments).map(async ([service, [variable, environment]]) => {
      const running = start(service, environment);
      expect([service, await running.ended]).toEqual([service, 2]);
      expect(running.said()).toContain(`assay ${service} did not start: ${variable}: `);
    }),
  );
}, 180_000);

/** What `npm run LINE -- ARGUMENTS` says, and its exit code. */
function runLine(line: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const words = [join(root, 'scripts', 'run.mjs'), line, ...args];
  return new Promise((resolve) =>
    execFile(process.execPath, words, { timeout: 120_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    ),
  );
}

test('each line tells how it is called, and names an option that it does not know', async () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const lines = Object.entries(scripts).flatMap(([name, text]) =>
    text.startsWith('node scripts/run.mjs') ? [name] : [],
  );
  expect(lines.length).toBeGreaterThan(10);
  const own = lines.filter((line) => line !== 'test');
  const helped = await Promise.all(own.map((line) => runLine(line, '--help')));
  for (const [index, line] of own.entries()) {
    const { code, stdout, stderr } = helped[index]!;
    expect([line, code, stderr]).toEqual([line, 0, '']);
    expect(stdout).toMatch(new RegExp(`npm (run )?${line === 'start:ledger' ? '(start:)?ledger' : line}\\b`));
  }
  // A service's refusal is one and the same.
  const different = own.filter((line) => !line.startsWith('start:') || line === 'start:relay');
  const refused = await Promise.all(different.map((line) => runLine(line, '--nonsense')));
  for (const [index, line] of different.entries()) {
    const { code, stdout, stderr } = refused[index]!;
    expect([line, code, stdout]).toEqual([line, 2, '']);
    expect(stderr).toMatch(/^.*--nonsense.*\n(usage: .*\n)?$/);
  }
  for (const line of ['bench', 'check'])
    expect((await runLine(line, 'nonsense')).stderr).toMatch(/^npm run \w+: .*nonsense; known: /);
  expect((await runLine('test:crash', '--kills', 'many')).stderr).toBe(
    'npm run test:crash: --kills: a whole number above 0, not "many"\n',
  );
}, 180_000);

const withShell = process.platform === 'win32' ? test.skip : test;

withShell(
  'a service ends with the shell that npm puts in front of it, whose end is all that it sees of a SIGTERM',
  async () => {
    const script = `"${process.execPath}" "${join(root, 'scripts', 'run.mjs')}" start:relay; exit $?`;
    const shell = spawn('sh', ['-c', script], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        npm_lifecycle_event: 'start:relay',
        EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false',
        DATABASE_URL: database.url,
        KAFKA_BROKERS: '127.0.0.1:1',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    shell.stdout.on('data', (part: Buffer) => (said += part.toString()));
    await until('the line', () => said.includes('health at '));
    const url = /health at (\S+)/.exec(said)![1]!;
    shell.kill('SIGTERM');
    await until('the end', () =>
      fetch(`${url}/health/live`).then(
        () => false,
        () => true,
      ),
    );
  },
  180_000,
);

test('relay and projector start with everything away, say so in /health/ready, and stop when told to', async () => {
  const environment = {
    EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false',
    DATABASE_URL: database.url,
    KAFKA_BROKERS: '127.0.0.1:1',
  };
  const services = ['relay', 'projector'].map((service) => start(service, environment));
  for (const running of services) {
    await until('the line', () => running.said().includes('health at '));
    const url = /health at (\S+)/.exec(running.said())![1]!;
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    let reasons: Record<string, string> = {};
    await until('the reason', async () => {
      const answer = await fetch(`${url}/health/ready`);
      expect(answer.status).toBe(503);
      ({ reasons } = (await answer.json()) as { reasons: Record<string, string> });
      return JSON.stringify(reasons).match(/broker-away|ECONNREFUSED|Connection error/) !== null;
    });
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^assay_(relay_leading|projector_partitions) 0$/m);
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
    running.stop();
    expect(await running.ended).toBe(0);
  }
  // What cannot be written was not written: the registry is there, no lease was taken.
  const pool = createPool(database.url, { max: 1 });
  const { rows } = await pool.query('SELECT * FROM relay.lease');
  await pool.end();
  expect(rows).toEqual([]);
}, 180_000);

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 90_000; !(await holds());) {
    if (Date.now() > deadline) throw new Error(`${what} did not come within 90 s`);
    await new Promise((wait) => setTimeout(wait, 50));
  }
}
