import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Seeded } from '../../libs/projections/testing/index.js';
import { mustHold, readLog, viewsMustEqual } from './invariants.js';
import { Load } from './load.js';
import { openWorkspaceOf, startProductProcess } from './product-process.js';
import type { ProductProcess } from './product-process.js';
import { registerPeopleFor } from './registrar.js';

/** Why a small file system of its own cannot be had here, if it cannot. */
function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'a small file system is mounted on Linux only';
  if (process.getuid?.() !== 0) return 'only root mounts a small file system';
  const folder = mkdtempSync(join(tmpdir(), 'assay-mount-'));
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], {
    encoding: 'utf8',
  });
  if (status === 0) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
  return status === 0 ? undefined : `no small file system can be mounted: ${stderr.trim()}`;
}

const reason = whyNot();
const readyWithin = 120_000;
let folder: string;
let product: ProductProcess | undefined;

beforeAll(() => {
  if (reason !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'assay-disk-'));
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=320m,mode=711', 'tmpfs', folder]);
  chmodSync(folder, 0o711);
});
afterAll(async () => {
  if (reason !== undefined) return;
  product?.killGroup('SIGKILL');
  await product?.ended;
  // Postgres lets go of its files a moment after its owner.
  for (let tries = 0; spawnSync('umount', [folder]).status !== 0 && tries < 100; tries += 1) await sleep(100);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

(reason === undefined ? test : test.skip)(
  `a full disk refuses, and loses nothing acknowledged${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  async () => {
    product = await startProductProcess(folder, readyWithin);
    const { serviceKey } = await openWorkspaceOf(folder);
    const load = new Load({ api: product.url, inference: undefined });
    for (let client = 1; client <= 4; client += 1)
      load.add(() => registerPeopleFor(load, serviceKey, new Seeded(client), client));
    await until(() => load.acknowledged.length > 20);

    // All but a little is taken: what Postgres has reserved lasts for a while, then nothing can be written.
    const ballast = join(folder, 'ballast');
    const { bavail, bsize } = statfsSync(folder);
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - 64 * 1024));
    let ended = false;
    void product.ended.then(() => (ended = true));
    let [seen, since] = [load.acknowledged.length, Date.now()];
    await until(() => {
      if (load.acknowledged.length > seen) [seen, since] = [load.acknowledged.length, Date.now()];
      // Either Postgres refuses what cannot be written, or it has ended, and the product with it.
      return ended || Date.now() - since > 5_000;
    });

    rmSync(ballast);
    if (ended) {
      load.doors.api = undefined;
      product = await startProductProcess(folder, readyWithin);
      load.doors.api = product.url;
      load.moved();
    }
    await until(() => load.acknowledged.length > seen + 5);
    await load.pause();
    expect(load.faults).toEqual([]);
    const stores = JSON.parse(readFileSync(join(folder, 'stores.json'), 'utf8')) as Record<string, string>;
    const events = await readLog(stores['eventStoreUrl']!);
    mustHold(events, load.acknowledged);
    await viewsMustEqual(stores['databaseUrl']!, events);
    await load.stop();
  },
  600_000,
);

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 240_000; !holds();) {
    if (Date.now() > deadline) throw new Error('the condition did not come true within four minutes');
    await sleep(20);
  }
}
