import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { scoreOnnx } from '#libs/learning';
import { newId, repositoryRoot } from '#libs/runtime';
import { canonicalBytes, sha256 } from '#libs/signing';
import { example, examples } from '../../libs/lifecycle/examples.js';
import { type Installation, installation } from '../../test/serving/installation.js';
import { type Trainer, type TrainerDependencies, startTrainer } from './index.js';

const job = {
  version: 1,
  target: { column: 'deny', positive: 'yes' },
  protected: ['afam'],
  drop: ['afam'],
  reweighing: { protected: 'afam' },
  algorithm: { name: 'logistic_regression', l2: 1 },
  validation: { scheme: 'stratified_k_fold', k: 5 },
  seed: 0,
};

let all: Installation;
let datasetVersionId: string;
let trainer: Trainer | undefined;
const faults: unknown[] = [];

beforeAll(async () => {
  all = await installation();
  datasetVersionId = newId();
  const stored = await all.content.add(
    await readFile(join(repositoryRoot(), 'examples/boston-mortgage/boston-hmda.csv')),
  );
  const { policyId } = examples.PolicyPublished;
  await all.write(`policy-${all.workspace}.${policyId}`, example('PolicyPublished'));
  await all.write(
    `model-${all.workspace}.${examples.ModelRegistered.modelId}`,
    example('ModelRegistered', { policyId }),
  );
  await all.write(
    `datasetVersion-${all.workspace}.${datasetVersionId}`,
    example('DatasetVersionSealed', { datasetVersionId, content: { ...stored, mediaType: 'text/csv' } }),
  );
});
afterEach(async () => {
  await trainer?.close();
  trainer = undefined;
});
afterAll(() => all.close());

const start = (change: Partial<TrainerDependencies> = {}): Trainer => {
  trainer = startTrainer({
    subscribe: (options) => all.fanOut.subscribe(options),
    application: all.application,
    content: all.content,
    clock: all.clock,
    folder: join(all.folder, 'trainer'),
    onFault: (what, detail) => faults.push([what, detail]),
    ...change,
  });
  return trainer;
};

async function startRun(document: unknown = job, change: object = {}): Promise<string> {
  const trainingRunId = newId();
  const stored = await all.content.add(Buffer.isBuffer(document) ? document : canonicalBytes(document));
  const { modelId } = examples.ModelRegistered;
  await all.write(
    `trainingRun-${all.workspace}.${trainingRunId}`,
    example('TrainingRunStarted', {
      trainingRunId,
      modelId,
      datasetVersionIds: [datasetVersionId],
      job: { ...stored, mediaType: 'application/json' },
      ...change,
    }),
  );
  return trainingRunId;
}

