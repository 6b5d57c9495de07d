import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyStore, createEventStore } from '#libs/event-store';
import { fillLedger, officialRead } from './filled-ledger.js';
import { ledgerProcess } from './ledger-process.js';

/** As many as `catch-up` has: of 60,000 a sixth of the processor went to the compilers of four young processes. */
const count = Number(process.env['COPY_EVENTS'] ?? 300_000);
const floorRatio = 0.8;

/**
 * A copy of a store, checked, copied and verified, beside reading it through the official client. The host's speed moves
 * by half within minutes: what the copy is held against is the mean of a read before it and a read after it.
 */
export async function* bench() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-copy-'));
  const [from, to] = await Promise.all([ledgerProcess('postgres'), ledgerProcess('postgres')]);
  const source = createEventStore({ connectionString: from.connectionString });
  // As `assay store copy` has it.
  const target = createEventStore({ connectionString: to.connectionString, appendTimeoutMilliseconds: 120_000 });
  try {
    await fillLedger(source, count);
    const read = () => officialRead(from.connectionString, count);
    await read();
    const before = await read();
    const phases: Record<string, number> = {};
    const began = performance.now();
    const progress = (phase: string): void => void (phases[phase] = (performance.now() - began) / 1_000);
    const { events } = await copyStore({ source, target, map: join(folder, 'map'), progress });
    const value = count / ((performance.now() - began) / 1_000);
    if (events !== count) throw new Error(`copied ${events} of ${count}`);
    const reads = [before, await read()] as const;
    const ratio = value / ((reads[0] + reads[1]) / 2);
    yield {
      name: 'store-copy',
      value,
      unit: 'events/s',
      ratio,
      against: `reading $all through the official client, ${reads.map((rate) => `${Math.round(rate)}/s`).join(' before and ')} after`,
      floor: floorRatio,
      ok: ratio >= floorRatio,
      reads,
      phases,
    };
  } finally {
    await source.close();
    await target.close();
    await from.close();
    await to.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
