import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { encodeModel } from '#libs/learning';
import type { Actor } from '#libs/lifecycle';
import { castOf, mortgagePolicy } from '../../libs/application/testing-lifecycle.js';
import type { Cast } from '../../libs/application/testing-lifecycle.js';
import { testApi } from '../../services/api/testing.js';
import type { TestApi } from '../../services/api/testing.js';

let stage: TestApi;
let cast: Cast;
beforeAll(async () => {
  stage = await testApi();
  cast = await castOf(stage);
}, 120_000);
afterAll(() => stage?.close());

const upload = async (person: Actor, bytes: Uint8Array): Promise<string> => {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const response = await fetch(`${stage.api.url}/content/${digest}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${await stage.token(person)}` },
    body: bytes,
  });
  expect([response.status, await response.json()]).toEqual([201, { digest, bytes: bytes.length }]);
  return digest;
};
const accepted = async (person: Actor, name: string, input: Record<string, unknown>, selection = '') => {
  const answer = await stage.mutate(await stage.token(person), name, input, selection);
  expect([name, answer]).toEqual([name, expect.objectContaining({ __typename: 'CommandAccepted' })]);
  return answer['id'] as string;
};

const tensor = (name: string) => ({
  name,
  type: { tensor_type: { elem_type: 1, shape: { dim: [{ dim_value: 0 }, { dim_value: 1 }] } } },
});
const onnx = (operator: string) =>
  Buffer.from(
    encodeModel({
      ir_version: 8,
      opset_import: [{ domain: '', version: 15 }],
      graph: {
        name: 'elsewhere',
        node: [{ op_type: operator, input: ['features'], output: ['probability'], name: 'only' }],
        input: [tensor('features')],
        output: [tensor('probability')],
        initializer: [],
      },
    } as unknown as Parameters<typeof encodeModel>[0]),
  );

