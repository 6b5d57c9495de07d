import { describe, expect, test } from '@jest/globals';
import { digestOf, example, id, time } from './examples.js';
import { by } from './examples-commands.js';
import type { RequestExport } from './export/commands.js';
import { exportRequest } from './export/index.js';
import { fold, repetition } from './idempotency.js';
import { identity, maximumKeyDays } from './identity/index.js';
import { incident } from './incident/index.js';
import { policy } from './policy/index.js';
import type { SealPredictionSegment } from './prediction-segment/commands.js';
import { predictionSegment } from './prediction-segment/index.js';
import { specificationOf } from './specification.js';
import { workspace } from './workspace/index.js';

const context = by('adam', { roles: ['administrator'] });

describe('people and services', () => {
  const given = specificationOf(identity);
  const bot = example('ServiceRegistered');
  const key = (changes: object = {}) =>
    ({
      type: 'IssueServiceKey',
      context,
      data: { identityId: id('bot'), keyId: id('key'), scopes: ['training:write'], expiresAt: time(60), ...changes },
    }) as const;

  test('a service has a person who answers for it', () => {
    const register = (owner: 'person' | 'service' | 'erased') =>
      ({ type: 'RegisterService', context, data: { ...bot.data, facts: { owner } } }) as const;
    given().when(register('person')).thenEvents('ServiceRegistered');
    given().when(register('service')).thenRefused('OwnerNotAPerson');
    given().when(register('erased')).thenRefused('OwnerNotAPerson');
  });

  test('only services have keys, and every key expires', () => {
    given(bot).when(key()).thenEvents('ServiceKeyIssued');
    given(example('PersonRegistered')).when(key()).thenRefused('NotAService');
    given(bot)
      .when(key({ expiresAt: time(0) }))
      .thenRefused('InvalidField', { field: 'expiresAt' });
    given(bot)
      .when(key({ expiresAt: time(maximumKeyDays * 24 * 60 + 1) }))
      .thenRefused('InvalidField');
    given(bot)
      .when(key({ scopes: [] }))
      .thenRefused('InvalidField', { field: 'scopes' });
    given(bot, example('ServiceKeyIssued')).when(key()).thenRefused('AlreadyExists');
  });

  test('a key is revoked once', () => {
    const revoke = { type: 'RevokeServiceKey', context, data: example('ServiceKeyRevoked').data } as const;
    given(bot, example('ServiceKeyIssued')).when(revoke).thenEvents('ServiceKeyRevoked');
    given(bot, example('ServiceKeyIssued'), example('ServiceKeyRevoked')).when(revoke).thenNothing();
    given(bot).when(revoke).thenRefused('NotFound');
  });

  test('identities are linked once, never to themselves, and stay linked when erased', () => {
    const link = (linkedId: string, linked: 'person' | 'erased' | 'missing' = 'person') =>
      ({ type: 'LinkIdentities', context, data: { identityId: id('ana'), linkedId, facts: { linked } } }) as const;
    const ana = example('PersonRegistered');
    given(ana)
      .when(link(id('ana-too')))
      .thenEvents('IdentityLinked');
    given(ana, example('IdentityLinked'))
      .when(link(id('ana-too')))
      .thenNothing();
    given(ana)
      .when(link(id('ana')))
      .thenRefused('LinkToItself');
    given(ana)
      .when(link(id('ghost'), 'missing'))
      .thenRefused('NotFound');
    expect(fold(identity, [ana, example('IdentityLinked'), example('IdentityErased')])).toMatchObject({
      status: 'erased',
      was: 'person',
      linked: [id('ana-too')],
    });
  });
});

describe('policies', () => {
  const given = specificationOf(policy);
  const published = example('PolicyPublished');
  const publish = (changes: object = {}, name = 'mortgage') =>
    ({
      type: 'PublishPolicy',
      context,
      data: { policyId: id('policy'), name, document: { ...published.data.document, ...changes } },
    }) as const;

  test('count versions; each supersedes the one before; the same document is no new version', () => {
    const first = given().when(publish());
    expect(first.events()).toMatchObject([{ type: 'PolicyPublished', data: { version: 1 } }]);
    expect(
      given(...first.events())
        .when(publish({ evidenceValidDays: 30 }))
        .events(),
    ).toMatchObject([
      { type: 'PolicySuperseded', data: { version: 1, by: 2 } },
      { type: 'PolicyPublished', data: { version: 2, document: { evidenceValidDays: 30 } } },
    ]);
    given(...first.events())
      .when(publish())
      .thenNothing();
    given(...first.events())
      .when(publish({}, 'another'))
      .thenRefused('InvalidField', { field: 'name' });
  });

  test('that are no policies are refused by field and rule', () =>
    given()
      .when(publish({ minimumGroupSize: 0 }))
      .thenRefused('InvalidPolicy', { field: '/minimumGroupSize', rule: 'must be a whole number from 1 to 1000000' }));
});

