import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { OperationTypeNode, buildSchema, getOperationAST, parse, validate } from 'graphql';
import { WebSocket } from 'ws';
import type { Actor } from '#libs/lifecycle';
import { newId, repositoryRoot } from '#libs/runtime';
import {
  content,
  castOf,
  issuePermit,
  makeVersion,
  approve,
  request,
} from '../../libs/application/testing-lifecycle.js';
import type { Cast, MadeVersion } from '../../libs/application/testing-lifecycle.js';
import { globalId } from '../../services/api/graphql/global-id.js';
import { unmarked } from '../../services/api/graphql/authorise.js';
import { buildApiSchema } from '../../services/api/schema.js';
import { testApi } from '../../services/api/testing.js';
import type { TestApi } from '../../services/api/testing.js';

const folder = join(repositoryRoot(), 'examples', 'queries');
const files = readdirSync(folder).filter((name) => name.endsWith('.graphql'));
const documentOf = (name: string) => readFileSync(join(folder, name), 'utf8');
const start = (number: string) => documentOf(files.find((name) => name.startsWith(number))!);

let stage: TestApi;
let cast: Cast;
let made: MadeVersion;
let approvalId: string;
let decidedAt: string;
let position: bigint;
let variables: Record<string, unknown>;

beforeAll(async () => {
  stage = await testApi();
  cast = await castOf(stage);
  made = await makeVersion(stage, cast);
  ({ approvalId } = await approve(stage, cast, made.modelVersionId));
  const permitId = await issuePermit(stage, 'approval', approvalId);
  const deploymentId = newId();
  const { modelId, modelVersionId, datasetVersionId } = made;
  await stage.done(cast.release, 'StartDeployment', {
    deploymentId,
    endpoint: 'mortgage',
    environment: 'production',
    modelId,
    modelVersionId,
    permitId,
    strategy: 'blue-green',
    weight: 0,
  });
  stage.clock.advance(1_000);
  await stage.done(cast.release, 'PromoteDeployment', { deploymentId, modelVersionId });
  stage.clock.advance(1_000);
  decidedAt = stage.clock.now().toISOString();
  await stage.done(stage.service('serving-service'), 'SealPredictionSegment', {
    segmentId: newId(),
    deploymentId,
    rows: { [modelVersionId]: 3 },
    permits: [permitId],
    content: content('segment', 'application/jsonl'),
    from: decidedAt,
    to: decidedAt,
  });
  position = await stage.done(cast.release, 'OpenIncident', {
    incidentId: newId(),
    kind: 'reported',
    modelVersionId,
    awareAt: decidedAt,
  });
  variables = {
    endpoint: 'mortgage',
    environment: 'production',
    at: decidedAt,
    asOf: { position: String(position) },
    approval: globalId('Approval', approvalId),
    meaning: 'VALIDATED',
    model: globalId('Model', modelId),
    modelVersion: globalId('ModelVersion', modelVersionId),
    datasetVersion: globalId('DatasetVersion', datasetVersionId),
    after: null,
    from: null,
    to: null,
  };
}, 240_000);
afterAll(() => stage?.close());

const declared = (document: string): Record<string, unknown> => {
  const names = getOperationAST(parse(document))!.variableDefinitions!.map(({ variable }) => variable.name.value);
  return Object.fromEntries(names.map((name) => [name, variables[name]]));
};
const ask = async (person: Actor, document: string, given: Record<string, unknown> = {}) => {
  const answer = await stage.ask(await stage.token(person), document, { ...declared(document), ...given });
  expect(answer.errors).toBeUndefined();
  return answer.data as never;
};

