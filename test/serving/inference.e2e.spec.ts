import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CommandInputs } from '../../libs/application/contract.js';
import { type ContentStore, openContentFolder } from '#libs/content';
import { type JobResult, parseJob, runJob } from '#libs/learning';
import { ManualClock, newId, repositoryRoot, systemClock } from '#libs/runtime';
import { bucketOf } from '#libs/serving';
import { sha256 } from '#libs/signing';
import { type Table, columnOf, readCsv } from '#libs/statistics';
import { type InferenceDependencies, type InferenceServer, createInferenceServer } from '#services/inference';
import { Ledger, arm, deployment, deploymentId, key, permit, salt, token, version } from './ledger.js';

const internalToken = 'internal-token';
const v1 = () => version('v1', 1, result.digest, result.record.features);

let table: Table;
let result: JobResult;
beforeAll(async () => {
  ({ table } = await readCsv(join(repositoryRoot(), 'examples/boston-mortgage/boston-hmda.csv')));
  const job = parseJob({
    version: 1,
    target: { column: 'deny', positive: 'yes' },
    drop: ['afam'],
    algorithm: { name: 'logistic_regression', l2: 1 },
    validation: { scheme: 'stratified_k_fold', k: 5 },
    seed: 7,
  });
  result = await runJob(job, table);
});

/** Rows of the input tensor as the trainer read them, row-major. */
function featureRows(count: number): number[] {
  const columns = result.record.features.map((name) => columnOf(table, name));
  return Array.from({ length: count }, (_, row) =>
    columns.map((column) =>
      column.kind === 'category' ? Number(column.categories[column.codes[row]!] === 'yes') : column.values[row]!,
    ),
  ).flat();
}

