import type { Measurement } from '#libs/lifecycle';
import { canonicalDigest, sha256 } from '#libs/signing';
import { InputError, catalogue, hashRows, measured, rowDigestAlgorithm } from '#libs/statistics';
import type { Table } from '#libs/statistics';
import type { SummaryValue } from '../algorithm.js';
import { rowsOf } from '../features/inputs.js';
import type { FittedPipeline } from '../features/pipeline.js';
import { checkParity, describeOnnx, outputNames } from '../onnx/index.js';
import type { OnnxDescription, Parity } from '../onnx/index.js';
import { efficiencyOf } from '../record/efficiency.js';
import { startMeter } from '../record/resources.js';
import type { ResourceRecord } from '../record/resources.js';
import { plainTrial, runSearch, searchDigest, trialsDiffer } from '../search/run-search.js';
import type { SearchResult } from '../search/run-search.js';
import type { TrialRecord } from '../search/trials.js';
import { innerFoldsOf, schemeOf } from '../validation/schemes.js';
import type { AlgorithmDocument, Candidate, CandidateContext, FoldScores, Scores } from './candidate.js';
import type { Job } from './document.js';
import { environmentSignature } from './environment.js';
import type { EnvironmentSignature } from './environment.js';
import { exportCandidate } from './export.js';
import { predictionsOf } from './predictions.js';
import type { Predictions } from './predictions.js';
import { evaluationOf } from './evaluation.js';
import type { EvaluationRecord } from './evaluation.js';
import { fitCandidate, prepare } from './prepare.js';
import type { FittedCandidate, Prepared } from './prepare.js';
import { weightsAt } from './problem.js';
import type { Problem } from './problem.js';
import { intervalsOf } from '../validation/intervals.js';
import { scoresOf } from '../validation/scores.js';
import { validateCandidate, validateNested, withInnerFolds } from './validate.js';
import type { FoldOutputs } from './validate.js';

export interface RunOptions {
  /** Content digest of the data, for the lineage. */
  readonly dataDigest?: string;
  /** Row digest of the table where it is known already. */
  readonly rowDigest?: string;
  readonly onProgress?: (progress: {
    readonly stage: 'trial' | 'fold' | 'final' | 'export';
    readonly done: number;
    /** Of a trial in nested validation: the outer fold whose training rows are searched. */
    readonly outerFold?: number;
    /** 0 where a search does not know its end. */
    readonly total: number;
  }) => void;
  /** Trials of an earlier, interrupted run of the same search in their order, which are not run again. */
  readonly recordedTrials?: readonly TrialRecord[];
  /** A trial of a search has ended: it can be kept before the next one begins. */
  readonly onTrial?: (trial: TrialRecord) => void;
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
  readonly predictions: Predictions;
  /** Of a search all its trials, behind them those in each outer fold of a nested validation; else the one candidate. */
  readonly trials: readonly TrialRecord[];
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
  readonly problem: ProblemRecord;
  readonly weight?: WeightRecord;
  /** As an evaluation names it. */
  readonly scheme: string;
  /** The first hundred. */
  readonly folds: readonly FoldRecord[];
  /** Of rows that were not fitted on. */
  readonly evaluation: EvaluationRecord;
  /** What was fitted: of a search its best. */
  readonly algorithm: AlgorithmDocument;
  readonly search?: SearchRecord;
  /** The fitted steps and what they hold. */
  readonly pipeline: FittedPipeline['steps'];
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
    readonly search: number;
    readonly validation: number;
    readonly fit: number;
    readonly export: number;
    readonly total: number;
  };
  readonly resources: ResourceRecord;
  /** What the run is worth for what it cost, measured with a clock. */
  readonly efficiency: readonly Measurement[];
}

/** How the algorithm was chosen. The score of the best of many is better than the same model's on other rows. */
export interface SearchRecord {
  readonly objective: SearchResult['objective'];
  readonly trials: number;
  readonly failed: number;
  readonly ended: SearchResult['ended'];
  readonly best: { readonly trial: number; readonly score: number };
}

/** What was asked: the kind, and the label that is scored, or all of them. */
export type ProblemRecord =
  | { readonly kind: 'binary'; readonly column: string; readonly scored: string; readonly other?: string }
  | { readonly kind: 'multiclass'; readonly column: string; readonly classes: readonly string[] }
  | { readonly kind: 'regression'; readonly column: string }
  | { readonly kind: 'clustering' | 'reconstruction' };

/** Rows, and the summary of the fitted model. */
export interface FitRecord {
  readonly rows: number;
  readonly [detail: string]: SummaryValue;
}