describe('scored batches', () => {
  const given = specificationOf(predictionSegment);
  const seal = (
    changes: object = {},
    versions: readonly string[] | undefined = [id('version'), id('next-version')],
  ): SealPredictionSegment => {
    const { digest: _, ...data } = example('PredictionSegmentSealed').data;
    return {
      type: 'SealPredictionSegment',
      context,
      data: { ...data, ...changes, facts: versions === undefined ? {} : { versions } },
    };
  };

  test('leave their digest', () =>
    expect(given().when(seal()).events()[0]).toMatchObject({
      data: { digest: example('PredictionSegmentSealed').data.content.digest },
    }));

  test('were scored by arms of the deployment, under permits, in a time that runs forwards', () => {
    given()
      .when(seal({}, [id('version')]))
      .thenRefused('NotAnArm', { modelVersionId: id('next-version') });
    given()
      .when({ ...seal(), data: { ...seal().data, facts: {} } })
      .thenRefused('NotFound');
    given()
      .when(seal({ permits: [] }))
      .thenRefused('InvalidField', { field: 'permits' });
    given()
      .when(seal({ rows: {} }))
      .thenRefused('InvalidField', { field: 'rows' });
    given()
      .when(seal({ to: time(-1) }))
      .thenRefused('InvalidField', { field: 'to' });
    given(example('PredictionSegmentSealed')).when(seal()).thenRefused('AlreadyExists');
  });
});

describe('exports', () => {
  const given = specificationOf(exportRequest);
  const request = (asOf: string): RequestExport => ({
    type: 'RequestExport',
    context,
    data: {
      exportId: id('export'),
      kind: 'dossier',
      modelVersionId: id('version'),
      asOf,
      facts: { modelVersion: 'registered', head: '18446744073709551614' },
    },
  });
  const access = {
    type: 'RecordEvidenceAccess',
    context: by('rita'),
    data: { exportId: id('export'), what: 'dossier.pdf' },
  } as const;

  test('are pictures of a position that exists', () => {
    given().when(request('18446744073709551614')).thenEvents('ExportRequested');
    given().when(request('18446744073709551615')).thenRefused('NotYet');
  });

  test('rule-26 every access to evidence is recorded, with who read what', () => {
    const built = [example('ExportRequested'), example('ExportBuilt')] as const;
    const [event] = given(...built)
      .when(access)
      .events();
    expect(event?.data).toEqual({ exportId: id('export'), readerId: id('rita'), what: 'dossier.pdf' });
    given(...built, example('EvidenceAccessed'))
      .when(access)
      .thenEvents('EvidenceAccessed');
    given(example('ExportRequested')).when(access).thenRefused('NotBuilt');
  });

  test('are built or fail once', () => {
    const complete = { type: 'CompleteExport', context, data: example('ExportBuilt').data } as const;
    const fail = { type: 'FailExport', context, data: example('ExportFailed').data } as const;
    given(example('ExportRequested')).when(complete).thenEvents('ExportBuilt');
    given(example('ExportRequested')).when(fail).thenEvents('ExportFailed');
    given(example('ExportRequested'), example('ExportBuilt')).when(fail).thenRefused('NotRequested');
    given(example('ExportRequested'), example('ExportFailed')).when(complete).thenRefused('NotRequested');
  });
});

test('an incident is opened with the time somebody became aware, and closed once with a reason', () => {
  const given = specificationOf(incident);
  const open = (awareAt: string) =>
    ({ type: 'OpenIncident', context, data: { ...example('IncidentOpened').data, awareAt } }) as const;
  const close = {
    type: 'CloseIncident',
    context,
    data: { incidentId: id('incident'), reason: digestOf('reason') },
  } as const;
  given()
    .when(open(time(-60)))
    .thenEvents('IncidentOpened');
  given()
    .when(open(time(2)))
    .thenRefused('InvalidField', { field: 'awareAt' });
  given(example('IncidentOpened')).when(close).thenEvents('IncidentClosed');
  given(example('IncidentOpened'), example('IncidentClosed')).when(close).thenNothing();
});

test('a workspace is opened once, by the name of its own', () => {
  const given = specificationOf(workspace);
  const open = { type: 'OpenWorkspace', context, data: example('WorkspaceOpened').data } as const;
  given().when(open).thenEvents('WorkspaceOpened');
  given(example('WorkspaceOpened')).when(open).thenRefused('AlreadyOpen');
  given()
    .when({ ...open, data: { ...open.data, workspace: 'other' } })
    .thenRefused('InvalidField', { field: 'workspace' });
});

test('a command id with the same content is a repeat, with other content a conflict', () => {
  const trace = (commandId: string, digest: string, position: bigint) => ({
    commandId,
    commandDigest: digest,
    position,
  });
  const history = [trace('a', 'x', 1n), trace('b', 'y', 2n), trace('b', 'y', 3n)];
  expect(repetition(history, { commandId: 'c', commandDigest: 'x' })).toEqual({ kind: 'first' });
  expect(repetition(history, { commandId: 'b', commandDigest: 'y' })).toEqual({
    kind: 'repeated',
    positions: [2n, 3n],
  });
  expect(repetition(history, { commandId: 'b', commandDigest: 'x' })).toEqual({ kind: 'conflict', commandDigest: 'y' });
});
