import { expect, test } from '@jest/globals';
import { boston, digestOf, id } from '../examples.js';
import type { PartitionReleaseCommand } from './commands.js';
import { partitionRelease } from './index.js';

const data = { view: 'lineage', partition: 3, eventId: id('poison'), position: '77', reason: digestOf('reason') };
const release = (decision: 'retry' | 'skip'): PartitionReleaseCommand =>
  ({ type: decision === 'retry' ? 'RetryPartition' : 'SkipPartition', data, context: { workspace: boston } }) as never;

function decided(...decisions: readonly ('retry' | 'skip')[]) {
  let state = partitionRelease.initial;
  const types: string[] = [];
  for (const decision of decisions) {
    const answer = partitionRelease.decide(release(decision), state);
    if (answer.outcome === 'refused') throw new Error(answer.code);
    for (const event of answer.events) {
      types.push(event.type);
      expect(event.data).toEqual(data);
      state = partitionRelease.evolve(state, event);
    }
  }
  return { types, skipped: [...state.skipped] };
}

test('each retry is a decision of its own; a skip is recorded once and holds', () => {
  expect(decided('retry', 'retry')).toEqual({ types: ['PartitionRetried', 'PartitionRetried'], skipped: [] });
  expect(decided('skip', 'skip')).toEqual({ types: ['PartitionSkipped'], skipped: [id('poison')] });
});

test('the last word counts: a retry takes a skip back', () => {
  expect(decided('skip', 'retry').skipped).toEqual([]);
  expect(decided('retry', 'skip').skipped).toEqual([id('poison')]);
});
