import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { node, until } from './answers.js';
import type { Measured } from './answers.js';
import type { Stage } from './stage.js';
import { PlayFailed } from './steps.js';
import type { StepResult, Steps } from './steps.js';

export interface Cast {
  readonly stage: Stage;
  readonly steps: Steps;
  readonly modelId: string;
  readonly datasetVersionId: string;
  readonly commit: string;
}

export interface Version {
  readonly name: string;
  readonly id: string;
  readonly number: number;
  readonly evaluationId: string;
}

/** A version as far as an approver wants it: trained by the installation's trainer, registered, measured. */
export async function makeVersion(cast: Cast, name: string, job: string): Promise<Version> {
  const { stage, steps } = cast;
  const trainingRunId = randomUUID();
  const modelVersionId = randomUUID();
  const evaluationId = randomUUID();
  await steps.accepted(`train-${name}`, () => train(cast, job, { trainingRunId, modelVersionId }));
  await steps.accepted(`evaluate-${name}`, async () => {
    const answer = await stage.mutate('evaluator', 'measureModelVersion', { evaluationId, modelVersionId });
    if (!answer.positions) return { answer };
    const client = await stage.as('evaluator');
    const { measurements, report } = await node<{ measurements: Measured[]; report: { digest: string } }>(
      client,
      'Evaluation',
      evaluationId,
      'measurements { definition value group { attribute value } interval { low high } } report { digest }',
      answer.position,
    );
    const numbers = numbersOf(measurements);
    const { ratio, ratioLow, ratioHigh, accuracy } = numbers;
    return {
      answer,
      numbers,
      digests: { report: report.digest },
      line: `four-fifths ratio ${three(ratio)} (${three(ratioLow)} to ${three(ratioHigh)}), accuracy ${three(accuracy)}`,
    };
  });
  const { number } = await node<{ number: number }>(
    await stage.as('trainer'),
    'ModelVersion',
    modelVersionId,
    'number',
  );
  return { name, id: modelVersionId, number, evaluationId };
}

async function train(
  { stage, modelId, datasetVersionId, commit }: Cast,
  job: string,
  ids: { readonly trainingRunId: string; readonly modelVersionId: string },
): Promise<StepResult> {
  const { trainingRunId, modelVersionId } = ids;
  const document = await readFile(join(repositoryRoot(), 'examples', 'jobs', `${job}.json`));
  const { algorithm, seed } = JSON.parse(document.toString()) as { algorithm: { name: string }; seed: number };
  const jobDigest = await stage.upload('trainer', document);
  const code = { repository: 'assay/examples/boston-mortgage', commit, authors: [stage.identityOf('trainer')] };
  const started = await stage.mutate('trainer', 'startTraining', {
    trainingRunId,
    modelId,
    datasetVersionIds: [datasetVersionId],
    engine: 'ASSAY',
    algorithm: algorithm.name,
    job: { digest: jobDigest, mediaType: 'application/json' },
    code,
    seed,
  });
  if (!started.positions) return { answer: started };
  const client = await stage.as('trainer');
  const run = await until(`the training run ${job}`, 60, async () => {
    const fields = 'status failure artifact { digest bytes } record { digest } position';
    const found = await node<Run>(client, 'TrainingRun', trainingRunId, fields, started.position);
    return found.status === 'started' ? undefined : found;
  });
  if (run.status !== 'completed') throw new PlayFailed(`the training run ended as ${run.status}: ${run.failure}`);
  const record = JSON.parse((await stage.download('trainer', run.record!.digest)).toString()) as { features: string[] };
  const answer = await stage.mutate('trainer', 'registerModelVersion', {
    modelVersionId,
    modelId,
    trainingRunId,
    datasetVersionIds: [datasetVersionId],
    code,
    artifact: { digest: run.artifact!.digest, mediaType: 'application/onnx' },
    features: record.features,
  });
  return {
    answer,
    positions: answer.positions && [...started.positions, run.position, ...answer.positions],
    numbers: { features: record.features.length, bytes: run.artifact!.bytes },
    digests: { job: jobDigest, artifact: run.artifact!.digest, record: run.record!.digest },
    line: `${record.features.length} features, ${run.artifact!.bytes} bytes of ONNX`,
  };
}

interface Run {
  readonly status: string;
  readonly failure: string | null;
  readonly artifact: { readonly digest: string; readonly bytes: number } | null;
  readonly record: { readonly digest: string } | null;
  readonly position: string;
}

/** The gate's ratio with its interval, and the accuracy. */
function numbersOf(measurements: readonly Measured[]): Readonly<Record<string, number>> {
  const ratio = measurements.find(
    ({ definition, group }) =>
      definition === 'demographic_parity_ratio@fairlearn' && group?.some(({ attribute }) => attribute === 'afam'),
  );
  const accuracy = measurements.find(
    ({ definition, group }) => definition.startsWith('accuracy_score@') && !group?.length,
  );
  const { low, high } = ratio?.interval ?? {};
  const numbers = { ratio: ratio?.value, ratioLow: low, ratioHigh: high, accuracy: accuracy?.value };
  return Object.fromEntries(Object.entries(numbers).filter((entry): entry is [string, number] => entry[1] != null));
}

export function three(number: number | undefined): string {
  return number === undefined ? 'undefined' : number.toFixed(3);
}
