// search: Bayesian against random search, 40 trials, 20 seeds: on how many of six problems its median is better by a
// paired Wilcoxon test over the seeds (two-sided, exact), Holm-corrected, p < 0.05.
import { Space, bayesianSearch, randomSearch } from '#libs/learning';
import type { Observation, Strategy } from '#libs/learning';
import { searchProblems } from './search-problems.js';
import type { SearchProblem } from './search-problems.js';

const trials = 40;
const seeds = 20;
const floor = 5;

export async function* bench() {
  const results = [];
  for (const problem of await searchProblems()) {
    const parameters = Object.fromEntries(
      Array.from({ length: problem.width }, (_, k) => [`x${k}`, { type: 'real' as const, low: 0, high: 1 }]),
    );
    const space = new Space([{ parameters }]);
    const bayesian: number[] = [];
    const random: number[] = [];
    for (let seed = 0; seed < seeds; seed += 1) {
      bayesian.push(lowest(problem, bayesianSearch(space, seed, {})));
      random.push(lowest(problem, randomSearch(space, seed)));
    }
    results.push({
      name: problem.name,
      bayesian: median(bayesian),
      random: median(random),
      p: wilcoxon(bayesian, random),
    });
  }
  const adjusted = holm(results.map(({ p }) => p));
  const better = results.filter((own, i) => own.bayesian < own.random && adjusted[i]! < 0.05);
  for (const [i, { name, bayesian, random }] of results.entries())
    process.stderr.write(
      `  ${name}: median ${bayesian.toPrecision(6)}, random ${random.toPrecision(6)}, p ${adjusted[i]!.toExponential(1)}\n`,
    );
  yield {
    name: 'search',
    value: better.length,
    unit: 'of 6 problems',
    ratio: better.length,
    against: `random search (${results.map(({ name }, i) => `${name} p ${adjusted[i]!.toExponential(1)}`).join(', ')})`,
    floor,
    ok: better.length >= floor,
  };
}

function lowest(problem: SearchProblem, strategy: Strategy): number {
  const ended: Observation[] = [];
  while (ended.length < trials) {
    const { family, unit, fraction } = strategy.propose(ended)!;
    ended.push({ family, unit: [...unit], fraction, loss: problem.loss(unit) });
  }
  return Math.min(...ended.map(({ loss }) => loss!));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

/** Two-sided p of the signed-rank test, exact over all signs of the (mid)ranks; pairs without difference are left out. */
function wilcoxon(a: readonly number[], b: readonly number[]): number {
  const differences = a.map((value, i) => value - b[i]!).filter((value) => value !== 0);
  const ordered = differences.map(Math.abs).sort((x, y) => x - y);
  // Twice the midrank is a whole number.
  const ranks = differences.map((value) => {
    const size = Math.abs(value);
    return ordered.indexOf(size) + 1 + ordered.lastIndexOf(size) + 1;
  });
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  let ways = new Float64Array(total + 1);
  ways[0] = 1;
  for (const rank of ranks) {
    const next = ways.slice();
    for (let sum = rank; sum <= total; sum += 1) next[sum]! += ways[sum - rank]!;
    ways = next;
  }
  const positive = ranks.reduce((sum, rank, i) => sum + (differences[i]! > 0 ? rank : 0), 0);
  const extreme = Math.min(positive, total - positive);
  let tail = 0;
  for (let sum = 0; sum <= extreme; sum += 1) tail += ways[sum]!;
  return Math.min(1, (2 * tail) / 2 ** ranks.length);
}

/** Holm's step-down correction. */
function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a]! - p[b]!);
  const adjusted: number[] = [];
  let largest = 0;
  order.forEach((i, rank) => {
    largest = Math.max(largest, Math.min(1, p[i]! * (p.length - rank)));
    adjusted[i] = largest;
  });
  return adjusted;
}
