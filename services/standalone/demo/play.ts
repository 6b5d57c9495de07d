import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { repositoryRoot } from '#libs/runtime';
import { join } from 'node:path';
import { node, until } from './answers.js';
import { activePermit, approve, environment, permit, permitsOf, request, sign } from './approvals.js';
import type { Cast, Version } from './models.js';
import { makeVersion, three } from './models.js';
import {
  commitOfClone,
  dataFile,
  numbered,
  previousRuns,
  publishPolicy,
  registerData,
  registerModel,
  registerPeople,
} from './opening.js';
import { askQuestions, globalId } from './questions.js';
import { infer, scoreAll } from './serving.js';
import type { Stage } from './stage.js';
import { PlayFailed } from './steps.js';
import type { Steps } from './steps.js';

export interface Played {
  /** The two dossiers: model version number, PDF and JSON twin. */
  readonly dossiers: readonly { readonly name: string; readonly pdf: Buffer; readonly twin: Buffer }[];
  readonly modelName: string;
}

/** A mortgage model's whole life, through the product's public doors. Throws PlayFailed where a step ends otherwise. */
export async function play(stage: Stage, steps: Steps, issuer: string): Promise<Played> {
  await registerPeople(stage, steps, issuer);
  const run = await previousRuns(stage);
  const policyId = await publishPolicy(stage, steps);
  const datasetVersionId = await registerData(stage, steps, run);
  const modelId = await registerModel(stage, steps, policyId, run);
  const cast: Cast = { stage, steps, modelId, datasetVersionId, commit: commitOfClone() };
  const endpoint = numbered('mortgage', run);
  const { decision } = JSON.parse(
    await readFile(join(repositoryRoot(), 'examples', 'boston-mortgage', 'policy.json'), 'utf8'),
  ) as { decision: { threshold: number } };
  const rows = parse(await readFile(dataFile), { columns: true }) as Record<string, string>[];

  const first = await makeVersion(cast, '1', 'mortgage-1');
  await steps.refused('request-1', ['GateFailed'], async () => {
    const answer = await request(cast, first, randomUUID());
    const gates = (answer['gates'] ?? []) as readonly { value: number; threshold: number }[];
    const { value, threshold } = gates[0] ?? {};
    return {
      answer,
      numbers: { ratio: value ?? NaN, threshold: threshold ?? NaN },
      line: `${three(value)} < ${threshold}`,
    };
  });

  const second = await makeVersion(cast, '2', 'mortgage-2');
  const approvalId = await signSecond(cast, second);
  await permit(cast, second);
  const firstDeployment = await deploy(cast, second, endpoint);
  await score(cast, 'score-2', endpoint, rows, decision.threshold);
  const decidedAt = new Date().toISOString();

  const third = await makeVersion(cast, '3', 'mortgage-3');
  await approve(cast, third);
  await canary(cast, third, endpoint, rows, decision.threshold);
  await steps.accepted('stop-2', async () => ({
    answer: await stage.mutate('release', 'stopDeployment', { deploymentId: firstDeployment, cause: 'superseded' }),
  }));

  await overrideAct(cast);
  await voidAct(cast, second, endpoint, rows.slice(0, 1));
  await steps.accepted('retire', async () => ({
    answer: await stage.mutate('release', 'retireModelVersion', {
      modelVersionId: second.id,
      successorId: third.id,
      reason: 'Its evaluation was withdrawn; version 3 serves in its place.',
    }),
  }));
  await askQuestions(stage, steps, {
    endpoint,
    environment,
    at: decidedAt,
    asOf: stage.asOf,
    approval: globalId('Approval', approvalId),
    meaning: 'VALIDATED',
    model: globalId('Model', modelId),
    modelVersion: globalId('ModelVersion', second.id),
    datasetVersion: globalId('DatasetVersion', datasetVersionId),
  });
  const dossiers = [await dossier(cast, second), await dossier(cast, third)];
  return { dossiers, modelName: numbered('mortgage-approval', run) };
}

