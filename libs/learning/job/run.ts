import type { Measurement } from '#libs/lifecycle';
import { canonicalDigest, sha256 } from '#libs/signing';
import {
  InputError,
  asCategories,
  averagePrecision,
  brierScore,
  columnOf,
  hashRows,
  logLoss,
  measured,
  rocAuc,
  rowDigestAlgorithm,
  stratifiedKFold,
} from '#libs/statistics';
import type { CategoryColumn, Table } from '#libs/statistics';
import { featureMatrix } from '../features/matrix.js';
import { fitStandardisation, standardise } from '../features/standardise.js';
import { fitLogistic, predictLogistic } from '../linear/logistic.js';
import { writeLogistic } from '../linear/logistic-onnx.js';
import { checkParity, describeOnnx } from '../onnx/index.js';
import type { OnnxDescription, Parity } from '../onnx/index.js';
import { reweigh } from '../reweighing/kamiran-calders.js';
import type { Job } from './document.js';
import { assayVersion, environmentSignature } from './environment.js';
import type { EnvironmentSignature } from './environment.js';
import type { PooledPredictions } from './evaluate.js';

export interface RunOptions {
  /** Content digest of the data, for the lineage. */
  readonly dataDigest?: string;
  /** Row digest of the table where it is known already. */
  readonly rowDigest?: string;
  readonly onProgress?: (progress: {
    readonly stage: 'fold' | 'final' | 'export';
    readonly done: number;
    readonly total: number;
  }) => void;
  /** Aborts between folds. */
  readonly signal?: AbortSignal;
  /** Milliseconds since the epoch, for the deadline and the timings; nothing else depends on it. */
  readonly now?: () => number;
}

export interface JobResult {
  /** ONNX file. */
  readonly model: Uint8Array;
  /** SHA-256 of the file. */
  readonly digest: string;
  /** What `run.json` holds. */
  readonly record: RunRecord;
  readonly predictions: PooledPredictions;
  /** Cross-validated, pooled; they need no policy. */
  readonly measurements: readonly Measurement[];
}

export interface RunRecord {
  readonly version: 1;
  readonly job: Job;
  readonly jobDigest: string;
  readonly environment: EnvironmentSignature;
  readonly data: {
    readonly digest?: string;
    readonly rowDigest: string;
    readonly rowDigestAlgorithm: string;
    readonly rows: number;
  };
  readonly features: readonly string[];
  readonly folds: readonly FoldRecord[];
  readonly fit: FitRecord;
  readonly model: {
    readonly digest: string;
    readonly bytes: number;
    readonly parity: Parity;
    readonly architecture: Pick<OnnxDescription, 'nodes' | 'edges' | 'parameters'>;
  };
  readonly measurements: readonly Measurement[];
  /** Milliseconds. */
  readonly timings: {
    readonly validation: number;
    readonly fit: number;
    readonly export: number;
    readonly total: number;
  };
  readonly resources: { readonly cpuMilliseconds: number; readonly memoryBytes: number };
}

export interface FitRecord {
  readonly rows: number;
  readonly iterations: number;
  /** Largest partial derivative over the sum of weights where the fit stopped. */
  readonly gradient: number;
  readonly converged: boolean;
  readonly coefficients: Readonly<Record<string, number>>;
  readonly intercept: number;
}

export interface FoldRecord extends FitRecord {
  readonly fold: number;
  readonly testRows: number;
  readonly rocAuc: number | null;
  readonly logLoss: number | null;
}

/**
 * Runs one training job: cross-validates (pipeline and weights fitted on the training folds only), fits on all rows,
 * writes the ONNX file and compares it with the trainer. The model's bytes are a function of job, table, lineage
 * options and environment: the same signature and seed give the same bytes.
 *
 * @throws InputError: `OneClass`, `UnknownColumn`, `MissingValue`, `NeedsEncoding`, `LeakingTarget`, `DeadlinePassed`,
 * `TimeLimit`, `MemoryLimit`, `Cancelled`, `ParityBroken`, and those of the folds and of the algorithm
 */
