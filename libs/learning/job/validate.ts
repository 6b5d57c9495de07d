import { InputError, MersenneTwister } from '#libs/statistics';
import type { Fold } from '#libs/statistics';
import { rowsOf } from '../features/inputs.js';
import { hasClosedForm, leaveOneOut } from '../validation/closed-form.js';
import { innerFolds, refuseManyFits } from '../validation/schemes.js';
import { meanScores, scoresOf } from '../validation/scores.js';
import type { Candidate, CandidateContext, FoldScores, Scores } from './candidate.js';
import { fitCandidate, pipelineOf } from './prepare.js';
import type { Prepared } from './prepare.js';
import type { Problem } from './problem.js';

/** Out-of-fold outputs of the rows that some fold tested. */
export interface FoldOutputs {
  /** Rows of the table, ascending. */
  readonly rows: Int32Array;
  /** Fold that scored each of them. */
  readonly folds: Int32Array;
  /** Row-major, `rows.length × width`. */
  readonly outputs: Float64Array;
  readonly width: number;
}

export interface CandidateResult {
  readonly folds: readonly FoldScores[];
  /** Mean over the folds; of leave-one-out the scores of the pooled predictions. */
  readonly mean: Scores;
  readonly predictions: FoldOutputs;
}

/**
 * Scores one candidate on the job's folds: pipeline, weights and model are fitted on each fold's training rows only.
 * The final fit uses the same code ({@link fitCandidate} on all rows).
 * @throws InputError of the steps and of the algorithm, `TooLarge`, and what `checkpoint` throws
 */
export function validateCandidate(
  prepared: Prepared,
  candidate: Candidate,
  context: CandidateContext,
): CandidateResult {
  const { job, table } = prepared;
  const single = job.validation.scheme === 'leave_one_out';
  if (single && job.weight === undefined && hasClosedForm(candidate.algorithm, pipelineOf(job, candidate)))
    return closedForm(prepared, candidate, context);
  if (single) refuseManyFits(job.validation, table.rows);
  const result = validateBy(prepared, () => candidate, context);
  if (!single) return result;
  const { rows, outputs, width } = result.predictions;
  return { ...result, mean: scoresOf(prepared.problem, rows, outputs, width, new Float64Array(0)) };
}

/**
 * Nested validation (S. Varma and R. Simon, BMC Bioinformatics 7:91, 2006): `choose` sees only the rows that an outer
 * fold is fitted on, dealt into `inner` folds; what it chooses is scored on the outer test rows. The scores are those
 * of the choosing, not of one candidate.
 */
export function validateNested(
  prepared: Prepared,
  inner: number,
  choose: (prepared: Prepared, outerFold: number) => Candidate,
  context: CandidateContext,
): CandidateResult {
  return validateBy(
    prepared,
    (fold, index) => choose({ ...prepared, folds: innerFolds(fold, inner, prepared.problem, prepared.seed) }, index),
    context,
    true,
  );
}

/** The same data, all rows of it dealt into the inner folds of a nested validation. */
export function withInnerFolds(prepared: Prepared, inner: number): Prepared {
  const training = Int32Array.from({ length: prepared.table.rows }, (_, row) => row);
  const whole = { training, test: new Int32Array(0) };
  return { ...prepared, folds: innerFolds(whole, inner, prepared.problem, prepared.seed) };
}