test('data, an ONNX file and an evaluation made elsewhere go the same way as our own', async () => {
  const csv = Buffer.from('pirat,deny\n0.2,no\n0.4,yes\n');
  const dataset = await accepted(cast.steward, 'registerDataset', {
    name: 'loans from elsewhere',
    purpose: 'credit decisions',
    legalBasis: 'contract',
  });
  const datasetVersion = await accepted(cast.steward, 'sealDatasetVersion', {
    datasetId: dataset,
    content: { digest: await upload(cast.steward, csv), mediaType: 'text/csv' },
    rowDigest: 'ab'.repeat(32),
    rows: 2,
    columns: [
      { name: 'pirat', type: 'NUMBER', nulls: 0, role: 'FEATURE' },
      { name: 'deny', type: 'STRING', nulls: 0, role: 'LABEL' },
    ],
    grade: 'ASSERTED',
  });

  const { gates, decision, riskFunction, tiers, override, evidenceValidDays, minimumGroupSize } = mortgagePolicy();
  const upper = (word: string) => word.toUpperCase().replaceAll('-', '_');
  const tier = ({ stages, approvalValidDays }: (typeof tiers)['low']) => ({
    approvalValidDays,
    stages: stages.map((one) => ({
      ...one,
      meaning: upper(one.meaning),
      onConditionLapse: upper(one.onConditionLapse),
      quorum: one.quorum.map(({ role, minimum }) => ({ role: upper(role), minimum })),
    })),
  });
  const policy = await accepted(stage.administrator, 'publishPolicy', {
    name: 'mortgage through the api',
    document: {
      decision,
      riskFunction,
      evidenceValidDays,
      minimumGroupSize,
      gates: gates.map((gate) => ({
        ...gate,
        operator: gate.operator === '>=' ? 'AT_LEAST' : 'AT_MOST',
        reads: upper(gate.reads),
      })),
      tiers: { low: tier(tiers.low), medium: tier(tiers.medium), high: tier(tiers.high) },
      override: { ...override, reviewRole: upper(override.reviewRole) },
    },
  });

  const model = await accepted(cast.developer, 'registerModel', {
    name: 'model from elsewhere',
    ownerId: cast.release.id,
    policyId: policy,
    intendedUse: 'mortgage applications',
    prohibitedUses: [],
    jurisdictions: ['US-MA'],
  });
  const version = {
    modelId: model,
    datasetVersionIds: [datasetVersion],
    code: { repository: 'https://example.org/other.git', commit: 'abcdef1', authors: [cast.author.id] },
    features: ['pirat'],
    grade: 'IMPORTED',
  };
  const refused = await stage.mutate(await stage.token(cast.developer), 'registerModelVersion', {
    ...version,
    artifact: { digest: await upload(cast.developer, onnx('ZipMap')), mediaType: 'application/octet-stream' },
  });
  expect(refused).toMatchObject({
    __typename: 'ValidationFailed',
    issues: [{ field: 'artifact.digest', rule: expect.stringContaining('zipmap=False') }],
  });
  const modelVersion = await accepted(cast.developer, 'registerModelVersion', {
    ...version,
    artifact: { digest: await upload(cast.developer, onnx('Identity')), mediaType: 'application/octet-stream' },
  });

  const interval = (value: number) => ({ method: 'wilson@assay', level: 0.95, low: value - 0.05, high: value + 0.05 });
  const evaluation = (ratio: number) => ({
    modelVersionId: modelVersion,
    datasetVersionId: datasetVersion,
    kinds: ['PERFORMANCE', 'FAIRNESS'],
    scheme: 'cross-validation(5, stratified, pooled)',
    measurements: [
      {
        definition: 'demographic_parity_ratio@fairlearn',
        value: ratio,
        n: 200,
        group: [{ attribute: 'afam', value: '*' }],
        interval: interval(ratio),
      },
      { definition: 'accuracy_score@sklearn', value: 0.87, n: 200, interval: interval(0.87) },
      { definition: 'equalized_odds_ratio@fairlearn', undefined: 'a group has no positives', n: 0 },
    ],
    groups: ['yes', 'no'].map((value) => ({
      group: [{ attribute: 'afam', value }],
      n: 100,
      truePositives: 70,
      falsePositives: 10,
      trueNegatives: 10,
      falseNegatives: 10,
    })),
    collectedAt: stage.clock.now().toISOString(),
    grade: 'IMPORTED',
  });
  const wrong = evaluation(0.69);
  wrong.groups[0]!.n = 99;
  expect(await stage.mutate(await stage.token(cast.evaluator), 'recordEvaluation', wrong)).toMatchObject({
    __typename: 'ValidationFailed',
    issues: [{ field: 'groups.0.n', rule: 'must be the sum of the four cells, 100' }],
  });
  await accepted(cast.evaluator, 'recordEvaluation', evaluation(0.69));
  const request = { modelVersionId: modelVersion, environment: 'production', cause: 'first-release' };
  const gate = '... on GateFailed { gates { gateId measure verdict value low high threshold operator n } }';
  const failed = await stage.mutate(await stage.token(cast.developer), 'requestApproval', request, gate);
  expect(failed).toMatchObject({
    __typename: 'GateFailed',
    gates: [{ measure: 'demographic_parity_ratio@fairlearn', verdict: 'fail', value: 0.69, threshold: 0.8, n: 200 }],
  });

  stage.clock.advance(1_000);
  await accepted(cast.evaluator, 'recordEvaluation', evaluation(0.85));
  const approval = await accepted(cast.developer, 'requestApproval', request);
  const token = await stage.token(cast.developer);
  const contributor = await stage.mutate(
    token,
    'signApproval',
    {
      approvalId: approval,
      stage: 'validation',
      role: 'VALIDATOR',
      meaning: 'VALIDATED',
      evidenceDigest: 'a'.repeat(64),
    },
    '... on Refused { paths { steps } }',
  );
  expect(contributor['__typename']).toMatch(/^(NotPermitted|Refused)$/);

  const read = await stage.ask(
    await stage.token(cast.compliance),
    `query ($id: ID!, $asOf: AsOfInput) { node(id: $id, asOf: $asOf) { ... on Approval {
      status openStage modelVersion { grade number evaluations { grade measurements { definition value undefined n
        interval { low high } group { attribute value } } groups { group { value } n } gates { verdict } } } } } }`,
    { id: approval, asOf: { atLeast: String((await head()) ?? 0n) } },
  );
  expect(read.errors).toBeUndefined();
  expect(read.data!['node']).toMatchObject({
    status: 'pending',
    openStage: 'validation',
    modelVersion: {
      grade: 'IMPORTED',
      number: 1,
      evaluations: [
        {
          grade: 'IMPORTED',
          measurements: expect.arrayContaining([
            expect.objectContaining({ undefined: 'a group has no positives', value: null }),
          ]),
        },
        { gates: expect.arrayContaining([{ verdict: 'fail' }]) },
      ],
    },
  });
}, 120_000);

async function head(): Promise<bigint | undefined> {
  await stage.application.catchUp();
  return stage.directory.position;
}
