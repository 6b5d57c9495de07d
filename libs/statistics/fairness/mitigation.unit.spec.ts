import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { adjustCommonCutOff, adjustThresholds, asCategories, columnOf, scoresByGroup, tableOf } from '../index.js';
import type { AdjustmentConstraint, Cell, GroupScores } from '../index.js';

interface Golden {
  tables: Record<string, Record<string, Cell[]>>;
  cases: {
    table: string;
    constraint: AdjustmentConstraint;
    accuracy: number;
    groups: Record<string, { selectionRate: number; truePositiveRate: number; falsePositiveRate: number }>;
  }[];
}

const path = join(repositoryRoot(), 'test', 'peers', 'goldens', 'mitigation', 'fairlearn.json');
const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden;
const groupsOf = (name: string): GroupScores[] => {
  const { g, label, score } = golden.tables[name]!;
  return scoresByGroup(
    asCategories(columnOf(tableOf({ g: g! }), 'g')),
    Uint8Array.from(label as number[]),
    Float64Array.from(score as number[]),
  );
};

describe('threshold adjustment is fairlearn’s', () => {
  test.each(golden.cases)('$constraint on $table', ({ table, constraint, accuracy, groups }) => {
    const { after, before, accuracyPaid, legalNote } = adjustThresholds(groupsOf(table), constraint, 0.5);
    expect(after.accuracy).toBeCloseTo(accuracy, 9);
    for (const own of after.groups) {
      const expected = groups[own.group]!;
      expect(own.selectionRate).toBeCloseTo(expected.selectionRate, 9);
      expect(own.truePositiveRate).toBeCloseTo(expected.truePositiveRate, 9);
      expect(own.falsePositiveRate).toBeCloseTo(expected.falsePositiveRate, 9);
    }
    expect(accuracyPaid).toBeCloseTo(before.accuracy - accuracy, 9);
    expect(legalNote!.sources.length).toBeGreaterThan(0);
  });
});

describe('one cut-off for all', () => {
  test('is the most accurate of those that keep the ratio, found by trying all', () => {
    const groups = groupsOf('plain');
    const found = adjustCommonCutOff(groups, 0.8, 0.5)!;
    const all = [...new Set(groups.flatMap(({ scores }) => [...scores]))];
    let best = 0;
    for (const threshold of all) {
      const rates = groups.map(({ scores }) => scores.filter((score) => score >= threshold).length / scores.length);
      if (Math.min(...rates) < 0.8 * Math.max(...rates)) continue;
      let right = 0;
      let n = 0;
      for (const { scores, labels } of groups)
        scores.forEach((score, i) => {
          n += 1;
          right += (score >= threshold ? 1 : 0) === labels[i] ? 1 : 0;
        });
      best = Math.max(best, right / n);
    }
    expect(found.after.accuracy).toBeCloseTo(best, 12);
    const rates = found.after.groups.map(({ selectionRate }) => selectionRate);
    expect(Math.min(...rates) / Math.max(...rates)).toBeGreaterThanOrEqual(0.8);
    expect(found.legalNote).toBeUndefined();
  });
});

test('a group of one class and a single group are refused by name', () => {
  const own = (group: string, labels: number[]): GroupScores => ({
    group,
    labels: Uint8Array.from(labels),
    scores: Float64Array.from(labels, (_, i) => i / 10),
  });
  expect(() => adjustThresholds([own('a', [0, 1]), own('b', [1, 1])], 'equalized_odds', 0.5)).toThrow(/one class/);
  expect(() => adjustThresholds([own('a', [0, 1])], 'equalized_odds', 0.5)).toThrow(/groups/);
});