async function ending(trainingRunId: string): Promise<{ type: string; data: Record<string, unknown> }> {
  for (;;) {
    const events = await all.events(`trainingRun-${all.workspace}.${trainingRunId}`);
    const end = events.find(({ type }) => type === 'TrainingRunCompleted' || type === 'TrainingRunFailed');
    if (end) return end;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('the trainer', () => {
  test('runs a started run to an artifact that onnxruntime scores, and answers once', async () => {
    const stages: string[] = [];
    start({ onProgress: (_, { stage }) => stages.push(stage) });
    const trainingRunId = await startRun();
    const { type, data } = await ending(trainingRunId);
    expect(type).toBe('TrainingRunCompleted');
    const { artifact, record } = data as { artifact: { digest: string }; record: { digest: string } };
    const run = JSON.parse((await all.content.bytes(record.digest)).toString());
    expect(run.model.digest).toBe(artifact.digest);
    expect(run.predictions.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(stages).toContain('fold');
    const model = await all.content.bytes(artifact.digest);
    const [probability] = await scoreOnnx(model, new Float32Array(run.features.length).fill(1), run.features.length);
    expect(probability).toBeGreaterThan(0);
    expect(probability).toBeLessThan(1);
    await trainer!.close();
    start();
    await trainer!.ready;
    expect(trainer!.openRuns()).toEqual([]);
    expect(await all.events(`trainingRun-${all.workspace}.${trainingRunId}`)).toHaveLength(2);
    expect(await readdir(join(all.folder, 'trainer', 'runs'))).toEqual([]);

    const modelVersionId = newId();
    const { modelId } = examples.ModelRegistered;
    const position = await all.write(
      `modelVersion-${all.workspace}.${modelVersionId}`,
      example('ModelVersionRegistered', {
        modelVersionId,
        modelId,
        trainingRunId,
        artifact: data['artifact'] as never,
      }),
    );
    const evaluation = await trainer!.evaluate(modelVersionId, position);
    expect(evaluation).toMatchObject({
      modelVersionId,
      datasetVersionId,
      grade: 'measured',
      scheme: 'cross-validation(5, stratified, pooled)',
    });
    const ratio = evaluation.measurements.find(
      ({ definition, group }) => definition === 'demographic_parity_ratio@fairlearn' && group?.['afam'] === '*',
    );
    // The golden of test/peers for the reweighed model of the same data, seed and strength.
    const { models } = JSON.parse(await readFile(join(repositoryRoot(), 'test/peers/goldens/spine.json'), 'utf8'));
    const golden = models.find(
      (model: { reweighing: boolean; l2: number; seed: number | null }) =>
        model.reweighing && model.l2 === 1 && model.seed === 0,
    );
    if (golden) expect(ratio!.value).toBeCloseTo(golden.demographic_parity_ratio, 9);
    expect(ratio).toMatchObject({ source: run.predictions.digest });
    expect(ratio!.value).toBeGreaterThan(0.8);
    const report = JSON.parse((await all.content.bytes(evaluation.report!.digest)).toString());
    expect(report).toMatchObject({ trainingRunId, record: record.digest, artifact: artifact.digest });
    expect(report.measurements).toEqual(evaluation.measurements);
    const again = await trainer!.evaluate(modelVersionId);
    expect(again.report!.digest).toBe(evaluation.report!.digest);
    await expect(trainer!.evaluate(newId())).rejects.toMatchObject({ code: 'NotFound' });
  });

  test('of three classes the policy decides on its label against the others, as the stored predictions say', async () => {
    const [classes, attribute] = [['later', 'no', 'yes'], Array.from({ length: 90 }, (_, row) => row % 4 === 0)];
    const lines = attribute.map((afam, row) => {
      const x = (row % 3) + Math.sin(row * row) + (afam ? 0.2 : 0);
      return `${classes[row % 3]},${x.toFixed(3)},${Math.cos(row).toFixed(3)},${afam ? 'yes' : 'no'}`;
    });
    const stored = await all.content.add(Buffer.from(`deny,x,y,afam\n${lines.join('\n')}\n`));
    const own = newId();
    await all.write(
      `datasetVersion-${all.workspace}.${own}`,
      example('DatasetVersionSealed', { datasetVersionId: own, content: { ...stored, mediaType: 'text/csv' } }),
    );
    start();
    const { reweighing: _, ...plain } = job;
    const document = { ...plain, target: { column: 'deny' }, algorithm: { name: 'softmax_regression', l2: 1 } };
    const trainingRunId = await startRun(document, { datasetVersionIds: [own] });
    const { type, data } = await ending(trainingRunId);
    expect(type).toBe('TrainingRunCompleted');
    const { record, measurements } = data as { record: { digest: string }; measurements: { definition: string }[] };
    expect(measurements.map(({ definition }) => definition)).toContain('f1_macro@sklearn');
    const run = JSON.parse((await all.content.bytes(record.digest)).toString());
    expect(run.problem).toEqual({ kind: 'multiclass', column: 'deny', classes });

    const evaluated = async (modelId: string) => {
      const modelVersionId = newId();
      const artifact = data['artifact'] as never;
      const event = example('ModelVersionRegistered', { modelVersionId, modelId, trainingRunId, artifact });
      const position = await all.write(`modelVersion-${all.workspace}.${modelVersionId}`, event);
      return trainer!.evaluate(modelVersionId, position);
    };
    const evaluation = await evaluated(examples.ModelRegistered.modelId);
    const csv = (await all.content.bytes(run.predictions.digest)).toString();
    const rows = csv
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',').map(Number));
    expect(rows).toHaveLength(90);
    const decided = rows.map((cells) => cells[5]! >= 0.3); // row, fold, label, then a probability of each class
    const correct = rows.filter(([, , label], at) => decided[at] === (label === 2)).length;
    const favourable = (afam: boolean): number => {
      const members = rows.flatMap(([row], at) => (attribute[row!] === afam ? [at] : []));
      return members.filter((at) => !decided[at]).length / members.length;
    };
    const [of, without] = [favourable(true), favourable(false)];
    const value = (definition: string): number | undefined =>
      evaluation.measurements.find(
        ({ definition: name, group }) => name === definition && (group === undefined || group['afam'] === '*'),
      )!.value!;
    expect(value('accuracy_score@sklearn')).toBe(correct / 90);
    expect(value('demographic_parity_ratio@fairlearn')).toBeCloseTo(Math.min(of, without) / Math.max(of, without), 12);
    expect(new Set(decided).size).toBe(2);

    // A policy that decides on a label which the model does not know measures nothing.
    const { policyId, modelId } = { policyId: newId(), modelId: newId() };
    const { document: policy } = examples.PolicyPublished;
    await all.write(
      `policy-${all.workspace}.${policyId}`,
      example('PolicyPublished', { policyId, document: { ...policy, decision: { ...policy.decision, scored: '1' } } }),
    );
    await all.write(`model-${all.workspace}.${modelId}`, example('ModelRegistered', { modelId, policyId }));
    await expect(evaluated(modelId)).rejects.toMatchObject({ code: 'OtherLabel' });
  });

  test('a job that breaks a rule fails the run with its code, and the next one is run', async () => {
    start();
    const cases: [Promise<string>, string][] = [
      [startRun({ ...job, target: { column: 'nothing', positive: 'yes' } }), 'UnknownColumn'],
      [startRun({ ...job, algorithm: { name: 'magic' } }), 'InvalidJob'],
      [startRun(Buffer.from('not json')), 'InvalidJob'],
      [startRun(job, { job: { digest: sha256('absent'), bytes: 6, mediaType: 'application/json' } }), 'ContentMissing'],
      [startRun(job, { datasetVersionIds: [newId()] }), 'UnsupportedData'],
      [startRun({ ...job, limits: { seconds: 0.001 } }), 'TimeLimit'],
    ];
    for (const [run, code] of cases) {
      const { type, data } = await ending(await run);
      expect([type, data['code']]).toEqual(['TrainingRunFailed', code]);
      expect(JSON.stringify(data)).not.toContain('nothing');
    }
    expect((await ending(await startRun())).type).toBe('TrainingRunCompleted');
  });

  test('a run whose stream cannot be read waits, the next is run, and a recorded decision lets it go on', async () => {
    const held = await startRun();
    const [eventId, bytes] = [newId(), Buffer.from('{"not":"an event"}')];
    const poison = { id: eventId, type: 'TrialRecorded', data: bytes, metadata: bytes };
    await all.ledger.store.append(`trainingRun-${all.workspace}.${held}`, [poison], 'any');
    start();
    expect((await ending(await startRun())).type).toBe('TrainingRunCompleted');
    expect(trainer!.openRuns()).toEqual([]);
    const decision = { view: 'decisions', partition: 0, eventId, position: 1n, decision: 'skip', reason: 'x' } as const;
    await all.done(all.administrator, 'ReleasePartition', decision);
    expect((await ending(held)).type).toBe('TrainingRunCompleted');
    const refused = ['CommandRefused', { code: 'StreamUnreadable', trainingRunId: held }];
    expect(faults.splice(0)).toEqual([refused]);
  });

  test('a run that another engine trains is left alone', async () => {
    start();
    const external = await startRun(job, { engine: 'external', grade: 'imported' });
    const own = await startRun();
    expect((await ending(own)).type).toBe('TrainingRunCompleted');
    expect(await all.events(`trainingRun-${all.workspace}.${external}`)).toHaveLength(1);
    expect(trainer!.openRuns()).toEqual([]);
  });

  test('a trainer that ends in the middle of a job leaves the run to the next one', async () => {
    let begun: () => void;
    const running = new Promise<void>((resolve) => (begun = resolve));
    start({ onProgress: () => begun() });
    const trainingRunId = await startRun();
    await running;
    await trainer!.close();
    expect(await all.events(`trainingRun-${all.workspace}.${trainingRunId}`)).toHaveLength(1);
    start();
    expect((await ending(trainingRunId)).type).toBe('TrainingRunCompleted');
    expect(faults).toEqual([]);
  });

  test('a search goes on behind the trials that had ended when its process was killed', async () => {
    const search = {
      ...job,
      validation: { scheme: 'stratified_k_fold', k: 2 },
      search: {
        method: { name: 'random' },
        parameters: { l2: { type: 'real', low: 0.01, high: 100, scale: 'log' } },
        budget: { trials: 12 },
      },
    };
    const done: number[] = [];
    let some: () => void;
    const begun = new Promise<void>((resolve) => (some = resolve));
    const watch = (_: unknown, progress: { stage: string; done: number }): void => {
      if (progress.stage === 'trial') done.push(progress.done);
      if (done.length >= 3) some();
    };
    start({ onProgress: watch });
    const trainingRunId = await startRun(search);
    await begun;
    await trainer!.close(); // Its child dies by SIGKILL.
    const path = join(all.folder, 'trainer', 'trials', `${trainingRunId}.jsonl`);
    const kept = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    expect(kept.length).toBeGreaterThanOrEqual(2);
    expect(kept.length).toBeLessThan(12);
    expect(await all.events(`trainingRun-${all.workspace}.${trainingRunId}`)).toHaveLength(1);
    start();
    const { type, data } = await ending(trainingRunId);
    expect(type).toBe('TrainingRunCompleted');
    const run = JSON.parse((await all.content.bytes((data['record'] as { digest: string }).digest)).toString());
    expect(run.search).toMatchObject({ trials: 12 });
    const trials = (await all.content.bytes(run.trials.digest)).toString().split('\n');
    // With their times to the microsecond: they were not run again.
    expect(trials.slice(0, kept.length)).toEqual(kept);
    expect(trials).toHaveLength(13);
    while (trainer!.openRuns().length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(existsSync(path)).toBe(false);
  });

  test('two trainers answer a run once', async () => {
    const second = startTrainer({
      subscribe: (options) => all.fanOut.subscribe(options),
      application: all.newApplication(),
      content: all.content,
      clock: all.clock,
      folder: join(all.folder, 'second-trainer'),
    });
    start();
    try {
      const trainingRunId = await startRun();
      await ending(trainingRunId);
      while (trainer!.openRuns().length + second.openRuns().length > 0)
        await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await all.events(`trainingRun-${all.workspace}.${trainingRunId}`)).toHaveLength(2);
    } finally {
      await second.close();
    }
  });
});