export interface FoldRecord extends FitRecord {
  readonly fold: number;
  readonly testRows: number;
  readonly scores: Scores;
}

/**
 * Runs one training job: validates (pipeline and weights fitted on the training folds only), fits on all rows, writes
 * the ONNX file and compares it with the trainer. The model's bytes are a function of job, table, lineage options and
 * environment: the same signature and seed give the same bytes.
 *
 * @throws InputError: `OneClass`, `UnknownColumn`, `MissingValue`, `NeedsEncoding`, `LeakingTarget`, `DeadlinePassed`,
 * `TimeLimit`, `MemoryLimit`, `Cancelled`, `ParityBroken`, and those of the folds, the steps, the algorithm and the search
 */
export async function runJob(job: Job, table: Table, options: RunOptions = {}): Promise<JobResult> {
  const now = options.now ?? Date.now;
  const started = now();
  const meter = startMeter();
  const checkpoint = limitsOf(job, options, now, started);
  checkpoint();
  const prepared = prepare(job, table);
  const { problem } = prepared;
  const rowDigest = options.rowDigest ?? hashRows(table).digest();
  const trialDigest = searchDigest(job, rowDigest);
  const inner = job.search && innerFoldsOf(job.validation);
  const { recordedTrials: recorded = [] } = options;
  const trials: TrialRecord[] = [];
  const searchOn = (own: Prepared, outer: { readonly outerFold?: number } = {}): SearchResult => {
    const found = runSearch(own, job.search!, {
      ...outer,
      checkpoint,
      digest: trialDigest,
      recorded: recorded.slice(trials.length),
      onTrial: (trial) => options.onTrial?.(trial),
      onProgress: (done, total = 0) => options.onProgress?.({ stage: 'trial', done, total, ...outer }),
    });
    trials.push(...found.trials);
    return found;
  };
  // Nested: the search on all rows chooses by the inner folds' count, the outer ones say how well such a choice does.
  const search = job.search && searchOn(inner === undefined ? prepared : withInnerFolds(prepared, inner));
  const candidate = search?.candidate ?? { algorithm: job.algorithm };
  const searchedAt = now();
  const context: CandidateContext = {
    checkpoint,
    onFold: (_, done, total) => options.onProgress?.({ stage: 'fold', done, total }),
  };
  const choose = (own: Prepared, outerFold: number): Candidate => searchOn(own, { outerFold }).candidate;
  const validated =
    inner === undefined
      ? validateCandidate(prepared, candidate, context)
      : validateNested(prepared, inner, choose, context);
  if (recorded.length > trials.length) throw trialsDiffer(recorded[trials.length]!);
  const validatedAt = now();
  checkpoint();
  const all = Int32Array.from({ length: table.rows }, (_, row) => row);
  const final = fitCandidate(prepared, candidate, all, { checkpoint });
  options.onProgress?.({ stage: 'final', done: 1, total: 1 });
  const fittedAt = now();
  const jobDigest = canonicalDigest(job);
  const inputs = prepared.inputs(final.documents);
  const model = exportCandidate(final, inputs, problem, {
    job: jobDigest,
    rows: rowDigest,
    ...(options.dataDigest ? { data: options.dataDigest } : {}),
  });
  const parity = await compare(model, prepared, final, all);
  options.onProgress?.({ stage: 'export', done: 1, total: 1 });
  const { nodes, edges, parameters } = describeOnnx(model);
  const digest = sha256(model);
  const predictions = predictionsOf(problem, validated.predictions);
  const measurements = pooledMeasurements(prepared, final, validated.predictions, rowDigest);
  const ended = now();
  const resources = meter();
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
    features: inputs.features,
    problem: problemRecord(problem),
    ...(job.weight === undefined ? {} : { weight: weightRecord(job.weight, problem) }),
    scheme: schemeOf(job.validation).describe(job.validation),
    folds: validated.folds.slice(0, 100).map(foldRecord),
    evaluation: evaluationOf(prepared, candidate, validated, { checkpoint }),
    algorithm: candidate.algorithm,
    ...(search ? { search: searchRecord(search) } : {}),
    pipeline: final.pipeline.steps,
    fit: { rows: table.rows, ...final.model.summary },
    model: { digest, bytes: model.length, parity, architecture: { nodes, edges, parameters } },
    measurements,
    timings: {
      search: search ? searchedAt - started : 0,
      validation: validatedAt - (search ? searchedAt : started),
      fit: fittedAt - validatedAt,
      export: ended - fittedAt,
      total: ended - started,
    },
    resources,
    efficiency: efficiencyOf({
      algorithm: candidate.algorithm.name,
      parameters,
      scores: validated.mean,
      cpuMilliseconds: resources.cpuMilliseconds,
      folds: validated.folds,
      ...(search && job.search?.method.name === 'random' ? { drawn: drawnOf(search) } : {}),
    }),
  };
  if (!search) trials.push(plainTrial(candidate, validated, trialDigest));
  return { model, digest, record, predictions, trials, measurements };
}

