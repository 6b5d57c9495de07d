import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CommandInputs, CommandResult } from '#libs/application';
import { openContentFolder, type ContentStore } from '#libs/content';
import { ManualClock, newId } from '#libs/runtime';
import { sha256 } from '#libs/signing';
import { PredictionLog, PredictionLogFull, type PredictionLogOptions, type ScoredBatch } from './prediction-log.js';

const deploymentId = newId();
const versions = [newId(), newId()] as const;
const accepted: CommandResult = { outcome: 'accepted', position: 1n, positions: [1n], repeated: false };

let folder: string;
let content: ContentStore;
let clock: ManualClock;
let sealed: CommandInputs['SealPredictionSegment'][];
let faults: string[];

const open = (change: Partial<PredictionLogOptions> = {}): PredictionLog =>
  new PredictionLog({
    folder: join(folder, 'segments'),
    clock,
    content,
    seal: async (input) => {
      sealed.push(input);
      return accepted;
    },
    onFault: (fault, detail) => faults.push(`${fault} ${detail}`),
    ...change,
  });

const batch = (rows = 1, version: string = versions[0], permitId = 'permit-1'): ScoredBatch => ({
  requestId: newId(),
  at: clock.now().toISOString(),
  modelVersionId: version,
  permitId,
  slot: 'blue',
  bucket: 1,
  rows,
  inputs: [],
  outputs: [],
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-log-'));
  content = await openContentFolder(join(folder, 'content'));
  clock = new ManualClock('2026-05-01T12:00:00Z');
  sealed = [];
  faults = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the prediction log', () => {
  test('counts rows by version and names the permits, over all that was answered in order', async () => {
    const log = open();
    await log.recover();
    const batches = [batch(2), batch(3, versions[1], 'permit-2'), batch(1)];
    await Promise.all(batches.map((each) => log.append(deploymentId, each)));
    const [segmentId] = await log.sealAll();
    expect(sealed).toHaveLength(1);
    expect(sealed[0]).toMatchObject({
      segmentId,
      deploymentId,
      rows: { [versions[0]]: 3, [versions[1]]: 3 },
      permits: ['permit-1', 'permit-2'],
    });
    const bytes = await content.bytes(sealed[0]!.content.digest);
    expect(
      bytes
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).requestId),
    ).toEqual(batches.map(({ requestId }) => requestId));
    await log.close();
  });

  test('seals by rows and by time, and a segment for each deployment', async () => {
    const log = open({ rows: 3, milliseconds: 60_000 });
    await log.recover();
    await log.append(deploymentId, batch(3));
    clock.advance(1);
    await until(() => {
      clock.advance(1);
      return sealed.length === 1;
    });
    await log.append(deploymentId, batch(1));
    await log.append(newId(), batch(1));
    clock.advance(60_000);
    await until(() => {
      clock.advance(1);
      return sealed.length === 3;
    });
    expect(new Set(sealed.map(({ segmentId }) => segmentId)).size).toBe(3);
    await log.close();
  });

  test('with the ledger away the segment waits, and is sealed once it is back', async () => {
    let away = true;
    const log = open({
      seal: async (input) => {
        if (away) throw new Error('store away');
        sealed.push(input);
        return accepted;
      },
    });
    await log.recover();
    await log.append(deploymentId, batch(2));
    await expect(log.sealAll()).rejects.toThrow('store away');
    await expect(log.sealAll()).rejects.toThrow('store away');
    away = false;
    expect(await log.sealAll()).toHaveLength(1);
    expect(sealed).toHaveLength(1);
    await log.close();
  });

  test('beyond its limit nothing is taken any more', async () => {
    const log = open({
      unsealedBytes: 400,
      seal: async () => {
        throw new Error('store away');
      },
    });
    await log.recover();
    await log.append(deploymentId, batch());
    await log.append(deploymentId, batch());
    await expect(log.append(deploymentId, batch())).rejects.toThrow(PredictionLogFull);
    await expect(log.sealAll()).rejects.toThrow();
    await expect(log.append(deploymentId, batch())).rejects.toThrow(PredictionLogFull);
    await log.close();
  });

  test('files of an earlier process: whole ones are sealed, torn lines cut off, damaged ones set aside', async () => {
    const first = open();
    await first.recover();
    await first.append(deploymentId, batch(2));
    await first.close();
    const segments = join(folder, 'segments');
    const [name] = await readdir(segments);
    const whole = await readFile(join(segments, name!));
    await appendFile(join(segments, name!), '{"requestId":"never answ');
    await writeFile(join(segments, `${deploymentId}.${newId()}.jsonl`), 'somebody else wrote this\n');
    await writeFile(join(segments, `${deploymentId}.${newId()}.jsonl`), '');
    const second = open();
    await second.recover();
    await until(() => {
      clock.advance(1);
      return sealed.length === 1 && faults.length === 1;
    });
    expect(sealed[0]!.content.digest).toBe(sha256(whole));
    expect(faults[0]).toMatch(/^SegmentDamaged/);
    await second.sealAll();
    expect((await readdir(segments)).map((left) => left.split('.').at(-1))).toEqual(['damaged']);
    await second.close();
  });

  test('a seal that the ledger refuses is kept for a person, and not tried again', async () => {
    const log = open({ seal: async () => ({ outcome: 'refused', code: 'NotPermitted', details: {} }) });
    await log.recover();
    await log.append(deploymentId, batch());
    expect(await log.sealAll()).toEqual([]);
    expect(faults).toEqual(['SealRefused NotPermitted']);
    expect(await readdir(join(folder, 'segments'))).toEqual([expect.stringMatching(/[.]refused$/)]);
    expect(await log.sealAll()).toEqual([]);
    await log.close();
  });
});
