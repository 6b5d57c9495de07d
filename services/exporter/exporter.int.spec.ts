import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NotADossier, verifyDossier } from '#libs/dossier';
import type { Actor, Id } from '#libs/lifecycle';
import { newId, repositoryRoot } from '#libs/runtime';
import { type SigningKey, generateSigningKey } from '#libs/signing';
import { type Governance, governance } from '../../test/serving/governance.js';
import { type Installation, installation } from '../../test/serving/installation.js';
import { type Exporter, createExporter, followExports } from './index.js';

const schema = JSON.parse(readFileSync(join(repositoryRoot(), 'schemas', 'dossier.schema.json'), 'utf8')) as object;
let all: Installation;
let people: Governance;
let auditor: Actor;
let key: SigningKey;
let exporter: Exporter;

beforeAll(async () => {
  all = await installation();
  people = await governance(all);
  auditor = await all.person(['auditor']);
  key = generateSigningKey();
  exporter = createExporter({ ...all, store: all.ledger.store, key });
});
afterAll(() => all.close());

async function head(): Promise<bigint> {
  let position = 0n;
  for await (const event of all.ledger.store.readAll({ backwards: true, maxCount: 1 })) position = event.position;
  return position;
}

const exportEvents = (exportId: Id) => all.events(`export-${all.workspace}.${exportId}`);

async function last(exportId: Id, type: string): Promise<Record<string, unknown>> {
  for (let attempt = 0; attempt < 1200; attempt += 1) {
    const found = (await exportEvents(exportId)).at(-1);
    if (found?.type === type) return found.data;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`no ${type}: ${JSON.stringify(await exportEvents(exportId))}`);
}

