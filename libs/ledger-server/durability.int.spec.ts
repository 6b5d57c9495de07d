import { expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventStore } from '#libs/event-store';
import { freePort } from '#libs/runtime';
import { testEvent } from '../event-store/testing.js';
import { ledgerProgram } from './testing.js';

/** Why strace cannot be used here, if it cannot. */
function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'strace is for Linux';
  const { error, status, stderr } = spawnSync('strace', ['-o', '/dev/null', 'true'], { encoding: 'utf8' });
  if (error) return 'strace is not installed';
  return status === 0 ? undefined : `strace cannot trace here: ${stderr.trim().split('\n')[0]}`;
}

const reason = whyNot();
const traced = reason === undefined ? test : test.skip;

traced(
  `an event is written, synced and only then acknowledged${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-strace-'));
    const port = await freePort();
    const program = await ledgerProgram(folder, port);
    const store = createEventStore({ connectionString: program.connectionString });
    // Connections and prepared statements are made before the trace.
    for (let n = 0; n < 3; n += 1) await store.append('trace-test.one', [testEvent('Before')], 'any');
    const output = join(folder, 'trace');
    const calls = 'trace=write,writev,pwrite64,pwritev,pwritev2,fdatasync,sendto,sendmsg';
    const backend = writerBackend();
    const strace = spawn(
      'strace',
      ['-f', '-ttt', '-yy', '-s', '65536', '-e', calls, '-o', output, '-p', String(program.pid), '-p', String(backend)],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let attached = '';
    strace.stderr.setEncoding('utf8').on('data', (part: string) => (attached += part));
    while (!attached.includes(`Process ${backend} attached`)) await sleep(10);
    await sleep(200);
    const marker = randomUUID();
    await store.append('trace-test.one', [testEvent('Traced', { marker })], 'any');
    await sleep(200);
    const ended = new Promise((resolve) => strace.once('exit', resolve));
    strace.kill('SIGINT');
    await ended;
    const lines = readFileSync(output, 'utf8').split('\n');
    const from = (pid: number) => (line: string) => line.startsWith(`${pid} `);
    const index = (what: string, matches: (line: string) => boolean, after = -1) => {
      const found = lines.findIndex((line, at) => at > after && matches(line));
      if (found < 0)
        throw new Error(`${what} is not in the trace:\n${lines.map((line) => line.slice(0, 200)).join('\n')}`);
      return found;
    };
    const inLog = (line: string) => from(backend)(line) && /pwrite(64|v2?)\(\d+<[^>]*pg_wal/.test(line);
    const asked = index('the ledger’s statement', (line) => line.includes(marker) && /write|send/.test(line));
    const written = index('the write of the log', (line) => inLog(line) && line.includes(marker), asked);
    const synced = index(
      'fdatasync',
      (line) => from(backend)(line) && /fdatasync\(\d+<[^>]*pg_wal.*= 0$/.test(line),
      written,
    );
    const answered = index(
      'Postgres’s answer',
      (line) => from(backend)(line) && /sendto|write/.test(line) && line.includes('TCP'),
      synced,
    );
    const acknowledged = index(
      'the acknowledgement',
      (line) => !from(backend)(line) && /write/.test(line) && line.includes(`TCP:[127.0.0.1:${port}->`),
      asked,
    );
    expect(acknowledged).toBeGreaterThan(answered);
    expect([asked, written, synced, answered, acknowledged]).toEqual(
      [asked, written, synced, answered, acknowledged].sort((left, right) => left - right),
    );
    await store.close();
    await program.stop();
    rmSync(folder, { recursive: true, force: true });

    /** The Postgres process behind the writer's connection: its title says the role, and the newest one that writes. */
    function writerBackend(): number {
      const { stdout } = spawnSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' });
      const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
      const postmaster = rows.find(
        (words) => words.includes(join(folder, 'postgres', 'cluster')) && !words.includes('assay-guard'),
      );
      const backends = rows.filter(
        (words) => words[1] === postmaster?.[0] && words.slice(2).join(' ').includes('ledger ledger'),
      );
      // The writer connected first.
      const [first] = backends.map(([pid]) => Number(pid)).sort((left, right) => left - right);
      if (!first) throw new Error('the backend of the writer was not found');
      return first;
    }
  },
  240_000,
);
