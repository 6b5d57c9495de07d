import { describe, expect, test } from '@jest/globals';
import { array, assert, boolean, integer, property, tuple } from 'fast-check';
import type { Interval } from '#libs/lifecycle';
import { averagePrecision, rocAuc } from '../performance/index.js';
import { Generator } from '../random/generator.js';
import { countsIntervals, f1Interval, meanInterval, precisionRecallInterval, rocAucInterval } from './scores.js';
import { wilson } from './rate.js';

const holds = (interval: Interval | undefined, truth: number): boolean =>
  interval !== undefined && interval.low! <= truth && truth <= interval.high!;

/** How often an interval holds what is true, over samples of a seeded generator. */
function coverage(truth: number, draw: (random: Generator) => Interval | undefined, samples = 600): number {
  const random = new Generator(7);
  let held = 0;
  for (let sample = 0; sample < samples; sample += 1) held += Number(holds(draw(random), truth));
  return held / samples;
}

const around95 = (share: number): void => {
  // 0.95 ± 4 standard errors of 600 samples.
  expect(share).toBeGreaterThan(0.914);
  expect(share).toBeLessThan(0.986);
};

describe('intervals of scores', () => {
  test('DeLong is the variance of its own definition, over every pair, ties half', () => {
    const rows = array(tuple(boolean(), integer({ min: 0, max: 6 })), { minLength: 4, maxLength: 30 });
    assert(
      property(rows, (all) => {
        const labels = all.map(([label]) => Number(label));
        const scores = all.map(([, score]) => score / 6);
        const [up, down] = [1, 0].map((own) => scores.filter((_, row) => labels[row] === own)) as [number[], number[]];
        const interval = rocAucInterval(labels, scores);
        if (up.length < 2 || down.length < 2) return expect(interval).toBeUndefined();
        const wins = (a: number, b: number): number => (a > b ? 1 : a === b ? 0.5 : 0);
        const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
        const spread = (values: number[]): number =>
          values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1) / values.length;
        const above = up.map((a) => mean(down.map((b) => wins(a, b))));
        const below = down.map((b) => mean(up.map((a) => wins(a, b))));
        const variance = spread(above) + spread(below);
        if (variance < 1e-12) return expect(interval?.high ?? 0).toBeLessThan(1 + 1e-9);
        const half = 1.959963984540054 * Math.sqrt(variance);
        expect(interval!.low).toBeCloseTo(Math.max(0, mean(above) - half), 10);
        expect(interval!.high).toBeCloseTo(Math.min(1, mean(above) + half), 10);
        expect(holds(interval, rocAuc(labels, scores)!)).toBe(true);
      }),
    );
  });

  test('hold the truth as often as they say', () => {
    // Scores N(1, 1) against N(0, 1): the area is Φ(1/√2).
    const scored = (random: Generator, n: number) => {
      const labels = Uint8Array.from({ length: n }, () => Number(random.uniform() < 0.3));
      return { labels, scores: Float64Array.from(labels, (label) => random.normal() + label) };
    };
    around95(
      coverage(0.7602499389065233, (random) => {
        const { labels, scores } = scored(random, 200);
        return rocAucInterval(labels, scores);
      }),
    );
    const many = scored(new Generator(1), 200_000);
    const area = averagePrecision(many.labels, many.scores)!;
    const ofPrecision = coverage(area, (random) => {
      const { labels, scores } = scored(random, 200);
      return precisionRecallInterval(
        averagePrecision(labels, scores),
        labels.reduce((sum, own) => sum + own, 0),
      );
    });
    expect(ofPrecision).toBeGreaterThan(0.914); // It is wide rather than narrow, as its authors found.
    around95(
      coverage(1, (random) => {
        const losses = Float64Array.from({ length: 80 }, () => random.normal() ** 2);
        return meanInterval(80, (row) => losses[row]!, { least: 0 });
      }),
    );
    const cells = Float64Array.from([50, 10, 15, 25]); // correct rejections, false alarms, missed, hits
    const f1 = (c: Float64Array): number => (2 * c[3]!) / (2 * c[3]! + c[1]! + c[2]!);
    around95(
      coverage(f1(cells), (random) => {
        const drawn = random.multinomial(cells);
        return f1Interval({ hits: drawn[3]!, predicted: drawn[3]! + drawn[1]!, actual: drawn[3]! + drawn[2]! });
      }),
    );
  });

  test('of counts drawn anew agree with a closed form where there is one, and repeat under a seed', () => {
    const counts = Float64Array.from([700, 300]);
    const share = (c: Float64Array) => ({ share: c[0]! / (c[0]! + c[1]!), never: 0 / 0, constant: 1 });
    const drawn = countsIntervals(counts, share, 11);
    const closed = wilson({ count: 700, n: 1_000 })!;
    expect(Object.keys(drawn)).toEqual(['share']);
    expect(drawn['share']!.low).toBeCloseTo(closed.low!, 2);
    expect(drawn['share']!.high).toBeCloseTo(closed.high!, 2);
    expect(countsIntervals(counts, share, 11)).toEqual(drawn);
    expect(countsIntervals(counts, share, 12)).not.toEqual(drawn);
  });

  test('say nothing where nothing tells how far the number could move', () => {
    expect(meanInterval(1, () => 3)).toBeUndefined();
    expect(meanInterval(9, () => 3)).toBeUndefined();
    expect(rocAucInterval([0, 0, 1, 1], [1, 2, 3, 4])).toBeUndefined();
    expect(rocAucInterval([0, 1, 1], [1, 2, 0])).toBeUndefined();
    expect(precisionRecallInterval(1, 5)).toBeUndefined();
    expect(precisionRecallInterval(undefined, 0)).toBeUndefined();
    expect(f1Interval({ hits: 0, predicted: 0, actual: 0 })).toBeUndefined();
    expect(f1Interval({ hits: 0, predicted: 4, actual: 4 })).toMatchObject({ low: 0 });
  });
});
