import { canonicalJson } from '#libs/signing';
import { InputError, asCategories, columnOf } from '#libs/statistics';
import type { CategoryColumn, Fold, Table } from '#libs/statistics';
import type { Algorithm, FittedModel } from '../algorithm.js';
import { algorithms } from '../algorithms.js';
import { inputsOf, rowsOf, tableSteps } from '../features/inputs.js';
import type { Inputs } from '../features/inputs.js';
import { fitPipeline, refuseUnfilled } from '../features/pipeline.js';
import type { FittedPipeline } from '../features/pipeline.js';
import type { Columns, StepDocument } from '../features/step.js';
import { reweigh } from '../reweighing/kamiran-calders.js';
import { schemeOf } from '../validation/schemes.js';
import type { AlgorithmDocument, Candidate, CandidateContext } from './candidate.js';
import type { Job } from './document.js';
import { classesOf, problemOf, targetsOf, weightsAt } from './problem.js';
import type { Problem } from './problem.js';

/** Data of a job, read and dealt once, for any number of candidates. */
export interface Prepared {
  readonly job: Job;
  readonly table: Table;
  readonly problem: Problem;
  /** Names of the columns that may be learnt from. */
  readonly features: readonly string[];
  readonly folds: readonly Fold[];
  readonly seed: number;
  readonly reweighed?: CategoryColumn;
  /** The tensor that a model of this pipeline is served. */
  inputs(pipeline: readonly StepDocument[]): Inputs;
}

/** A fitted candidate: the pipeline and the model behind it. */
export interface FittedCandidate {
  readonly algorithm: Algorithm;
  readonly pipeline: FittedPipeline;
  readonly model: FittedModel;
  readonly documents: readonly StepDocument[];
  /** Columns behind the pipeline, as the model sees them: rounded where its precision says so. */
  behind(columns: Columns): Float64Array;
}

/** @throws InputError `InvalidJob` where the registry has no such algorithm */
export function algorithmOf({ name }: AlgorithmDocument): Algorithm {
  const found = algorithms.get(name);
  if (!found)
    throw new InputError('InvalidJob', `there is no algorithm "${name}"`, {
      field: 'algorithm.name',
      rule: `one of ${[...algorithms.keys()].join(', ')}`,
    });
  return found;
}

/** What a candidate's pipeline is where nothing is said. */
export function pipelineOf(job: Pick<Job, 'pipeline'>, { pipeline, algorithm }: Candidate): readonly StepDocument[] {
  const standard = algorithmOf(algorithm).precision === 'float64' ? [{ step: 'standard_scale' }] : [];
  return pipeline ?? job.pipeline ?? standard;
}

/**
 * Reads and deals the data of a job.
 * @throws InputError as {@link problemOf} and the validation schemes, and `LeakingTarget`, `UnknownColumn`, `NoFeatures`
 */
export function prepare(job: Job, table: Table): Prepared {
  refuseDuplicates(table);
  const problem = problemOf(job, table, algorithmOf(job.algorithm));
  const features = featuresOf(job, table);
  refuseCopies(table, features, problem);
  const reweighed = job.reweighing && asCategories(columnOf(table, job.reweighing.protected));
  if (reweighed && problem.kind !== 'binary')
    throw new InputError('UnsupportedTask', `reweighing needs two classes; this is ${problem.kind}`, {
      field: 'reweighing',
      rule: 'classification of two classes',
    });
  const known = new Map<string, Inputs>();
  const deal = (): readonly Fold[] => schemeOf(job.validation).folds(job.validation, table, problem, job.seed);
  // A fold a row is only made where leaving a row out has no closed form.
  let folds = job.validation.scheme === 'leave_one_out' ? undefined : deal();
  return {
    job,
    table,
    problem,
    features,
    get folds() {
      return (folds ??= deal());
    },
    seed: job.seed,
    ...(reweighed ? { reweighed } : {}),
    inputs(pipeline) {
      const key = canonicalJson(tableSteps(pipeline));
      const found = known.get(key) ?? inputsOf(table, features, pipeline, job.categorical);
      known.set(key, found);
      refuseUnfilled(found, pipeline);
      return found;
    },
  };
}

/**
 * Fits a candidate on the given rows: pipeline, weights and model see nothing else.
 * @throws InputError of the steps and of the algorithm
 */
