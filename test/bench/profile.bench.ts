// profile: reads, profiles and seals 1,000,000 × 50 from Parquet in a process of its own, against DuckDB's SUMMARIZE of
// the same file in another. Doubles in 30 columns (some with nulls), integers, texts, a boolean and a date.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { repositoryRoot } from '#libs/runtime';

const rows = 1_000_000;
const here = join(repositoryRoot(), 'test', 'bench');

export async function* bench() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-profile-'));
  try {
    const file = join(folder, 'table.parquet');
    await write(file);
    const ours = [0, 1].map(() => once('profile-process.mjs', file));
    const theirs = [0, 1].map(() => once('summarize-process.mjs', file));
    const seconds = (runs: readonly Run[]): number => Math.min(...runs.map((run) => run.seconds));
    const ratio = seconds(theirs) / seconds(ours);
    yield {
      name: 'profile',
      value: seconds(ours),
      unit: 's for 1,000,000 × 50',
      ratio,
      against: `DuckDB SUMMARIZE of the same file (${seconds(theirs).toPrecision(3)} s)`,
      floor: 0.5,
      ok: ratio >= 0.5,
    };
    const megabytes = Math.max(...ours.map((run) => run.maximumResidentBytes)) / 1e6;
    yield {
      name: 'profile-memory',
      value: megabytes,
      unit: 'MB resident at most',
      ratio: 1000 / megabytes,
      against: '1 GB, the whole process tree',
      floor: 1,
      ok: megabytes < 1000,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Run {
  readonly seconds: number;
  readonly maximumResidentBytes: number;
}

function once(script: string, file: string): Run {
  const child = spawnSync(process.execPath, [join(here, script), file], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(`${script} failed: ${child.stderr}`);
  return JSON.parse(child.stdout) as Run;
}

async function write(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB' });
  const connection = await instance.connect();
  const normal = 'sqrt(-2 * ln(random() + 1e-12)) * cos(6.283185307 * random())';
  const columns = [
    ...Array.from({ length: 30 }, (_, i) =>
      i % 5 === 0
        ? `CASE WHEN random() < 0.02 THEN NULL ELSE ${normal} * ${i + 1} END AS x${i}`
        : `${normal} * ${i + 1} AS x${i}`,
    ),
    ...Array.from({ length: 10 }, (_, i) => `CAST(floor(random() * ${10 ** (1 + (i % 6))}) AS INTEGER) AS i${i}`),
    ...Array.from({ length: 8 }, (_, i) => `'c' || CAST(floor(random() * ${5 ** (1 + (i % 5))}) AS INTEGER) AS c${i}`),
    'random() < 0.3 AS b',
    "DATE '2020-01-01' + CAST(floor(random() * 1000) AS INTEGER) AS t",
  ];
  await connection.run('SELECT setseed(0.5)');
  await connection.run(`COPY (SELECT ${columns.join(', ')} FROM range(${rows})) TO '${file}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}
