import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { aggregates, isWorkspaceId, nameStream, parseStreamName, streamName } from './streams.js';
import { after, instant, isAfter, isDue } from './time.js';

describe('streams', () => {
  test('a name is read back into its parts, whatever the id', () => {
    const id = fc.string({ minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(
        fc.constantFrom(...aggregates),
        fc.stringMatching(/^[a-z0-9][a-z0-9_]{0,62}$/),
        id,
        (kind, workspace, own) => {
          expect(parseStreamName(streamName(kind, workspace, own))).toEqual({ aggregate: kind, workspace, id: own });
        },
      ),
    );
  });

  test('a workspace never holds what separates it from the rest', () => {
    for (const workspace of ['', 'a-b', 'a.b', 'A', '_a', 'a b', 'ä', 'a'.repeat(64), '../a', 'a\u0000', 'a\n']) {
      expect([workspace, isWorkspaceId(workspace)]).toEqual([workspace, false]);
      expect(() => streamName('model', workspace, 'x')).toThrow('workspace');
    }
    expect(() => streamName('model', 'a', '')).toThrow('stream id');
    expect(() => streamName('model', 'a', 'x'.repeat(201))).toThrow('stream id');
  });

  test('what is no domain stream is none', () => {
    for (const stream of [
      '',
      '$all',
      '$ce-model',
      'model',
      'model-a',
      'model.a',
      'model-A.x',
      'person-a.x',
      '-a.x',
      'model-a.',
    ])
      expect([stream, parseStreamName(stream)]).toEqual([stream, undefined]);
  });

  test('names that look the same reserve the same stream', () => {
    expect(nameStream('a', 'model', 'Café')).toBe(nameStream('a', 'model', 'cafe\u0301'));
    expect(nameStream('a', 'model', 'x')).not.toBe(nameStream('a', 'dataset', 'x'));
    expect(nameStream('a', 'model', 'x')).not.toBe(nameStream('b', 'model', 'x'));
    expect(parseStreamName(nameStream('a', 'model', '../../x\u202e'))?.id).toMatch(/^model\.[0-9a-f]{64}$/);
  });
});

describe('times', () => {
  test('a span is added in UTC, over any offset and any change of clocks', () => {
    expect(after('2026-03-29T01:30:00+01:00', { hours: 1 })).toBe('2026-03-29T01:30:00.000Z');
    expect(after('2028-02-28T12:00:00Z', { days: 1 })).toBe('2028-02-29T12:00:00.000Z');
    expect(after('2026-11-22T12:00:00Z', { days: 1, hours: -24, minutes: 1, seconds: -60 })).toBe(
      '2026-11-22T12:00:00.000Z',
    );
  });

  test('what is no time is never after anything, and as a deadline it has been reached', () => {
    const now = '2026-11-22T12:00:00Z';
    for (const none of ['', 'soon', '2026-13-01T00:00:00Z', 'NaN']) {
      expect(instant(none)).toBeNaN();
      expect([none, isAfter(none, now), isAfter(now, none), isDue(none, now)]).toEqual([none, false, false, true]);
    }
  });

  test('a deadline is due exactly at its time, in whatever offset it is written', () => {
    expect(isDue('2026-11-22T13:00:00+01:00', '2026-11-22T12:00:00Z')).toBe(true);
    expect(isDue('2026-11-22T13:00:00.001+01:00', '2026-11-22T12:00:00Z')).toBe(false);
  });
});