export async function runJob(job: Job, table: Table, options: RunOptions = {}): Promise<JobResult> {
  const now = options.now ?? Date.now;
  const started = now();
  const cpu = process.cpuUsage();
  const guard = limits(job, options, now, started);
  guard();
  const { labels, other } = targetOf(job, table);
  const features = featuresOf(job, table);
  const matrix = featureMatrix(table, features);
  const reweighed = job.reweighing && asCategories(columnOf(table, job.reweighing.protected));
  const { k, shuffle } = job.validation;
  const folds = stratifiedKFold(labels, k, shuffle === false ? undefined : job.seed);
  const probabilities = new Float64Array(table.rows);
  const foldOf = new Int32Array(table.rows);
  const foldRecords = folds.map(({ training, test }, fold): FoldRecord => {
    guard();
    const fitted = fit(job, matrix.values, features, labels, training, reweighed);
    const scored = predictLogistic(
      standardise(matrix.values, features.length, test, fitted.standardisation),
      features.length,
      fitted.model,
    );
    const own = Uint8Array.from(test, (row) => labels[row]!);
    test.forEach((row, index) => {
      probabilities[row] = scored[index]!;
      foldOf[row] = fold;
    });
    options.onProgress?.({ stage: 'fold', done: fold + 1, total: k });
    return {
      fold,
      testRows: test.length,
      rocAuc: rocAuc(own, scored) ?? null,
      logLoss: logLoss(own, scored) ?? null,
      ...fitted.record,
    };
  });
  const validated = now();
  guard();
  const all = Int32Array.from(labels, (_, row) => row);
  const final = fit(job, matrix.values, features, labels, all, reweighed);
  options.onProgress?.({ stage: 'final', done: 1, total: 1 });
  const fitted = now();
  const rowDigest = options.rowDigest ?? hashRows(table).digest();
  const jobDigest = canonicalDigest(job);
  const model = writeLogistic(
    final.model,
    final.standardisation,
    {
      features,
      encoding: matrix.encoding,
      target: { column: job.target.column, scored: job.target.positive, ...(other === undefined ? {} : { other }) },
      lineage: { job: jobDigest, rows: rowDigest, ...(options.dataDigest ? { data: options.dataDigest } : {}) },
    },
    assayVersion(),
  );
  const expected = predictLogistic(
    standardise(matrix.values, features.length, all, final.standardisation),
    features.length,
    final.model,
  );
  const parity = await checkParity(model, matrix.values, features.length, expected);
  options.onProgress?.({ stage: 'export', done: 1, total: 1 });
  const { nodes, edges, parameters } = describeOnnx(model);
  const digest = sha256(model);
  const predictions = { probabilities, labels, folds: foldOf };
  const measurements = pooledMeasurements(predictions, rowDigest);
  const used = process.cpuUsage(cpu);
  const ended = now();
  const record: RunRecord = {
    version: 1,
    job,
    jobDigest,
    environment: environmentSignature(job.seed),
    data: {
      ...(options.dataDigest ? { digest: options.dataDigest } : {}),
      rowDigest,
      rowDigestAlgorithm,
      rows: table.rows,
    },
    features,
    folds: foldRecords,
    fit: final.record,
    model: { digest, bytes: model.length, parity, architecture: { nodes, edges, parameters } },
    measurements,
    timings: {
      validation: validated - started,
      fit: fitted - validated,
      export: ended - fitted,
      total: ended - started,
    },
    resources: { cpuMilliseconds: (used.user + used.system) / 1000, memoryBytes: process.memoryUsage.rss() },
  };
  return { model, digest, record, predictions, measurements };
}