function validateBy(
  prepared: Prepared,
  candidateOf: (fold: Fold, index: number) => Candidate,
  context: CandidateContext,
  nested = false,
): CandidateResult {
  const { folds, problem, table } = prepared;
  const foldOf = new Int32Array(table.rows).fill(-1);
  let outputs: Float64Array | undefined;
  let width = 0;
  const done: FoldScores[] = [];
  for (const [index, fold] of folds.entries()) {
    context.checkpoint();
    const candidate = candidateOf(fold, index);
    const inputs = prepared.inputs(pipelineOf(prepared.job, candidate));
    const { training, test } = fold;
    const started = performance.now();
    const rows = share(training, problem, prepared.seed, context.trainingFraction ?? 1);
    const fitted = fitCandidate(prepared, candidate, rows, context);
    const fittedAt = performance.now();
    const columns = fitted.behind(rowsOf(inputs, test));
    const scored = fitted.model.predict(columns, test.length);
    const ended = performance.now();
    if (outputs && width !== fitted.model.outputs)
      throw new InputError('WidthChanged', `one fold has ${width} outputs, another ${fitted.model.outputs}`, {
        field: 'pipeline',
        rule: 'steps that keep the same number of columns in every fold',
      });
    width = fitted.model.outputs;
    outputs ??= new Float64Array(table.rows * width);
    for (let i = 0; i < test.length; i += 1) {
      outputs.set(scored.subarray(i * width, (i + 1) * width), test[i]! * width);
      foldOf[test[i]!] = index;
    }
    const scores: FoldScores = {
      fold: index,
      rows: rows.length,
      testRows: test.length,
      scores: scoresOf(problem, test, scored, width, columns),
      summary: fitted.model.summary,
      ...(nested ? { chosen: candidate.algorithm } : {}),
      fitMilliseconds: fittedAt - started,
      scoreMilliseconds: ended - fittedAt,
    };
    done.push(scores);
    if (context.onFold?.(scores, done.length, folds.length) === 'stop') break;
  }
  return { folds: done, mean: meanScores(done), predictions: tested(foldOf, outputs ?? new Float64Array(0), width) };
}

/** Leave-one-out of a least-squares fit: one fit, and each row's leverage. */
function closedForm(prepared: Prepared, candidate: Candidate, context: CandidateContext): CandidateResult {
  const { problem, table } = prepared;
  const rows = Int32Array.from({ length: table.rows }, (_, row) => row);
  const started = performance.now();
  const fitted = fitCandidate(prepared, candidate, rows, context);
  const columns = fitted.behind(rowsOf(prepared.inputs(fitted.documents), rows));
  const fittedAt = performance.now();
  if (problem.kind !== 'regression') throw new Error('leave-one-out in closed form is of numbers');
  const own = fitted.model.predict(columns, rows.length);
  const { l2 = 0 } = candidate.algorithm as { readonly l2?: number };
  const outputs = leaveOneOut(columns, fitted.pipeline.names.length, problem.values, l2, own);
  const scores = scoresOf(problem, rows, outputs, 1, columns);
  const fold: FoldScores = {
    fold: 0,
    rows: rows.length - 1,
    testRows: rows.length,
    scores,
    summary: fitted.model.summary,
    fitMilliseconds: fittedAt - started,
    scoreMilliseconds: performance.now() - fittedAt,
  };
  context.onFold?.(fold, 1, 1);
  return { folds: [fold], mean: scores, predictions: { rows, folds: rows, outputs, width: 1 } };
}

function tested(foldOf: Int32Array, outputs: Float64Array, width: number): FoldOutputs {
  const rows = foldOf.map((_, row) => row).filter((row) => foldOf[row]! >= 0);
  if (rows.length === foldOf.length) return { rows, folds: foldOf, outputs, width };
  const own = new Float64Array(rows.length * width);
  rows.forEach((row, index) => own.set(outputs.subarray(row * width, (row + 1) * width), index * width));
  return { rows, folds: rows.map((row) => foldOf[row]!), outputs: own, width };
}

/** The first share of a seeded order, of each class alike; ascending. @throws InputError `Hyperparameter` */
export function share(rows: Int32Array, problem: Problem, seed: number, fraction: number): Int32Array {
  if (fraction === 1) return rows;
  if (!(fraction > 0 && fraction < 1))
    throw new InputError('Hyperparameter', `training fraction ${fraction}`, {
      field: 'trainingFraction',
      rule: 'in (0, 1]',
    });
  const order = rows.slice();
  new MersenneTwister(seed).shuffle(order);
  const classOf = (row: number): number => ('labels' in problem ? problem.labels[row]! : 0);
  const sizes = new Map<number, number>();
  for (const row of order) sizes.set(classOf(row), (sizes.get(classOf(row)) ?? 0) + 1);
  const left = new Map([...sizes].map(([own, size]) => [own, Math.ceil(size * fraction)]));
  return order
    .filter((row) => {
      const places = left.get(classOf(row))!;
      left.set(classOf(row), places - 1);
      return places > 0;
    })
    .sort();
}
