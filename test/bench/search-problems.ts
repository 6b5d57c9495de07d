// What the search bench minimises: five test functions of the literature (S. Surjanovic and D. Bingham, Virtual Library
// of Simulation Experiments), each over the unit cube, and a cross-validated model of the mortgage data.
import { join } from 'node:path';
import { parseJob, prepare, validateCandidate } from '#libs/learning';
import { repositoryRoot } from '#libs/runtime';
import { readTable } from '#libs/statistics';

export interface SearchProblem {
  readonly name: string;
  readonly width: number;
  /** To be small. */
  readonly loss: (unit: ArrayLike<number>) => number;
}

const scaled = (unit: ArrayLike<number>, low: number, high: number): number[] =>
  Array.from(unit, (u) => low + (high - low) * u);

function branin(unit: ArrayLike<number>): number {
  const x = -5 + 15 * unit[0]!;
  const y = 15 * unit[1]!;
  const t = 1 / (8 * Math.PI);
  return (y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6) ** 2 + 10 * (1 - t) * Math.cos(x) + 10;
}

const heights = [1, 1.2, 3, 3.2];

function hartmann(a: readonly (readonly number[])[], p: readonly (readonly number[])[]) {
  return (unit: ArrayLike<number>): number =>
    -heights.reduce(
      (sum, height, i) =>
        sum + height * Math.exp(-a[i]!.reduce((own, weight, j) => own + weight * (unit[j]! - p[i]![j]! / 1e4) ** 2, 0)),
      0,
    );
}

const hartmann3 = hartmann(
  [
    [3, 10, 30],
    [0.1, 10, 35],
    [3, 10, 30],
    [0.1, 10, 35],
  ],
  [
    [3689, 1170, 2673],
    [4699, 4387, 7470],
    [1091, 8732, 5547],
    [381, 5743, 8828],
  ],
);

const hartmann6 = hartmann(
  [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
  ],
  [
    [1312, 1696, 5569, 124, 8283, 5886],
    [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650],
    [4047, 8828, 8732, 5743, 1091, 381],
  ],
);

/** On [−32.768, 32.768]⁵. */
function ackley(unit: ArrayLike<number>): number {
  const x = scaled(unit, -32.768, 32.768);
  const squares = x.reduce((sum, own) => sum + own * own, 0) / x.length;
  const cosines = x.reduce((sum, own) => sum + Math.cos(2 * Math.PI * own), 0) / x.length;
  return -20 * Math.exp(-0.2 * Math.sqrt(squares)) - Math.exp(cosines) + 20 + Math.E;
}

/** On [−5, 10]⁴. */
function rosenbrock(unit: ArrayLike<number>): number {
  const x = scaled(unit, -5, 10);
  let sum = 0;
  for (let i = 0; i + 1 < x.length; i += 1) sum += 100 * (x[i + 1]! - x[i]! ** 2) ** 2 + (1 - x[i]!) ** 2;
  return sum;
}

/** Mean squared error over five folds of an elastic net with interactions that predicts the payment's share of income. */
async function crossValidated(): Promise<SearchProblem> {
  const { table } = await readTable(join(repositoryRoot(), 'examples/boston-mortgage/boston-hmda.csv'));
  const job = parseJob({
    version: 1,
    target: { column: 'pirat' },
    task: 'regression',
    algorithm: { name: 'elastic_net', alpha: 1, l1Ratio: 1 },
    validation: { scheme: 'k_fold', k: 5 },
    seed: 1,
  });
  const prepared = prepare(job, table);
  return {
    name: 'cross-validated elastic net',
    width: 2,
    loss(unit) {
      const algorithm = {
        name: 'elastic_net',
        alpha: 1e-6 * 1e6 ** unit[0]!,
        l1Ratio: Math.max(0.001, unit[1]!),
        tolerance: 1e-8,
        maximumIterations: 1000,
      };
      const { mean } = validateCandidate(prepared, { algorithm }, { checkpoint: () => undefined });
      return mean['mean_squared_error@sklearn']!;
    },
  };
}

export async function searchProblems(): Promise<SearchProblem[]> {
  return [
    { name: 'Branin', width: 2, loss: branin },
    { name: 'Hartmann-3', width: 3, loss: hartmann3 },
    { name: 'Hartmann-6', width: 6, loss: hartmann6 },
    { name: 'Ackley-5', width: 5, loss: ackley },
    { name: 'Rosenbrock-4', width: 4, loss: rosenbrock },
    await crossValidated(),
  ];
}