function fit(
  job: Job,
  matrix: Float32Array,
  features: readonly string[],
  labels: Uint8Array,
  rows: Int32Array,
  reweighed: CategoryColumn | undefined,
) {
  const width = features.length;
  const standardisation = fitStandardisation(matrix, width, rows);
  const weights = reweighed && reweigh(reweighed, labels, rows);
  const own = Uint8Array.from(rows, (row) => labels[row]!);
  const model = fitLogistic(standardise(matrix, width, rows, standardisation), width, own, weights, {
    l2: job.algorithm.l2,
  });
  const record: FitRecord = {
    rows: rows.length,
    iterations: model.iterations,
    gradient: model.gradient,
    converged: model.converged,
    coefficients: Object.fromEntries(features.map((feature, j) => [feature, model.coefficients[j]!])),
    intercept: model.intercept,
  };
  return { model, standardisation, record };
}

function targetOf(job: Job, table: Table): { labels: Uint8Array; other?: string } {
  const { column: name, positive } = job.target;
  const column = asCategories(columnOf(table, name));
  const missing = column.codes.findIndex((code) => code < 0);
  if (missing >= 0)
    throw new InputError('MissingValue', `the target "${name}" is missing in row ${missing}`, {
      field: name,
      row: missing,
      rule: 'a label in every row',
    });
  const scored = column.categories.indexOf(positive);
  if (scored < 0)
    throw new InputError('UnknownLabel', `"${name}" never is "${positive}"`, {
      field: 'target.positive',
      rule: `one of ${column.categories.slice(0, 20).join(', ')}`,
    });
  if (column.categories.length === 1)
    throw new InputError('OneClass', `"${name}" is "${positive}" in every row`, { field: name, rule: 'two classes' });
  const others = column.categories.filter((category) => category !== positive);
  return {
    labels: Uint8Array.from(column.codes, (code) => (code === scored ? 1 : 0)),
    ...(others.length === 1 ? { other: others[0]! } : {}),
  };
}

function featuresOf(job: Job, table: Table): string[] {
  const { column: target } = job.target;
  if (job.features?.includes(target))
    throw new InputError('LeakingTarget', `the target "${target}" is among the features`, {
      field: 'features',
      rule: 'the target is no feature',
    });
  for (const name of [...(job.features ?? []), ...(job.drop ?? []), ...(job.protected ?? [])]) columnOf(table, name);
  const all = job.features ?? table.columns.map(({ name }) => name).filter((name) => name !== target);
  return all.filter((name) => !job.drop?.includes(name));
}

function limits(job: Job, options: RunOptions, now: () => number, started: number): () => void {
  const deadline = job.deadline === undefined ? Infinity : Date.parse(job.deadline);
  const { seconds = Infinity, memoryMegabytes = Infinity } = job.limits ?? {};
  return () => {
    if (options.signal?.aborted) throw new InputError('Cancelled', 'the run was cancelled', { rule: 'not cancelled' });
    if (now() >= deadline)
      throw new InputError('DeadlinePassed', `the deadline ${job.deadline} has passed`, {
        field: 'deadline',
        rule: 'in the future',
      });
    if (now() - started > seconds * 1000)
      throw new InputError('TimeLimit', `the run took longer than ${seconds} s`, {
        field: 'limits.seconds',
        rule: `at most ${seconds} s`,
      });
    if (process.memoryUsage.rss() > memoryMegabytes * 1e6)
      throw new InputError('MemoryLimit', `the process uses over ${memoryMegabytes} MB`, {
        field: 'limits.memoryMegabytes',
        rule: `at most ${memoryMegabytes} MB`,
      });
  };
}

function pooledMeasurements({ labels, probabilities }: PooledPredictions, source: string): Measurement[] {
  const details = { n: labels.length, denominator: labels.length, source };
  return [
    measured('roc_auc_score@sklearn', rocAuc(labels, probabilities), details, 'one-class'),
    measured('average_precision_score@sklearn', averagePrecision(labels, probabilities), details, 'one-class'),
    measured('log_loss@sklearn', logLoss(labels, probabilities), details, 'no-rows'),
    measured('brier_score_loss@sklearn', brierScore(labels, probabilities), details, 'no-rows'),
  ];
}