describe('the exporter on a real ledger', () => {
  test('answers a requested export with a PDF and a twin that verify', async () => {
    const { modelVersionId } = await people.approved();
    const running = followExports(exporter, { subscribe: (options) => all.fanOut.subscribe(options) });
    try {
      await running.ready;
      const exportId = newId();
      await all.done(people.compliance, 'RequestExport', {
        exportId,
        kind: 'dossier',
        modelVersionId,
        asOf: await head(),
      });
      const { files } = (await last(exportId, 'ExportBuilt')) as { files: { digest: string; mediaType: string }[] };
      expect(files.map(({ mediaType }) => mediaType)).toEqual(['application/pdf', 'application/json']);
      const [pdf, twin] = await Promise.all(files.map(({ digest }) => all.content.bytes(digest)));
      const verification = verifyDossier({ twin: twin!, pdf: pdf!, key, schema });
      expect(verification.checks.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
      expect(pdf!.subarray(0, 8).toString()).toBe('%PDF-1.7');
      const text = twin!.toString();
      for (const type of [
        'DatasetVersionSealed',
        'ModelVersionRegistered',
        'EvaluationRecorded',
        'GateDecided',
        'ApprovalSigned',
        'ApprovalGranted',
        'AccessGranted',
        'PolicyPublished',
      ])
        expect(text.includes(`"type":"${type}"`) ? type : `no ${type}`).toBe(type);
      expect(running.open()).toEqual([]);
    } finally {
      await running.close();
    }
  });

  test('an export whose stream cannot be read waits, the others go on, and a recorded decision lets it go on', async () => {
    const modelVersionId = await people.version();
    const faults: string[] = [];
    const [held, other] = [newId(), newId()];
    const asOf = await head();
    for (const exportId of [held, other])
      await all.done(people.compliance, 'RequestExport', { exportId, kind: 'dossier', modelVersionId, asOf });
    const [eventId, bytes] = [newId(), Buffer.from('{"not":"an event"}')];
    const poison = { id: eventId, type: 'ExportFailed', data: bytes, metadata: bytes };
    await all.ledger.store.append(`export-${all.workspace}.${held}`, [poison], 'any');
    const running = followExports(exporter, {
      subscribe: (options) => all.fanOut.subscribe(options),
      onFault: (what) => faults.push(what),
    });
    try {
      await last(other, 'ExportBuilt');
      expect([running.open(), faults]).toEqual([[], ['PoisonEvent']]);
      const decision = {
        view: 'decisions',
        partition: 0,
        eventId,
        position: 1n,
        decision: 'skip',
        reason: 'x',
      } as const;
      await all.done(all.administrator, 'ReleasePartition', decision);
      expect(await last(held, 'ExportBuilt')).toMatchObject({ exportId: held });
    } finally {
      await running.close();
    }
  });

  test('gives the same bytes for the same position, whatever happened since', async () => {
    const { modelVersionId, approvalId } = await people.approved();
    const request = {
      exportId: newId(),
      workspace: all.workspace,
      modelVersionId,
      asOf: await head(),
      correlationId: newId(),
    };
    const before = await exporter.make(request);
    await all.done(people.risk, 'RevokeApproval', { approvalId, reason: 'seen again' });
    const after = await exporter.make({ ...request, exportId: newId() });
    expect(after.files).toEqual(before.files);
    const now = await exporter.make({ ...request, asOf: await head() });
    expect(Buffer.from(now.dossier.twin).includes('seen again')).toBe(true);
    expect(Buffer.from(before.dossier.twin).includes('seen again')).toBe(false);
  });

  test('takes in refusals about the version and about its approval', async () => {
    const modelVersionId = await people.version();
    const refused = await all.execute(people.developer, 'RequestApproval', {
      approvalId: newId(),
      modelVersionId,
      environment: 'production',
      cause: 'new-version',
    });
    expect(refused).toMatchObject({ outcome: 'refused', code: 'GateMissing' });
    const { dossier } = await exporter.make({
      exportId: newId(),
      workspace: all.workspace,
      modelVersionId,
      asOf: await head(),
      correlationId: newId(),
    });
    expect(Buffer.from(dossier.twin).includes('"type":"DenialCounted"')).toBe(true);
  });

  test('an event that nobody can read is named, with the decision about it, and hides nothing else', async () => {
    const { modelVersionId, approvalId } = await people.approved();
    const [known, unknown] = [newId(), newId()];
    const bytes = Buffer.from('{"not":"an event"}');
    const append = (stream: string, id: Id, type: string) =>
      all.ledger.store.append(stream, [{ id, type, data: bytes, metadata: bytes }], 'any');
    await append(`approval-${all.workspace}.${approvalId}`, known, 'ApprovalRevoked');
    await append(`permit-${all.workspace}.${newId()}`, unknown, 'FromANewerBuild');
    const make = async () => {
      const request = { exportId: newId(), workspace: all.workspace, modelVersionId, correlationId: newId() };
      const { dossier } = await exporter.make({ ...request, asOf: await head() });
      expect(verifyDossier({ twin: dossier.twin, pdf: dossier.pdf, key, schema }).verified).toBe(true);
      return Buffer.from(dossier.twin).toString();
    };
    const before = await make();
    for (const said of [
      'What cannot be read?',
      '"text":"2 events of the record',
      `ApprovalRevoked ${known}, approval-${all.workspace}.${approvalId} revision`,
      `FromANewerBuild ${unknown}, permit-`,
      'whether it is about this version cannot be told',
      'decision to pass it by',
      'ApprovalSigned',
      'ApprovalGranted',
    ])
      expect([said, before.includes(said)]).toEqual([said, true]);
    expect(before.includes('an event\\"}')).toBe(false);
    const decision = { view: 'decisions', partition: 0, eventId: known, position: 1n, decision: 'skip' } as const;
    await all.done(all.administrator, 'ReleasePartition', { ...decision, reason: 'see case 17' });
    const after = await make();
    expect(['passed by, by decision of', 'see case 17'].filter((said) => !after.includes(said))).toEqual([]);
  });

  test('where the registration of the version cannot be read there is no dossier', async () => {
    const modelVersionId = newId();
    const bytes = Buffer.from('{"not":"an event"}');
    const event = { id: newId(), type: 'ModelVersionRegistered', data: bytes, metadata: bytes };
    const { position: asOf } = await all.ledger.store.append(
      `modelVersion-${all.workspace}.${modelVersionId}`,
      [event],
      'no_stream',
    );
    const request = { exportId: newId(), workspace: all.workspace, modelVersionId, asOf, correlationId: newId() };
    await expect(exporter.make(request)).rejects.toMatchObject({ name: 'ExportRefused', code: 'UnreadableEvent' });
  });

  test('a version that was not yet registered at the position fails with its code', async () => {
    const asOf = await head();
    const modelVersionId = await people.version();
    const request = { exportId: newId(), workspace: all.workspace, modelVersionId, asOf, correlationId: newId() };
    await expect(exporter.make(request)).rejects.toMatchObject({ name: 'ExportRefused', code: 'UnknownModelVersion' });
    const exportId = newId();
    await all.done(auditor, 'RequestExport', { exportId, kind: 'dossier', modelVersionId, asOf: await head() });
    expect(await exporter.build({ ...request, exportId })).toBeUndefined();
    expect(await last(exportId, 'ExportFailed')).toMatchObject({ exportId, code: 'UnknownModelVersion' });
  });

  test('a request that is taken back while it is built leaves nothing behind', async () => {
    const modelVersionId = await people.version();
    const stop = new AbortController();
    const request = {
      exportId: newId(),
      workspace: all.workspace,
      modelVersionId,
      asOf: await head(),
      correlationId: newId(),
    };
    const made = exporter.make(request, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(made).rejects.toThrow('stopped');
  });

  test('a file that is no twin is told apart', () => {
    expect(() => verifyDossier({ twin: Buffer.from('%PDF'), key, schema })).toThrow(NotADossier);
  });
});