describe('the example queries', () => {
  test('are all valid against the committed schema', () => {
    const schema = buildSchema(readFileSync(join(repositoryRoot(), 'schemas', 'schema.graphql'), 'utf8'));
    expect(files.length).toBeGreaterThan(15);
    for (const name of files) expect([name, validate(schema, parse(documentOf(name)))]).toEqual([name, []]);
  });

  const queries = files.filter(
    (name) => getOperationAST(parse(documentOf(name)))?.operation === OperationTypeNode.QUERY,
  );
  test.each(queries)('%s is answered, alike at the same position', async (name) => {
    const document = documentOf(name);
    const [first, second] = [await ask(cast.compliance, document), await ask(cast.compliance, document)];
    expect(JSON.stringify(first)).toBe(JSON.stringify(second));
  });

  test('01 names data, code, people, numbers and signatures behind the decision', async () => {
    const { decidedBy } = await ask(cast.compliance, start('01'));
    expect(decidedBy).toMatchObject([
      {
        weight: 10_000,
        modelVersion: {
          uuid: made.modelVersionId,
          number: 1,
          datasetVersions: [{ uuid: made.datasetVersionId, rows: 100 }],
          code: { commit: 'abcdef1', authors: [{ uuid: cast.author.id }] },
          trainingRun: { startedBy: { uuid: cast.trainer.id } },
          evaluations: [{ gates: expect.arrayContaining([expect.objectContaining({ verdict: 'pass' })]) }],
          approvals: [
            {
              status: 'granted',
              signatures: [
                { signerId: cast.validator.id, role: 'VALIDATOR', meaning: 'VALIDATED' },
                { signerId: cast.risk.id, role: 'RISK_OFFICER', meaning: 'ACCEPTED_RISK' },
              ],
            },
          ],
        },
      },
    ]);
    const { decidedBy: before } = await ask(cast.compliance, start('01'), { at: '2020-01-01T00:00:00Z' });
    expect(before).toEqual([]);
  });

  test('02 says to the trainer why not, with the path, and to the validator the nonce', async () => {
    const version = await makeVersion(stage, cast);
    const open = await request(stage, cast.developer, version.modelVersionId);
    const approval = globalId('Approval', open.approvalId);
    // Everything that was written is seen: the answer waits for the newest position.
    await settle();
    const { signingChallenge: own } = await ask(cast.developer, start('02'), { approval });
    expect(own).toMatchObject({ refusal: expect.stringMatching(/own request|helped to make|no grant/) });
    const { signingChallenge } = await ask(cast.validator, start('02'), { approval });
    expect(signingChallenge).toMatchObject({ refusal: null, path: [], evidenceDigest: open.evidenceDigest });

    const inbox = start('03');
    const asOf = null;
    const mine = async (person: Actor): Promise<string[]> => {
      const answer: { inbox: { nodes: { uuid: string }[] } } = await ask(person, inbox, { asOf });
      return answer.inbox.nodes.map(({ uuid }) => uuid);
    };
    expect(await mine(cast.validator)).toContain(open.approvalId);
    expect(await mine(cast.risk)).not.toContain(open.approvalId);
    expect(await mine(cast.developer)).toEqual([]);

    // Signed through the API: refused without re-authentication, accepted with it, once.
    const { nonce } = signingChallenge as { nonce: string };
    const signature = {
      approvalId: approval,
      stage: 'validation',
      role: 'VALIDATOR',
      meaning: 'VALIDATED',
      evidenceDigest: open.evidenceDigest,
    };
    const token = await stage.token(cast.validator);
    const bare = await stage.mutate(token, 'signApproval', signature, '... on ReauthenticationRequired { rule nonce }');
    expect(bare).toMatchObject({ __typename: 'ReauthenticationRequired', nonce });
    const reauthentication = await stage.token(cast.validator, { nonce });
    const other = await stage.token(cast.risk, { nonce });
    expect(await stage.mutate(token, 'signApproval', { ...signature, reauthentication: other })).toMatchObject({
      __typename: 'ReauthenticationRequired',
    });
    expect(await stage.mutate(token, 'signApproval', { ...signature, reauthentication })).toMatchObject({
      __typename: 'CommandAccepted',
    });
    const replayed = await stage.mutate(token, 'signApproval', { ...signature, reauthentication });
    expect(replayed['__typename']).not.toBe('CommandAccepted');
  });

  test('07 gives every event about the version with its digest, the deployment among them', async () => {
    const { timeline }: { timeline: { nodes: { type: string; digest: string }[] } } = await ask(
      cast.compliance,
      start('07'),
    );
    const types = timeline.nodes.map(({ type }) => type);
    for (const type of ['ModelVersionRegistered', 'EvaluationRecorded', 'ApprovalGranted', 'DeploymentPromoted'])
      expect(types).toContain(type);
    expect(timeline.nodes.every(({ digest }) => /^[0-9a-f]{64}$/.test(digest))).toBe(true);
  });

  test('12 finds nobody who touched and approved', async () => {
    const found: {
      contributors: { contributors: { identityId: string }[] };
      node: { approvals: { signatures: { signerId: string }[] }[] };
    } = await ask(cast.compliance, start('12'));
    const touched = found.contributors.contributors.map(({ identityId }) => identityId);
    for (const person of [cast.author, cast.trainer, cast.steward, cast.evaluator])
      expect(touched).toContain(person.id);
    const signed = found.node.approvals.flatMap(({ signatures }) => signatures.map(({ signerId }) => signerId));
    expect(signed).toHaveLength(2);
    expect(signed.filter((id) => touched.includes(id))).toEqual([]);
  });

  test('15 finds the version downstream of its data', async () => {
    const { lineage }: { lineage: { nodes: { ref: string }[]; isPartial: boolean } } = await ask(
      cast.compliance,
      start('15'),
    );
    expect(lineage.isPartial).toBe(false);
    expect(lineage.nodes.map(({ ref }) => ref)).toContain(`model-version:${made.modelVersionId}`);
  });

  test('05 and 06 are live', async () => {
    const client = createClient({
      url: `${stage.api.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${await stage.token(cast.validator)}` },
    });
    const inbox = client.iterate({ query: start('05') });
    expect((await inbox.next()).value).toMatchObject({ data: { inboxChanged: { approvals: expect.any(Array) } } });
    const timeline = client.iterate({ query: start('06'), variables: { model: variables['model'], after: '0' } });
    expect((await timeline.next()).value).toMatchObject({ data: { timelineAdded: { type: expect.any(String) } } });
    await client.dispose();
  });
});