async function signSecond(cast: Cast, second: Version): Promise<string> {
  const { steps } = cast;
  const approvalId = randomUUID();
  const validation = { approvalId, stage: 'validation', role: 'VALIDATOR', meaning: 'VALIDATED' } as const;
  await steps.accepted('request-2', async () => ({ answer: await request(cast, second, approvalId) }));
  await steps.refused('sign-by-trainer', ['Contributor'], async () => {
    const answer = await sign(cast, { ...validation, person: 'trainer' });
    const paths = (answer['paths'] ?? []) as readonly { steps: readonly string[] }[];
    const ways = paths.map(({ steps: way }) => way.map((step) => step.replace(/:[0-9a-f-]{36,64}/, '')).join(' → '));
    return { answer, line: ways.join('; ') };
  });
  await steps.refused('sign-without-reauthentication', ['ReauthenticationRequired'], async () => ({
    answer: await sign(cast, { ...validation, person: 'validator', reauthenticated: false }),
  }));
  await steps.accepted('sign-validation', async () => {
    const comment = 'Refitted the model from the sealed data; the coefficients agree.';
    const answer = await sign(cast, { ...validation, person: 'validator', comment });
    return { answer, digests: { evidence: answer.evidence } };
  });
  await steps.accepted('sign-risk', async () => {
    const answer = await sign(cast, {
      approvalId,
      person: 'risk',
      stage: 'risk',
      role: 'RISK_OFFICER',
      meaning: 'ACCEPTED_RISK',
      comment: 'Residual risk accepted for first-pass decisions with a loan officer behind them.',
    });
    return { answer, digests: { evidence: answer.evidence } };
  });
  return approvalId;
}

/** Blue-green: the version stands ready without traffic, then takes all of it at once. */
async function deploy({ stage, steps, modelId }: Cast, version: Version, endpoint: string): Promise<string> {
  const deploymentId = randomUUID();
  await steps.accepted(`deploy-${version.name}`, async () => {
    const { uuid: permitId } = await activePermit({ stage }, version);
    const started = await stage.mutate('release', 'startDeployment', {
      deploymentId,
      endpoint,
      environment,
      modelId,
      modelVersionId: version.id,
      permitId,
      strategy: 'BLUE_GREEN',
      weight: 0,
    });
    if (!started.positions) return { answer: started };
    const answer = await stage.mutate('release', 'promoteDeployment', { deploymentId, modelVersionId: version.id });
    return { answer, positions: answer.positions && [...started.positions, ...answer.positions], line: endpoint };
  });
  return deploymentId;
}

async function score(
  { stage, steps }: Cast,
  name: string,
  endpoint: string,
  rows: readonly Record<string, string>[],
  threshold: number,
): Promise<void> {
  await steps.accepted(name, async () => {
    await serving(stage, endpoint, rows.slice(0, 1));
    const scored = await scoreAll(stage.inferenceUrl(), endpoint, rows, threshold);
    const sealed = await stage.sealPredictions();
    const shares = [...scored.byVersion].map(([version, count]) => `version ${version}: ${count}`).join(', ');
    return {
      positions: [],
      numbers: {
        rows: scored.rows,
        denied: scored.denied,
        segments: sealed,
        ...Object.fromEntries([...scored.byVersion].map(([version, count]) => [`rowsOfVersion${version}`, count])),
      },
      line: `${scored.rows} applications, ${scored.denied} proposed for denial (${shares})`,
    };
  });
}

/** The servers learn of a deployment with their next lease, within seconds. */
async function serving(stage: Stage, endpoint: string, rows: readonly Record<string, string>[]): Promise<void> {
  await until(`${endpoint} serving`, 20, async () =>
    (await infer(stage.inferenceUrl(), endpoint, rows)).status === 200 ? true : undefined,
  );
}

async function canary(
  cast: Cast,
  version: Version,
  endpoint: string,
  rows: readonly Record<string, string>[],
  threshold: number,
): Promise<void> {
  const { stage, steps, modelId } = cast;
  const deploymentId = randomUUID();
  await steps.accepted(`canary-${version.name}`, async () => {
    const { uuid: permitId } = await activePermit(cast, version);
    const answer = await stage.mutate('release', 'startDeployment', {
      deploymentId,
      endpoint,
      environment,
      modelId,
      modelVersionId: version.id,
      permitId,
      strategy: 'CANARY',
      weight: 1_000,
    });
    return { answer, numbers: { weight: 1_000 }, line: '10 % of the traffic by salted hash' };
  });
  await until('the canary', 20, async () => {
    const { status } = await infer(stage.inferenceUrl(), endpoint, rows.slice(0, 1), {
      version: String(version.number),
    });
    return status === 200 ? true : undefined;
  });
  await score(cast, `score-${version.name}`, endpoint, rows, threshold);
  await steps.accepted(`promote-${version.name}`, async () => ({
    answer: await stage.mutate('release', 'promoteDeployment', { deploymentId, modelVersionId: version.id }),
  }));
}

