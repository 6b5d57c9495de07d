import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEventStore } from '#libs/event-store';
import { createPool, launchPostgres } from '#libs/postgres';
import { headOf, lineage, migrateRegistry, openGeneration, rebuildView } from '#libs/projections';
import { prepareDataFolder } from '#libs/runtime';
import { fillLedger, officialReadRate } from './filled-ledger.js';
import { ledgerProcess } from './ledger-process.js';

const count = Number(process.env['REBUILD_EVENTS'] ?? 60_000);
const floorRatio = 0.9;

/** Rebuild of the lineage view through gRPC, beside reading the same log through the official client in the same run. */
export async function* bench() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-rebuild-grpc-'));
  prepareDataFolder(folder);
  const [ledger, postgres] = await Promise.all([
    ledgerProcess('postgres'),
    launchPostgres({ dataDirectory: join(folder, 'postgres') }),
  ]);
  const store = createEventStore({ connectionString: ledger.connectionString });
  try {
    const pool = createPool(postgres.url);
    await fillLedger(store, count);
    const read = await officialReadRate(ledger.connectionString, count);
    await migrateRegistry(pool);
    await openGeneration(pool, lineage, 8);
    // The generation that is live has folded it all, as when a view of a running product is rebuilt.
    await pool.query('UPDATE projection.partition SET position = $1', [await headOf(store)]);
    const began = performance.now();
    const { events, outcome } = await rebuildView({ pool, view: lineage, store });
    const value = count / ((performance.now() - began) / 1_000);
    if (outcome !== 'switched' || events !== count) throw new Error(`${outcome} after ${events} of ${count}`);
    await pool.end();
    yield {
      name: 'rebuild-grpc',
      value,
      unit: 'events/s',
      ratio: value / read,
      against: 'reading $all through the official client in the same run',
      floor: floorRatio,
      ok: value / read >= floorRatio,
      read,
    };
  } finally {
    await store.close();
    await ledger.close();
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
