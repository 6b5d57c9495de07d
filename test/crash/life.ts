import { setTimeout as sleep } from 'node:timers/promises';
import { deterministicId } from '#libs/runtime';
import type { Seeded } from '../../libs/projections/testing/index.js';
import type { PersonKey } from '../../services/standalone/demo/people.js';
import type { Gate } from './gate.js';
import { ask } from './load.js';
import type { Answer, Load } from './load.js';
import type { People, Prepared } from './people.js';

export const environment = 'production';

export interface LifeOptions {
  readonly load: Load;
  readonly people: People;
  readonly prepared: Prepared;
  readonly gate: Gate;
  readonly workspace: string;
  readonly random: Seeded;
  readonly name: string;
}

/**
 * A client that leads one model version after the other through its life: registered, evaluated, approved by two
 * people, permitted, deployed, served, revoked. Every step is sent until it is answered, over all crashes.
 */
export async function leadLives(options: LifeOptions): Promise<void> {
  for (let number = 1; ; number += 1) await leadOne(options, `${options.name}-${number}`);
}

async function leadOne(options: LifeOptions, endpoint: string): Promise<void> {
  const { load, people, random } = options;
  const approvalId = await openOne(options, endpoint);
  await sleep(random.whole(400));
  const sent = { mutation: 'revokeApproval', input: { commandId: random.uuid(), approvalId, reason: 'complaints' } };
  const answer = await load.command(() => people.token('compliance'), sent);
  if (answer.__typename !== 'CommandAccepted') throw new Error(`revokeApproval of ${endpoint}: ${answer.message}`);
}

/** From registration to the first served prediction. Resolves to the approval that it stands on. */
export async function openOne(options: LifeOptions, endpoint: string): Promise<string> {
  const { load, people, prepared, gate, workspace, random } = options;
  const { modelId, datasetVersionId } = prepared;
  const [modelVersionId, evaluationId, approvalId, deploymentId] = Array.from({ length: 4 }, () => random.uuid());
  const permitId = deterministicId('permit', workspace, approvalId!);
  let written = '0';
  const act = async (
    person: PersonKey,
    mutation: string,
    input: Readonly<Record<string, unknown>>,
  ): Promise<Answer> => {
    const sent = { mutation, input: { commandId: random.uuid(), ...input } };
    const answer = await load.command(() => people.token(person), sent);
    if (answer.__typename === 'CommandAccepted') written = answer.positions.at(-1) ?? written;
    return answer;
  };
  const accepted = async (...given: Parameters<typeof act>): Promise<void> => {
    const answer = await act(...given);
    if (answer.__typename !== 'CommandAccepted')
      throw new Error(`${given[1]} of ${endpoint} was refused: ${answer.code}: ${answer.message}`);
  };

  await accepted('trainer', 'registerModelVersion', {
    modelVersionId,
    modelId,
    datasetVersionIds: [datasetVersionId],
    artifact: { digest: prepared.artifact, mediaType: 'application/onnx' },
    features: ['features'],
  });
  await accepted('evaluator', 'recordEvaluation', {
    evaluationId,
    modelVersionId,
    datasetVersionId,
    kinds: ['PERFORMANCE', 'FAIRNESS'],
    scheme: 'hold-out',
    measurements: [fourFifths],
    groups,
    collectedAt: new Date().toISOString(),
    grade: 'ASSERTED',
  });
  await accepted('requester', 'requestApproval', {
    approvalId,
    modelVersionId,
    environment,
    cause: 'first-deployment',
  });
  for (const { person, ...stage } of stages) {
    const { nonce, evidenceDigest } = await load.untilAnswered(async (url) => {
      const token = await people.token(person);
      const variables = { approval: approvalId, meaning: stage.meaning, asOf: { atLeast: written } };
      return (await ask<{ signingChallenge: Challenge }>(url, token, challengeQuery, variables)).signingChallenge;
    });
    // A token for one signature lives two minutes; a crash may outlast it.
    for (let attempt = 1; ; attempt += 1) {
      const reauthentication = await people.reauthenticate(person, nonce);
      const answer = await act(person, 'signApproval', { approvalId, ...stage, evidenceDigest, reauthentication });
      if (answer.__typename === 'CommandAccepted') break;
      if (attempt === 3) throw new Error(`${stage.stage} of ${endpoint}: ${answer.code}: ${answer.message}`);
    }
  }
  await untilPermitted(options, modelVersionId!);
  await accepted('release', 'startDeployment', {
    deploymentId,
    endpoint,
    environment,
    modelId,
    modelVersionId,
    permitId,
    strategy: 'BLUE_GREEN',
    weight: 0,
  });
  await accepted('release', 'promoteDeployment', { deploymentId, modelVersionId });
  await gate.watch({ endpoint, permitId, approvalId: approvalId! }).opened(load.stopping.signal);
  return approvalId!;
}

/** The permit issuer acts by itself; nobody asks it. */
async function untilPermitted({ load, people }: LifeOptions, modelVersionId: string): Promise<void> {
  const id = Buffer.from(`ModelVersion:${modelVersionId}`).toString('base64url');
  const query = 'query ($id: ID!) { node(id: $id) { ... on ModelVersion { permits { status } } } }';
  for (;;) {
    const { node } = await load.untilAnswered(async (url) =>
      ask<{ node: { permits: { status: string }[] } }>(url, await people.token('release'), query, { id }),
    );
    if (node.permits.some(({ status }) => status === 'valid')) return;
    await sleep(50);
  }
}

interface Challenge {
  readonly nonce: string;
  readonly evidenceDigest: string;
}

const challengeQuery = `query ($approval: ID!, $meaning: SignatureMeaning!, $asOf: AsOfInput) {
  signingChallenge(approval: $approval, meaning: $meaning, asOf: $asOf) { nonce evidenceDigest } }`;

const stages = [
  { person: 'validator', stage: 'validation', role: 'VALIDATOR', meaning: 'VALIDATED' },
  { person: 'risk', stage: 'risk', role: 'RISK_OFFICER', meaning: 'ACCEPTED_RISK' },
] as const;

/** What the policy of the examples asks for. */
const fourFifths = {
  definition: 'demographic_parity_ratio@fairlearn',
  value: 0.9,
  n: 200,
  group: [{ attribute: 'afam', value: '*' }],
  interval: { method: 'wilson@assay', level: 0.95, low: 0.85, high: 0.95 },
};

const groups = ['yes', 'no'].map((value) => ({
  group: [{ attribute: 'afam', value }],
  n: 100,
  truePositives: 70,
  falsePositives: 10,
  trueNegatives: 10,
  falseNegatives: 10,
}));
