import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyStore, createEventStore } from '#libs/event-store';
import { fillLedger, officialReadRate } from './filled-ledger.js';
import { ledgerProcess } from './ledger-process.js';

const count = Number(process.env['COPY_EVENTS'] ?? 60_000);
const floorRatio = 0.8;

/** A copy of a store, checked, copied and verified, beside reading it once through the official client in the same run. */
export async function* bench() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-copy-'));
  const [from, to] = await Promise.all([ledgerProcess('postgres'), ledgerProcess('postgres')]);
  const source = createEventStore({ connectionString: from.connectionString });
  // As `assay store copy` has it.
  const target = createEventStore({ connectionString: to.connectionString, appendTimeoutMilliseconds: 120_000 });
  try {
    await fillLedger(source, count);
    const read = await officialReadRate(from.connectionString, count);
    const phases: Record<string, number> = {};
    const began = performance.now();
    const progress = (phase: string): void => void (phases[phase] = (performance.now() - began) / 1_000);
    const { events } = await copyStore({ source, target, map: join(folder, 'map'), progress });
    const value = count / ((performance.now() - began) / 1_000);
    if (events !== count) throw new Error(`copied ${events} of ${count}`);
    yield {
      name: 'store-copy',
      value,
      unit: 'events/s',
      ratio: value / read,
      against: 'reading $all through the official client in the same run',
      floor: floorRatio,
      ok: value / read >= floorRatio,
      read,
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