describe('the inference server', () => {
  let folder: string;
  let content: ContentStore;
  let ledger: Ledger;
  let issuerPort: number;
  let sealed: CommandInputs['SealPredictionSegment'][];
  let server: InferenceServer;
  let base: string;

  const start = async (change: Partial<InferenceDependencies> = {}): Promise<void> => {
    server = createInferenceServer({
      clock: systemClock,
      workspace: 'main',
      environment: 'production',
      server: 'inference-1',
      trusted: [key],
      issuer: { url: `http://127.0.0.1:${issuerPort}`, token },
      content,
      seal: async (input) => {
        sealed.push(input);
        return { outcome: 'accepted', position: 1n, positions: [1n], repeated: false };
      },
      folder: join(folder, 'segments'),
      internalToken,
      ...change,
    });
    base = `http://127.0.0.1:${await server.listen()}`;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-inference-'));
    content = await openContentFolder(join(folder, 'content'));
    await content.add(result.model);
    ledger = new Ledger();
    issuerPort = await ledger.server.listen();
    sealed = [];
  });
  afterEach(async () => {
    await server.close();
    await ledger.server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const batch = (rows = 3, change: object = {}) => ({
    inputs: [
      { name: 'features', datatype: 'FP64', shape: [rows, result.record.features.length], data: featureRows(rows) },
    ],
    ...change,
  });
  const infer = async (body: unknown = batch(), path = 'mortgage') => {
    const response = await fetch(`${base}/v2/models/${path}/infer`, { method: 'POST', body: JSON.stringify(body) });
    const answer = (await response.json()) as {
      error?: string;
      model_version: string;
      parameters: Record<string, string | number>;
      outputs: { name: string; shape: number[]; data: number[] }[];
    };
    return { status: response.status, rule: response.headers.get('assay-refused'), answer };
  };
  const internal = (path: string, method = 'GET') =>
    fetch(`${base}/${path}`, { method, headers: { authorization: `Bearer ${internalToken}` } });
  const served = () => {
    const { permitId, event } = permit('v1', result.digest);
    return {
      permitId,
      position: ledger.write(v1(), event, deployment([arm('v1', permitId, 'blue', 10_000)])),
    };
  };

  test('rule-21 refuses without a permit, serves with one, and the answer is the trainer’s to 1e-6', async () => {
    await start();
    await server.lease.waitFor(ledger.position, 120_000);
    expect(await infer()).toMatchObject({ status: 404, rule: 'UnknownModel' });
    await server.lease.waitFor(ledger.write(v1(), deployment([arm('v1', newId(), 'blue', 10_000)])), 120_000);
    expect(await infer()).toMatchObject({ status: 403, rule: 'NoPermit' });
    const elsewhere = permit('v1', result.digest, { environment: 'staging' }).event;
    const otherFile = permit('v1', sha256('another file')).event;
    await server.lease.waitFor(ledger.write(elsewhere), 120_000);
    expect(await infer()).toMatchObject({ status: 403, rule: 'NoPermit' });
    await server.lease.waitFor(ledger.write(otherFile), 120_000);
    expect(await infer()).toMatchObject({ status: 403, rule: 'ArtifactMismatch' });
    await server.lease.waitFor(ledger.write(permit('v1', result.digest).event), 120_000);

    const rows = 200;
    const { status, answer } = await infer(batch(rows, { id: 'request-1' }));
    expect(status).toBe(200);
    const { coefficients, intercept } = result.record.fit as unknown as {
      coefficients: Record<string, number>;
      intercept: number;
    };
    const width = result.record.features.length;
    const all = featureRows(table.rows).map(Math.fround);
    const expected = Array.from({ length: rows }, (_, row) => {
      const logit = result.record.features.reduce((sum, name, feature) => {
        let mean = 0;
        for (let other = 0; other < table.rows; other += 1) mean += all[other * width + feature]! / table.rows;
        let variance = 0;
        for (let other = 0; other < table.rows; other += 1)
          variance += (all[other * width + feature]! - mean) ** 2 / table.rows;
        return sum + (coefficients[name]! * (all[row * width + feature]! - mean)) / Math.sqrt(variance);
      }, intercept);
      return 1 / (1 + Math.exp(-logit));
    });
    const [output] = answer.outputs;
    expect(output).toMatchObject({ name: 'probability', shape: [rows, 1] });
    expect(Math.max(...output!.data.map((value, row) => Math.abs(value - expected[row]!)))).toBeLessThan(1e-6);
    expect(answer).toMatchObject({ id: 'request-1', model_version: '1', parameters: { model_version_id: 'v1' } });
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).toContain('assay_inference_refused_total{rule="NoPermit"} 2');
  });

  test('rule-20 a revocation closes the gate within 5 s, also in a server that asks seldom', async () => {
    await start();
    const { permitId, position } = served();
    await server.lease.waitFor(position, 120_000);
    expect((await infer()).status).toBe(200);
    const revoked = performance.now();
    ledger.write({ type: 'PermitRevoked', data: { permitId, cause: 'approval-revoked' } });
    while ((await infer()).status === 200) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(performance.now() - revoked).toBeLessThan(5_000);
    expect(await infer()).toMatchObject({ status: 403, rule: 'PermitRevoked' });
    expect((await infer()).answer.error).toContain('approval-revoked');
  });

  test('suspension closes, resumption opens again', async () => {
    await start();
    const { permitId, position } = served();
    await server.lease.waitFor(position, 120_000);
    await server.lease.waitFor(
      ledger.write({ type: 'PermitSuspended', data: { permitId, cause: 'condition-lapsed' } }),
      120_000,
    );
    expect(await infer()).toMatchObject({ status: 403, rule: 'PermitSuspended' });
    await server.lease.waitFor(
      ledger.write({ type: 'PermitResumed', data: { permitId, cause: 'condition-lapsed' } }),
      120_000,
    );
    expect((await infer()).status).toBe(200);
  });

  test('with the issuer killed the lease closes the gate after 30 s, whatever the wall clock says', async () => {
    const clock = new ManualClock(new Date());
    await start({ clock });
    await server.lease.waitFor(served().position, 120_000);
    await ledger.server.close();
    clock.jump(-3_600_000);
    clock.advance(20_000);
    expect((await infer()).status).toBe(200);
    clock.advance(10_000);
    expect(await infer()).toMatchObject({ status: 503, rule: 'LeaseExpired' });
    expect((await fetch(`${base}/v2/health/ready`)).status).toBe(503);
    expect((await fetch(`${base}/v2/health/live`)).status).toBe(200);
  });

  test('an issuer whose view is not fresh gives no lease', async () => {
    ledger.fresh = false;
    await start();
    served();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await infer()).toMatchObject({ status: 503, rule: 'NoLease' });
    ledger.fresh = true;
    expect(await server.lease.waitFor(ledger.position, 120_000)).toBe(true);
    expect((await infer()).status).toBe(200);
  });

  test('the split is sticky by key, replayable from the answer, and a named version is served at weight 0', async () => {
    await start();
    const [one, two] = [permit('v1', result.digest), permit('v2', result.digest)];
    const arms = [arm('v1', one.permitId, 'blue', 5_000), arm('v2', two.permitId, 'canary', 5_000)];
    await server.lease.waitFor(
      ledger.write(
        v1(),
        version('v2', 2, result.digest, result.record.features),
        one.event,
        two.event,
        deployment(arms),
      ),
      120_000,
    );
    const seen = new Set<string>();
    for (let customer = 0; customer < 30; customer += 1) {
      const body = batch(1, { parameters: { key: `customer-${customer}` } });
      const [first, second] = [(await infer(body)).answer, (await infer(body)).answer];
      const bucket = bucketOf(salt, `customer-${customer}`);
      expect(first.parameters).toMatchObject({ bucket, model_version_id: bucket < 5_000 ? 'v1' : 'v2' });
      expect(second.parameters['model_version_id']).toBe(first.parameters['model_version_id']);
      seen.add(first.model_version);
    }
    expect(seen.size).toBe(2);
    const { permitId } = one;
    const shifted = [arm('v1', permitId, 'blue', 10_000), arm('v2', two.permitId, 'green', 0)];
    await server.lease.waitFor(
      ledger.write({ type: 'TrafficShifted', data: { deploymentId, arms: shifted } }),
      120_000,
    );
    expect((await infer(batch(1), 'mortgage/versions/2')).answer.model_version).toBe('2');
    expect((await infer(batch(1))).answer.model_version).toBe('1');
    expect(await infer(batch(1), 'mortgage/versions/9')).toMatchObject({ status: 404, rule: 'UnknownVersion' });
  });

  test('each scored batch stands in a sealed segment: counts on the ledger, rows only in the content store', async () => {
    await start();
    const { permitId, position } = served();
    await server.lease.waitFor(position, 120_000);
    await infer(batch(3, { id: 'a' }));
    await infer(batch(2, { id: 'b' }));
    expect((await fetch(`${base}/segments/seal`, { method: 'POST' })).status).toBe(404);
    const { sealed: ids } = (await (await internal('segments/seal', 'POST')).json()) as { sealed: string[] };
    expect(ids).toHaveLength(1);
    expect(sealed).toHaveLength(1);
    expect(sealed[0]).toMatchObject({ segmentId: ids[0], deploymentId, rows: { v1: 5 }, permits: [permitId] });
    const bytes = await content.bytes(sealed[0]!.content.digest);
    const lines = bytes
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ requestId, rows, permitId: permit }) => ({ requestId, rows, permit }))).toEqual([
      { requestId: 'a', rows: 3, permit: permitId },
      { requestId: 'b', rows: 2, permit: permitId },
    ]);
    expect(lines[1].inputs[0].data).toEqual(featureRows(2));
    expect(JSON.stringify(sealed, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
      'features',
    );
    expect(await readdir(join(folder, 'segments'))).toEqual([]);
  });

  test('a segment that a killed server left, torn last line and all, is sealed by the next one', async () => {
    await start();
    const { position } = served();
    await server.lease.waitFor(position, 120_000);
    await infer(batch(2, { id: 'before' }));
    await server.close();
    const [name] = await readdir(join(folder, 'segments'));
    const path = join(folder, 'segments', name!);
    const whole = await readFile(path);
    await writeFile(path, Buffer.concat([whole, whole.subarray(0, 40)]));
    await start();
    while (sealed.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(sealed[0]).toMatchObject({ rows: { v1: 2 }, content: { digest: sha256(whole) } });
    expect(name).toContain(sealed[0]!.segmentId);
  });

  test('an artifact whose bytes are not its digest is never run', async () => {
    const { digest } = await content.add(result.model);
    await start({ content: { bytes: async () => Buffer.from('another model'), put: content.put.bind(content) } });
    await server.lease.waitFor(served().position, 120_000);
    const refused = await infer();
    expect(refused).toMatchObject({ status: 503, rule: 'ArtifactUnavailable' });
    expect(refused.answer.error).toContain(digest);
  });

  test('tells its inputs and outputs, and refuses bad requests with the field', async () => {
    await start();
    await server.lease.waitFor(served().position, 120_000);
    const described = await (await fetch(`${base}/v2/models/mortgage`)).json();
    const width = result.record.features.length;
    expect(described).toMatchObject({
      name: 'mortgage',
      versions: ['1'],
      inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, width] }],
      outputs: [{ name: 'probability', datatype: 'FP32', shape: [-1, 1] }],
    });
    expect((await fetch(`${base}/v2/models/mortgage/versions/1/ready`)).status).toBe(200);
    const wrong = { ...batch(1), inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
    expect(await infer(wrong)).toMatchObject({ status: 400, rule: 'MalformedRequest' });
    expect((await infer(wrong)).answer.error).toContain('inputs.features.shape');
    expect((await infer({ inputs: [] })).answer.error).toContain('inputs');
    expect((await infer(batch(1, { outputs: [{ name: 'nothing' }] }))).answer.error).toContain('nothing');
    expect((await infer(batch(5000))).status).toBe(400);
    const large = await fetch(`${base}/v2/models/mortgage/infer`, {
      method: 'POST',
      body: Buffer.alloc(9 * 1024 * 1024, 32),
    });
    expect(large.status).toBe(413);
    expect(
      (await fetch(`${base}/v2/models/%E0%A4%A/infer`, { method: 'POST', body: JSON.stringify(batch(1)) })).status,
    ).toBe(404);
    expect((await fetch(`${base}/nowhere`)).status).toBe(404);
  });

  test('columns by name, as they stand in the data, are the same request', async () => {
    await start();
    await server.lease.waitFor(served().position, 120_000);
    const rows = 4;
    const inputs = table.columns.map((column) => {
      const text = column.kind === 'category';
      const data = Array.from({ length: rows }, (_, row) =>
        text ? column.categories[column.codes[row]!] : column.values[row],
      );
      return { name: column.name, datatype: text ? 'BYTES' : 'FP64', shape: [rows], data };
    });
    const named = await infer({ inputs });
    expect(named.status).toBe(200);
    expect(named.answer.outputs[0]!.data).toEqual((await infer(batch(rows))).answer.outputs[0]!.data);
    const unseen = inputs.map((input) =>
      input.name === 'single' ? { ...input, data: ['no', 'no', 'perhaps', 'no'] } : input,
    );
    expect((await infer({ inputs: unseen })).answer.error).toMatch(/inputs\.single: row 2/);
    const missing = inputs.filter(({ name }) => name !== 'pirat');
    expect((await infer({ inputs: missing })).answer.error).toContain('inputs.pirat');
  });

  test('binary tensors go in and come out', async () => {
    await start();
    await server.lease.waitFor(served().position, 120_000);
    const width = result.record.features.length;
    const values = Float32Array.from(featureRows(2));
    const header = Buffer.from(
      JSON.stringify({
        inputs: [
          {
            name: 'features',
            datatype: 'FP32',
            shape: [2, width],
            parameters: { binary_data_size: values.byteLength },
          },
        ],
        parameters: { binary_data_output: true },
      }),
    );
    const response = await fetch(`${base}/v2/models/mortgage/infer`, {
      method: 'POST',
      headers: { 'inference-header-content-length': String(header.length) },
      body: Buffer.concat([header, Buffer.from(values.buffer)]),
    });
    const answer = Buffer.from(await response.arrayBuffer());
    const length = Number(response.headers.get('inference-header-content-length'));
    const [json] = (await infer(batch(2))).answer.outputs;
    expect(answer.length - length).toBe(8);
    expect(answer.readFloatLE(length)).toBeCloseTo(json!.data[0]!, 7);
  });
});