/** A fourth version goes in by emergency, without approval, for an hour; somebody else judges it. */
async function overrideAct(cast: Cast): Promise<void> {
  const { stage, steps } = cast;
  const version = await makeVersion(cast, '4', 'mortgage-2');
  const overrideId = randomUUID();
  await steps.accepted('override', async () => {
    const client = await stage.as('emergency');
    const { overrideChallenge: challenge } = await client.query<{
      overrideChallenge: { nonce: string; evidenceDigest: string };
    }>(
      `query ($version: ID!, $override: ID!) {
        overrideChallenge(modelVersion: $version, overrideId: $override) { nonce evidenceDigest }
      }`,
      { version: version.id, override: overrideId },
    );
    const answer = await stage.mutate('emergency', 'useOverride', {
      overrideId,
      modelVersionId: version.id,
      environment,
      reason: 'The credit bureau feed changed its scale at night; this version was fitted without it.',
      evidenceDigest: challenge.evidenceDigest,
      reauthentication: await stage.reauthenticate('emergency', challenge.nonce),
    });
    return { answer, digests: { evidence: challenge.evidenceDigest } };
  });
  await permit(cast, version);
  await steps.accepted('override-review', async () => ({
    answer: await stage.mutate('compliance', 'reviewOverride', {
      overrideId,
      verdict: 'JUSTIFIED',
      reason: 'The outage is on record; the version passed the same gate.',
    }),
  }));
}

/** The evaluation that version 2 was approved on is withdrawn: its approval is voided and its gate closes. */
async function voidAct(
  cast: Cast,
  version: Version,
  endpoint: string,
  rows: readonly Record<string, string>[],
): Promise<void> {
  const { stage, steps } = cast;
  const ask = () => infer(stage.inferenceUrl(), endpoint, rows, { version: String(version.number) });
  const before = await ask();
  if (before.status !== 200) throw new PlayFailed(`version 2 is not served before the voiding: ${before.error}`);
  await steps.accepted('void', async () => {
    const withdrawn = await stage.mutate('evaluator', 'withdrawEvaluation', {
      evaluationId: version.evaluationId,
      reason: 'The evaluation had been run on applications that are also in the training data of another lender.',
    });
    if (!withdrawn.positions) return { answer: withdrawn };
    const approval = await until('the voided approval', 20, async () => {
      const { approvals } = await node<{ approvals: { status: string; position: string }[] }>(
        await stage.as('compliance'),
        'ModelVersion',
        version.id,
        'approvals { status position }',
      );
      return approvals.find(({ status }) => status === 'voided');
    });
    return { positions: [...withdrawn.positions, approval.position] };
  });
  await steps.refused('gate-closed', ['GateClosed'], async () => {
    const started = performance.now();
    const revoked = await until('the revoked permit', 20, async () =>
      (await permitsOf(cast, version)).find(({ status }) => status === 'revoked'),
    );
    const closed = await until('the closed gate', 20, async () => {
      const answer = await ask();
      return answer.status === 200 ? undefined : answer;
    });
    return {
      answer: { __typename: 'GateClosed', code: 'GateClosed', message: closed.error ?? '' },
      positions: [revoked.position],
      numbers: { status: closed.status, secondsAfterVoid: (performance.now() - started) / 1000 },
      line: `HTTP ${closed.status}: ${closed.error}`,
    };
  });
}

async function dossier({ stage, steps }: Cast, version: Version): Promise<Played['dossiers'][number]> {
  let files: { digest: string; bytes: number }[] = [];
  const contents: Buffer[] = [];
  await steps.accepted(`dossier-${version.name}`, async () => {
    const client = await stage.as('compliance');
    const exportId = randomUUID();
    const answer = await client.mutate('requestExport', {
      exportId,
      kind: 'DOSSIER',
      modelVersionId: version.id,
      asOf: await stage.position(),
    });
    if (!answer.positions) return { answer };
    const built = await until('the dossier', 60, async () => {
      const found = await node<{
        status: string;
        failure: string | null;
        position: string;
        files: typeof files | null;
      }>(client, 'Export', exportId, 'status failure position files { digest bytes }', answer.position);
      if (found.failure) throw new PlayFailed(`the export failed: ${found.failure}`);
      return found.files?.length ? found : undefined;
    });
    files = built.files ?? [];
    for (const { digest } of files) contents.push(await stage.download('compliance', digest));
    const [pdf, twin] = files;
    return {
      answer,
      positions: [...answer.positions, built.position],
      numbers: { bytes: pdf!.bytes },
      digests: { pdf: pdf!.digest, twin: twin!.digest },
      line: `${Math.round(pdf!.bytes / 1024)} KB`,
    };
  });
  return { name: `dossier-${version.name}`, pdf: contents[0]!, twin: contents[1]! };
}
