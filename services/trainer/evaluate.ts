import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandInputs } from '#libs/application';
import type { PooledEvaluation } from '#libs/learning';
import type { ContentReference, Id, Time } from '#libs/lifecycle';
import { canonicalBytes } from '#libs/signing';
import { runChild } from './child.js';
import { JobRefused, fetchContent, writeJson } from './files.js';
import type { TrainingFold } from './fold.js';
import type { TrainOptions, TrainingRecord } from './train.js';

/** The report of an evaluation, in the content store: all that its numbers were computed from, by digest. */
export interface EvaluationReport extends PooledEvaluation {
  readonly version: 1;
  readonly modelVersionId: Id;
  readonly trainingRunId: Id;
  readonly datasetVersionId: Id;
  readonly scheme: string;
  readonly policy: { readonly policyId: Id; readonly version: number };
  readonly threshold: number;
  readonly protectedColumns: readonly string[];
  readonly artifact: string;
  readonly data: string;
  readonly predictions: string;
  readonly record: string;
}

/** What RecordEvaluation needs beside its own id: the person who records it is its author, and thereby a contributor. */
export type MeasuredEvaluation = Omit<CommandInputs['RecordEvaluation'], 'evaluationId'>;

/**
 * Measures a model version by the pooled out-of-fold predictions of its own training run, under the policy of its
 * model: no refitting, the numbers follow from the run's record. Writes the report to the content store and nothing
 * to the ledger. The protected columns are those of the policy's gates, of the job and of the sealed data set.
 * @throws JobRefused `NotFound`, `NotTrainedHere`, `NotCompleted`, `UnsupportedData`, or the rule that the data broke
 */
export async function evaluate(
  fold: TrainingFold,
  modelVersionId: Id,
  options: TrainOptions,
): Promise<MeasuredEvaluation> {
  const { content, signal } = options;
  const version = fold.versions.get(modelVersionId);
  if (!version) throw new JobRefused('NotFound', `no model version ${modelVersionId}`);
  const run = version.trainingRunId === undefined ? undefined : fold.runs.get(version.trainingRunId);
  if (run?.engine !== 'assay') throw new JobRefused('NotTrainedHere', 'its training run is not one of this trainer');
  if (!run.record) throw new JobRefused('NotCompleted', 'its training run has no record');
  const policyId = fold.modelPolicies.get(version.modelId);
  const policy = policyId === undefined ? undefined : fold.policies.get(policyId);
  if (policyId === undefined || !policy) throw new JobRefused('NotFound', 'its model has no published policy');
  const datasetVersionId = run.datasetVersionIds[0]!;
  const data = fold.datasets.get(datasetVersionId);
  if (!data) throw new JobRefused('UnsupportedData', 'its data set version is not sealed');
  const folder = await mkdtemp(join(options.folder, 'evaluate.'));
  try {
    await fetchContent(content, run.record, join(folder, 'run.json'));
    const record = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as TrainingRecord;
    await fetchContent(content, record.predictions, join(folder, 'predictions.csv'));
    await fetchContent(content, data.content, join(folder, 'data.csv'));
    const { decision, gates } = policy.document;
    // Records written before there were other problems say it in their job.
    const problem = record.problem ?? { kind: 'binary', scored: record.job.target?.positive };
    if (problem.kind !== 'binary' && problem.kind !== 'multiclass')
      throw new JobRefused(
        'NotClassification',
        `a policy decides on the probability of one label; the model does ${problem.kind}`,
      );
    // Of more than two classes the policy's label is set against all others.
    const labels = problem.kind === 'binary' ? [problem.scored] : problem.classes;
    if (!labels.includes(decision.scored))
      throw new JobRefused('OtherLabel', `the model scores ${labels.join(', ')}, the policy ${decision.scored}`);
    const scoredClass = problem.kind === 'binary' ? {} : { scoredClass: labels.indexOf(decision.scored) };
    const attributes = gates.flatMap(({ attribute }) => attribute ?? []);
    const protectedColumns = [...new Set([...attributes, ...(record.job.protected ?? []), ...data.protectedColumns])];
    await writeJson(join(folder, 'evaluate.json'), { protectedColumns, threshold: decision.threshold, ...scoredClass });
    const outcome = await runChild('evaluate', folder, options.limits, { signal });
    if (outcome.outcome === 'failed') throw new JobRefused(outcome.code, outcome.detail);
    if (outcome.outcome === 'stopped') throw new Error('the trainer is closing');
    const computed = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as PooledEvaluation;
    const source = record.predictions.digest;
    const measurements = computed.measurements.map((measurement) => ({ ...measurement, source }));
    const report: EvaluationReport = {
      version: 1,
      modelVersionId,
      trainingRunId: run.trainingRunId,
      datasetVersionId,
      scheme: record.scheme ?? `cross-validation(${String(record.job.validation['k'])}, stratified, pooled)`,
      policy: { policyId, version: policy.version },
      threshold: decision.threshold,
      protectedColumns,
      artifact: record.model.digest,
      data: data.content.digest,
      predictions: source,
      record: run.record.digest,
      measurements,
      groups: computed.groups,
    };
    return measured(
      report,
      { ...(await content.add(canonicalBytes(report))), mediaType: 'application/json' },
      run.endedAt!,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function measured(
  { modelVersionId, datasetVersionId, scheme, measurements, groups }: EvaluationReport,
  report: ContentReference,
  collectedAt: Time,
): MeasuredEvaluation {
  return {
    modelVersionId,
    datasetVersionId,
    kinds: ['performance', 'fairness'],
    scheme,
    measurements,
    groups,
    report,
    // Evidence is as old as the predictions that it was computed from; and measuring twice gives one answer.
    collectedAt,
    grade: 'measured',
  };
}
