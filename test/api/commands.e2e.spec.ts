import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testApi } from '../../services/api/testing.js';
import type { TestApi } from '../../services/api/testing.js';
import type { Actor } from '#libs/lifecycle';

let stage: TestApi;
let steward: Actor;
let stewardToken: string;
let adminToken: string;
beforeAll(async () => {
  stage = await testApi();
  steward = await stage.person(['data-steward', 'model-developer']);
  stewardToken = await stage.token(steward);
  adminToken = await stage.token(stage.administrator);
});
afterAll(() => stage?.close());

const dataset = (name: string) => ({ name, purpose: 'underwriting', legalBasis: 'contract' });

describe('a mutation', () => {
  test('answers with the position that it wrote, and a query can wait for it', async () => {
    const answer = await stage.mutate(stewardToken, 'registerDataset', dataset('loans'));
    expect(answer).toMatchObject({ __typename: 'CommandAccepted', repeated: false });
    const read = await stage.ask(
      stewardToken,
      `query ($id: ID!, $at: Position!) { node(id: $id, asOf: { position: $at }) { id ... on Dataset { name position registeredBy { id } } } }`,
      { id: answer['id'], at: answer['position'] },
    );
    expect(read.errors).toBeUndefined();
    expect(read.data!['node']).toMatchObject({ id: answer['id'], name: 'loans', position: answer['position'] });
  });

  test('repeated with the same command id changes nothing; with other content it conflicts', async () => {
    const commandId = randomUUID();
    const first = await stage.mutate(stewardToken, 'registerDataset', { commandId, ...dataset('repeated') });
    const again = await stage.mutate(stewardToken, 'registerDataset', { commandId, ...dataset('repeated') });
    expect(again).toMatchObject({
      __typename: 'CommandAccepted',
      repeated: true,
      position: first['position'],
      id: first['id'],
    });
    const other = await stage.mutate(stewardToken, 'registerDataset', { commandId, ...dataset('other') });
    expect(other).toMatchObject({ __typename: 'IdempotencyConflict', code: 'IdempotencyConflict' });
  });

  test('that nobody granted is NotPermitted, and the denial is on the ledger', async () => {
    const viewer = await stage.token(await stage.person(['viewer']));
    const answer = await stage.mutate(
      viewer,
      'registerDataset',
      dataset('forbidden'),
      '... on NotPermitted { action denied: position }',
    );
    expect(answer).toMatchObject({ __typename: 'NotPermitted', action: 'RegisterDataset' });
    expect(answer['denied']).toMatch(/^\d+$/);
    const seen = await stage.ask(
      adminToken,
      `query ($at: Position!) { denials(first: 1, asOf: { position: $at }) { nodes { rule action position } } }`,
      { at: answer['denied'] },
    );
    expect(seen.data!['denials']).toEqual({
      nodes: [{ rule: 'NotPermitted', action: 'RegisterDataset', position: answer['denied'] }],
    });
  });

  test.each([
    ['name', { name: '' }, 'must not be empty'],
    ['name', { name: 'x'.repeat(201) }, 'at most 200 characters'],
    ['name', { name: 'loans\u202etxt' }, 'must not hold control or direction-changing characters'],
    ['datasetId', { datasetId: 'nonsense' }, 'must be the id of a Dataset'],
    ['commandId', { commandId: 'nonsense' }, 'must be a UUID, lower case'],
  ])('with a bad %s names field and rule and writes nothing', async (field, bad, rule) => {
    await stage.application.catchUp();
    const before = stage.directory.position;
    const answer = await stage.mutate(stewardToken, 'registerDataset', { ...dataset('bad'), ...bad });
    expect(answer).toMatchObject({ __typename: 'ValidationFailed', issues: [{ field, rule }] });
    await stage.application.catchUp();
    expect(stage.directory.position).toBe(before);
  });

  test('that names content which nobody uploaded is refused by digest', async () => {
    const { id } = await stage.mutate(stewardToken, 'registerDataset', dataset('unknown content'));
    const answer = await stage.mutate(stewardToken, 'sealDatasetVersion', {
      datasetId: id,
      content: { digest: 'a'.repeat(64), mediaType: 'text/csv' },
      rowDigest: 'ab',
      rows: 1,
      columns: [{ name: 'a', type: 'NUMBER', nulls: 0 }],
      grade: 'ASSERTED',
    });
    expect(answer).toMatchObject({
      __typename: 'ValidationFailed',
      issues: [{ field: 'content.digest', rule: 'no content with this SHA-256 was uploaded' }],
    });
  });

  test('of an administrator makes people and service keys, and the key works at once', async () => {
    const person = await stage.mutate(adminToken, 'registerPerson', {
      issuer: 'https://issuer.example',
      subject: 'new-colleague',
      displayName: 'New Colleague',
    });
    expect(person).toMatchObject({ __typename: 'CommandAccepted' });
    const service = await stage.mutate(adminToken, 'registerService', { ownerId: person['id'], displayName: 'bot' });
    const granted = await stage.mutate(adminToken, 'grantAccess', { subjectId: service['id'], role: 'DATA_STEWARD' });
    expect(granted).toMatchObject({ __typename: 'CommandAccepted' });
    const expiresAt = new Date(stage.clock.now().getTime() + 86_400_000).toISOString();
    const key = await stage.mutate(
      adminToken,
      'issueServiceKey',
      { identityId: service['id'], scopes: ['data-steward'], expiresAt },
      '... on ServiceKeyIssued { secret }',
    );
    expect(key).toMatchObject({ __typename: 'ServiceKeyIssued', secret: expect.stringMatching(/^assay_sk_/) });
    const secret = key['secret'] as string;
    expect((await stage.ask(secret, '{ viewer { kind roles } }')).data!['viewer']).toEqual({
      kind: 'service',
      roles: ['DATA_STEWARD'],
    });
    expect(await stage.mutate(secret, 'registerDataset', dataset('by the bot'))).toMatchObject({
      __typename: 'CommandAccepted',
    });
  });
});