function searchRecord({ objective, trials, ended, best }: SearchResult): SearchRecord {
  return {
    objective,
    trials: trials.length,
    failed: trials.filter(({ status }) => status !== 'scored').length,
    ended,
    best: { trial: best.trial, score: best.scores[objective.score]! },
  };
}

function drawnOf({ objective: { score, direction }, trials }: SearchResult) {
  return { direction, values: trials.flatMap(({ scores }) => scores[score] ?? []) };
}

/** Column, sum, rows that count for nothing, and Kish's effective number of rows, (Σw)² / Σw². */
export interface WeightRecord {
  readonly column: string;
  readonly sum: number;
  readonly zeros: number;
  readonly effectiveRows: number;
}

function weightRecord(column: string, { weights = new Float64Array(0) }: Problem): WeightRecord {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return {
    column,
    sum,
    zeros: weights.reduce((count, weight) => count + Number(weight === 0), 0),
    effectiveRows: effectiveRows(weights),
  };
}

function effectiveRows(weights: Float64Array): number {
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  if (largest === 0) return 0;
  const sum = weights.reduce((total, weight) => total + weight / largest, 0);
  return sum ** 2 / weights.reduce((total, weight) => total + (weight / largest) ** 2, 0);
}

function problemRecord(problem: Problem): ProblemRecord {
  switch (problem.kind) {
    case 'binary': {
      const { kind, column, scored, other } = problem;
      return { kind, column, scored, ...(other === undefined ? {} : { other }) };
    }
    case 'multiclass':
      return { kind: problem.kind, column: problem.column, classes: problem.classes };
    case 'regression':
      return { kind: problem.kind, column: problem.column };
    default:
      return { kind: problem.kind };
  }
}

function foldRecord({ fold, rows, testRows, scores, summary, chosen }: FoldScores): FoldRecord {
  return { fold, testRows, scores, rows, ...(chosen ? { chosen } : {}), ...summary } as FoldRecord;
}

/** Every row by the trainer and by onnxruntime-node. @throws InputError `ParityBroken` */
async function compare(
  model: Uint8Array,
  prepared: Prepared,
  final: FittedCandidate,
  all: Int32Array,
): Promise<Parity> {
  const { problem } = prepared;
  const inputs = prepared.inputs(final.documents);
  const columns = final.behind(rowsOf(inputs, all));
  const expected = final.model.predict(columns, all.length);
  const binary = problem.kind === 'binary';
  const boundaryRows = final.model.boundaryRows?.(columns, all.length);
  return checkParity(
    model,
    inputs.values,
    inputs.names.length,
    {
      values: binary ? expected.filter((_, at) => at % 2 === 1) : expected,
      width: binary ? 1 : final.model.outputs,
      kind: binary ? 'probability' : problem.kind === 'multiclass' ? 'probabilities' : 'number',
      ...(boundaryRows ? { boundaryRows } : {}),
    },
    outputNames[problem.kind],
  );
}

/** The checkpoint of a job: throws where it is cancelled, late, or over its limits. */
export function limitsOf(job: Job, options: RunOptions, now: () => number, started: number): () => void {
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

function pooledMeasurements(
  { problem, inputs, seed }: Prepared,
  final: FittedCandidate,
  { rows, outputs, width }: FoldOutputs,
  source: string,
): Measurement[] {
  // What the final pipeline makes of the rows stands for what each fold's did: only a reconstruction is compared with it.
  const columns =
    problem.kind === 'reconstruction' ? final.behind(rowsOf(inputs(final.documents), rows)) : new Float64Array(0);
  const own = weightsAt(problem, rows);
  const effective = own ? effectiveRows(own) : rows.length;
  const details = { n: rows.length, denominator: effective, source };
  const intervals = intervalsOf(problem, rows, outputs, width, seed);
  const reason = problem.kind === 'binary' ? 'one-class' : 'no-rows';
  return Object.entries(scoresOf(problem, rows, outputs, width, columns))
    .filter(([definition]) => catalogue.has(definition))
    .map(([definition, value]) =>
      measured(
        definition,
        value ?? undefined,
        { ...details, interval: value === null ? undefined : intervals[definition] },
        reason,
      ),
    );
}