export function fitCandidate(
  prepared: Prepared,
  candidate: Candidate,
  rows: Int32Array,
  { checkpoint }: Pick<CandidateContext, 'checkpoint'>,
): FittedCandidate {
  const { problem, seed } = prepared;
  const algorithm = algorithmOf(candidate.algorithm);
  const documents = pipelineOf(prepared.job, candidate);
  const target = targetsOf(problem, rows);
  const classes = classesOf(problem);
  const { pipeline, training } = fitPipeline(documents, rowsOf(prepared.inputs(documents), rows), {
    seed,
    checkpoint,
    rows,
    ...(target.length > 0 ? { target: { values: target, classes } } : {}),
  });
  const round = (values: Float64Array): Float64Array =>
    algorithm.precision === 'float32' ? Float64Array.from(values, Math.fround) : values;
  const weights = weightsOf(prepared, rows);
  const model = algorithm.fit(
    {
      rows: rows.length,
      width: pipeline.names.length,
      names: pipeline.names,
      values: round(training),
      target,
      classes,
      ...(weights ? { weights } : {}),
    },
    candidate.algorithm,
    { seed, checkpoint },
  );
  return { algorithm, pipeline, model, documents, behind: (columns) => round(pipeline.transform(columns)) };
}

function weightsOf({ reweighed, problem }: Prepared, rows: Int32Array): Float64Array | undefined {
  const own = weightsAt(problem, rows);
  return reweighed && problem.kind === 'binary' ? reweigh(reweighed, problem.labels, rows, own) : own;
}

function featuresOf(job: Job, table: Table): string[] {
  const target = job.target?.column;
  if (target !== undefined) columnOf(table, target);
  if (target !== undefined && job.features?.includes(target))
    throw new InputError('LeakingTarget', `the target "${target}" is among the features`, {
      field: 'features',
      rule: 'the target is no feature',
    });
  if (job.weight !== undefined && (job.weight === target || job.features?.includes(job.weight)))
    throw new InputError('WeightIsFeature', `"${job.weight}" weighs the rows`, {
      field: 'weight',
      rule: 'neither the target nor a feature',
    });
  for (const name of [
    ...(job.features ?? []),
    ...(job.drop ?? []),
    ...(job.protected ?? []),
    ...(job.categorical ?? []),
  ])
    columnOf(table, name);
  const all =
    job.features ?? table.columns.map(({ name }) => name).filter((name) => name !== target && name !== job.weight);
  const features = all.filter((name) => !job.drop?.includes(name));
  if (features.length === 0)
    throw new InputError('NoFeatures', 'no column is left to learn from', { field: 'features', rule: 'at least one' });
  return features;
}

/** Rows from which on a column that tells the target exactly is a copy of it, not chance. */
const copyRows = 20;

/**
 * A feature that is the target under another name: one value for each label, or the same numbers.
 * @throws InputError `LeakingTarget`
 */
function refuseCopies(table: Table, features: readonly string[], problem: Problem): void {
  if (table.rows < copyRows || problem.kind === 'clustering' || problem.kind === 'reconstruction') return;
  for (const field of features) {
    const column = columnOf(table, field);
    const copy =
      problem.kind === 'regression'
        ? column.kind === 'numeric' && column.values.every((value, row) => value === problem.values[row])
        : isRelabelling(asCategories(column).codes, problem.labels);
    if (copy)
      throw new InputError('LeakingTarget', `"${field}" tells the target "${problem.column}" exactly`, {
        field,
        rule: 'no feature is a copy of the target; drop it',
      });
  }
}

function isRelabelling(codes: Int32Array, labels: ArrayLike<number>): boolean {
  const to = new Map<number, number>();
  const from = new Map<number, number>();
  for (let row = 0; row < codes.length; row += 1) {
    const code = codes[row]!;
    const label = labels[row]!;
    if (code < 0 || (to.get(code) ?? label) !== label || (from.get(label) ?? code) !== code) return false;
    to.set(code, label);
    from.set(label, code);
  }
  return to.size > 1;
}

function refuseDuplicates(table: Table): void {
  const seen = new Set<string>();
  for (const { name } of table.columns) {
    if (seen.has(name))
      throw new InputError('DuplicateColumn', `there are two columns "${name}"`, { field: name, rule: 'unique names' });
    seen.add(name);
  }
}