describe('the rules', () => {
  test('stand on every root field and every type', async () => {
    expect(unmarked(await buildApiSchema())).toEqual([]);
  });

  test('list exactly what they let somebody read one by one', async () => {
    const other = await makeVersion(stage, cast);
    const scoped = await stage.person([{ role: 'viewer', scope: made.modelId }]);
    await settle();
    const lists: Readonly<Record<string, string>> = {
      models: 'Model',
      evaluations: 'Evaluation',
      approvals: 'Approval',
      deployments: 'Deployment',
      incidents: 'Incident',
      datasets: 'Dataset',
      policies: 'Policy',
      identities: 'Identity',
    };
    const all = `{ ${Object.keys(lists)
      .map((name) => `${name}(first: 100) { nodes { id } }`)
      .join(' ')} }`;
    type Lists = Record<string, { nodes: { id: string }[] }>;
    const everything = (await stage.ask(await stage.token(cast.compliance), all)).data as Lists;
    const token = await stage.token(scoped);
    const listed = (await stage.ask(token, all)).data as Lists;
    for (const name of Object.keys(lists)) {
      const ids = everything[name]!.nodes.map(({ id }) => id);
      const { nodes } = (await stage.ask(token, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })).data as {
        nodes: ({ id: string } | null)[];
      };
      const readable = nodes.flatMap((node) => (node ? [node.id] : []));
      expect([name, listed[name]!.nodes.map(({ id }) => id).sort()]).toEqual([name, readable.sort()]);
    }
    const models = listed['models']!.nodes.map(({ id }) => id);
    expect(models).toEqual([globalId('Model', made.modelId)]);
    expect(everything['models']!.nodes.map(({ id }) => id)).toContain(globalId('Model', other.modelId));
    const hidden = await stage.ask(token, 'query ($of: ID!) { lineage(of: $of, direction: UPSTREAM) { isPartial } }', {
      of: globalId('ModelVersion', other.modelVersionId),
    });
    expect(hidden.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'of' });
  });
});

/** Waits until the views show everything that was written. */
async function settle(): Promise<void> {
  await stage.application.catchUp();
  const head = String(stage.directory.position);
  const answer = await stage.ask(
    await stage.token(cast.compliance),
    'query ($at: Position!) { models(first: 1, asOf: { atLeast: $at }) { position } }',
    { at: head },
  );
  expect(answer.errors).toBeUndefined();
}
