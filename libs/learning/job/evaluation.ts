import { asCategories, calibration, columnOf, studentQuantile } from '#libs/statistics';
import type { CalibrationBin } from '#libs/statistics';
import { confusionOf } from '../validation/classification.js';
import { largest, meanScores, scoresOf } from '../validation/scores.js';
import { rowsOf } from '../features/inputs.js';
import type { Candidate, CandidateContext, FoldScores, Scores } from './candidate.js';
import { fitCandidate, pipelineOf } from './prepare.js';
import type { Prepared } from './prepare.js';
import { share, validateCandidate } from './validate.js';
import type { CandidateResult } from './validate.js';

/** What validation says of a model, beside the scores of each fold. */
export interface EvaluationRecord {
  readonly rows: number;
  readonly folds: number;
  /** Per definition over the folds. */
  readonly scores: Readonly<Record<string, FoldSummary>>;
  /** Of the predictions of all folds together. */
  readonly pooled: Scores;
  /** Rows by label (line) and decision (column): at 0.5, or the most probable. */
  readonly confusion?: { readonly labels: readonly string[]; readonly counts: readonly (readonly number[])[] };
  /** Mean probability and share of the scored label in ten equal parts of [0, 1]; empty parts are left out. */
  readonly calibration?: readonly CalibrationBin[];
  /** Per protected column of at most fifty values and value, of the pooled predictions. */
  readonly groups?: readonly {
    readonly column: string;
    readonly value: string | null;
    readonly rows: number;
    readonly scores: Scores;
  }[];
  readonly learningCurve?: readonly LearningPoint[];
}

export interface FoldSummary {
  /** null where some fold's score is undefined. */
  readonly mean: number | null;
  /** Sample standard deviation over the folds. */
  readonly deviation?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  /**
   * Of the mean, by Student's t with the variance of C. Nadeau and Y. Bengio (Machine Learning 52, 2003),
   * s² (1/k + tested/fitted), since folds share rows.
   */
  readonly interval?: {
    readonly method: 'corrected_resampled_t@assay';
    readonly level: number;
    readonly low: number;
    readonly high: number;
  };
}

export interface LearningPoint {
  readonly fraction: number;
  /** Mean over the folds of the rows fitted on. */
  readonly rows: number;
  /** Means over the folds, of the rows fitted on and of the test rows. */
  readonly training: Scores;
  readonly test: Scores;
}

const level = 0.95;
const maximumGroups = 50;

/** @throws InputError what the algorithm throws on the smaller sets of a learning curve */
export function evaluationOf(
  prepared: Prepared,
  candidate: Candidate,
  { folds, predictions }: CandidateResult,
  context: Pick<CandidateContext, 'checkpoint'>,
): EvaluationRecord {
  const { problem, job } = prepared;
  const { rows, outputs, width } = predictions;
  const reconstructed = problem.kind === 'reconstruction';
  const pooled = reconstructed ? meanScores(folds) : scoresOf(problem, rows, outputs, width, new Float64Array(0));
  const curve = job.learningCurve;
  return {
    rows: rows.length,
    folds: folds.length,
    scores: Object.fromEntries(Object.keys(folds[0]?.scores ?? {}).map((name) => [name, summaryOf(folds, name)])),
    pooled,
    ...classesRecord(prepared, predictions),
    ...(job.protected && !reconstructed ? { groups: groupsOf(prepared, predictions) } : {}),
    ...(curve ? { learningCurve: curve.fractions.map((one) => learningPoint(prepared, candidate, one, context)) } : {}),
  };
}

function summaryOf(folds: readonly FoldScores[], definition: string): FoldSummary {
  const known = folds.flatMap(({ scores }) => scores[definition] ?? []);
  const k = folds.length;
  if (known.length < k) return { mean: null };
  const mean = meanScores(folds)[definition]!;
  const ends = { minimum: Math.min(...known), maximum: Math.max(...known) };
  if (k < 2) return { mean };
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (k - 1));
  const ratio = folds.reduce((sum, { rows, testRows }) => sum + testRows / rows / k, 0);
  const half = studentQuantile(0.5 + level / 2, k - 1) * deviation * Math.sqrt(1 / k + ratio);
  return {
    mean,
    deviation,
    ...ends,
    interval: { method: 'corrected_resampled_t@assay', level, low: mean - half, high: mean + half },
  };
}

function classesRecord(
  { problem }: Prepared,
  { rows, outputs, width }: CandidateResult['predictions'],
): Pick<EvaluationRecord, 'confusion' | 'calibration'> {
  if (problem.kind !== 'binary' && problem.kind !== 'multiclass') return {};
  const labels = Array.from(rows, (row) => problem.labels[row]!);
  const binary = problem.kind === 'binary';
  const decided = labels.map((_, i) =>
    binary ? Number(outputs[i * 2 + 1]! >= 0.5) : largest(outputs, i * width, width),
  );
  const flat = confusionOf(labels, decided, width);
  const counts = Array.from({ length: width }, (_, i) => Array.from(flat.subarray(i * width, (i + 1) * width)));
  return {
    confusion: {
      labels: binary ? [problem.other ?? `not ${problem.scored}`, problem.scored] : problem.classes,
      counts,
    },
    ...(binary
      ? {
          calibration: calibration({
            group: '',
            labels: Uint8Array.from(labels),
            scores: outputs.filter((_, at) => at % 2 === 1),
          }),
        }
      : {}),
  };
}

function groupsOf(
  { job, table, problem }: Prepared,
  { rows, outputs, width }: CandidateResult['predictions'],
): NonNullable<EvaluationRecord['groups']> {
  return job.protected!.flatMap((column) => {
    const { codes, categories } = asCategories(columnOf(table, column));
    if (categories.length > maximumGroups) return [];
    return [...categories.keys(), -1].flatMap((code) => {
      const members = Int32Array.from(rows, (_, i) => i).filter((i) => codes[rows[i]!] === code);
      if (members.length === 0) return [];
      const own = new Float64Array(members.length * width);
      members.forEach((i, place) => own.set(outputs.subarray(i * width, (i + 1) * width), place * width));
      const scores = scoresOf(
        problem,
        members.map((i) => rows[i]!),
        own,
        width,
        new Float64Array(0),
      );
      return [{ column, value: code < 0 ? null : categories[code]!, rows: members.length, scores }];
    });
  });
}

function learningPoint(
  prepared: Prepared,
  candidate: Candidate,
  fraction: number,
  context: Pick<CandidateContext, 'checkpoint'>,
): LearningPoint {
  const { folds, mean } = validateCandidate(prepared, candidate, { ...context, trainingFraction: fraction });
  const training = prepared.folds.map(({ training: all }) => {
    const rows = share(all, prepared.problem, prepared.seed, fraction);
    const fitted = fitCandidate(prepared, candidate, rows, context);
    const columns = fitted.behind(rowsOf(prepared.inputs(pipelineOf(prepared.job, candidate)), rows));
    const outputs = fitted.model.predict(columns, rows.length);
    return { scores: scoresOf(prepared.problem, rows, outputs, fitted.model.outputs, columns) };
  });
  return {
    fraction,
    rows: folds.reduce((sum, { rows }) => sum + rows, 0) / folds.length,
    training: meanScores(training),
    test: mean,
  };
}
