import { describe, expect, test } from '@jest/globals';
import { UnknownModelVersion, collectDossierEvents } from './collect.js';
import { createMentions } from './mentions.js';
import { play } from './mortgage-play.test.js';
import { decode } from './mortgage.test.js';
import { memoryStore } from './testing.test.js';

const { recorder, version1, version2 } = play({ segments: 30 });
const head = recorder.stored.at(-1)!.position;
const collect = (modelVersionId: string, asOf = head, options = {}) =>
  collectDossierEvents(memoryStore(recorder.stored), decode as never, {
    workspace: 'demo',
    modelVersionId,
    asOf,
    ...options,
  });
const types = (events: readonly { type: string }[]) => new Set(events.map(({ type }) => type));

describe('what is collected', () => {
  test('everything that the version was made of, decided in, served by', async () => {
    const { events } = await collect(version2);
    const found = types(events);
    for (const type of [
      'ModelRegistered',
      'ModelVersionRegistered',
      'TrainingRunStarted',
      'TrainingRunCompleted',
      'DatasetRegistered',
      'DatasetVersionSealed',
      'DataQualityFound',
      'EvaluationRecorded',
      'GateDecided',
      'EvaluationAmended',
      'RiskTierSet',
      'ApprovalRequested',
      'ApprovalSigned',
      'ApprovalVoided',
      'OverrideUsed',
      'OverrideReviewed',
      'PermitIssued',
      'PermitRevoked',
      'DeploymentStarted',
      'PredictionSegmentSealed',
      'IncidentOpened',
      'IncidentClosed',
      'DenialCounted',
      'PolicyPublished',
      'AccessGranted',
      'PersonRegistered',
      'ServiceRegistered',
      'ModelVersionRetired',
    ])
      expect([type, found.has(type)]).toEqual([type, true]);
    expect(events.filter(({ type }) => type === 'PredictionSegmentSealed')).toHaveLength(30);
  });

  test('in the order of the record, each event once', async () => {
    const { events } = await collect(version2);
    const positions = events.map(({ position }) => position);
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  test('nothing of another version: its training, its evaluation, its refusals', async () => {
    const { events } = await collect(version1);
    const found = types(events);
    for (const type of [
      'ApprovalRequested',
      'PermitIssued',
      'DeploymentStarted',
      'PredictionSegmentSealed',
      'OverrideUsed',
    ])
      expect([type, found.has(type)]).toEqual([type, false]);
    expect(events.filter(({ type }) => type === 'TrainingRunStarted')).toHaveLength(1);
    expect(
      events.filter(({ type }) => type === 'DenialCounted').map(({ data }) => (data as { rule: string }).rule),
    ).toEqual(['GateFailed']);
  });

  test('nothing beyond the position, at any position', async () => {
    for (const { position } of recorder.stored.slice(25).filter((_, index) => index % 9 === 0)) {
      const { events, asOfTime } = await collect(version1, position);
      expect(events.every((event) => event.position <= position)).toBe(true);
      expect(asOfTime >= events.at(-1)!.recordedAt).toBe(true);
    }
  });

  test('the same through an index as through one pass', async () => {
    const index = (asOf: bigint) => {
      const mentions = createMentions();
      let asOfTime = '';
      for (const stored of recorder.stored.filter(({ position }) => position <= asOf)) {
        mentions.see(stored);
        if (stored.recordedAt > asOfTime) asOfTime = stored.recordedAt;
      }
      return Promise.resolve({ mentions, asOfTime });
    };
    expect(await collect(version2, head, { index })).toEqual(await collect(version2));
  });

  test('a version that is not registered at the position is unknown there', async () => {
    await expect(collect(version2, recorder.stored[5]!.position)).rejects.toThrow(UnknownModelVersion);
    await expect(collect('00000000-0000-4000-8000-000000000000')).rejects.toThrow(UnknownModelVersion);
  });

  test('an event of an unknown type is left out, not guessed at', async () => {
    const { events } = await collectDossierEvents(
      memoryStore(recorder.stored),
      ((stored: { type: string }) =>
        stored.type === 'DataQualityFound' ? undefined : decode(stored as never)) as never,
      { workspace: 'demo', modelVersionId: version1, asOf: head },
    );
    expect(types(events).has('DataQualityFound')).toBe(false);
  });
});
