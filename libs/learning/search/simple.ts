import { Generator, InputError } from '#libs/statistics';
import type { Space } from './space.js';
import { seedOf } from './strategy.js';
import type { Observation, Proposal, Strategy } from './strategy.js';

const largestGrid = 100_000;

/**
 * Every point of the grid, family by family, the last parameter fastest: `points` a coordinate, at the ends and between.
 * @throws InputError `TooLarge` over 100,000 points
 */
export function gridSearch(space: Space): Strategy {
  const sizes = space.families.map((_, family) =>
    space.gridPoints(family).reduce((product, points) => product * points, 1),
  );
  const trials = sizes.reduce((sum, size) => sum + size, 0);
  if (trials > largestGrid)
    throw new InputError('TooLarge', `the grid has ${trials} points`, {
      field: 'search',
      rule: `at most ${largestGrid}`,
    });
  return {
    name: 'grid',
    trials,
    propose({ length }) {
      let rest = length;
      const family = sizes.findIndex((size) => {
        if (rest < size) return true;
        rest -= size;
        return false;
      });
      if (family < 0) return undefined;
      const points = space.gridPoints(family);
      const unit = new Float64Array(points.length);
      for (let k = points.length - 1; k >= 0; k -= 1) {
        const own = points[k]!;
        unit[k] = own === 1 ? 0.5 : (rest % own) / (own - 1);
        rest = Math.floor(rest / own);
      }
      return { family, unit: space.snap(family, unit), fraction: 1 };
    },
  };
}

/** Independent uniform draws (J. Bergstra and Y. Bengio, JMLR 13, 2012). */
export function randomSearch(space: Space, seed: number): Strategy {
  return {
    name: 'random',
    trials: Infinity,
    propose: ({ length }) => ({ ...space.draw(new Generator(seedOf(seed, length))), fraction: 1 }),
  };
}

export interface GeneticOptions {
  /** Individuals of a generation; default 10. */
  readonly population?: number;
  /** Probability that a coordinate of a child mutates; default 0.2. */
  readonly mutation?: number;
}

/**
 * Genetic search: the first generation is drawn; each child of a later one has two parents, the best of three drawn from
 * the best `population` so far, takes each coordinate from one of them or from between, and mutates (T. Bäck, D. Fogel
 * and Z. Michalewicz 1997; tournament selection, blend crossover, Gaussian mutation, μ + λ).
 */
export function geneticSearch(
  space: Space,
  seed: number,
  { population = 10, mutation = 0.2 }: GeneticOptions,
): Strategy {
  return {
    name: 'genetic',
    trials: Infinity,
    propose(ended) {
      const random = new Generator(seedOf(seed, ended.length));
      const generation = Math.floor(ended.length / population);
      if (generation === 0) return { ...space.draw(random), fraction: 1 };
      const elite = best(ended.slice(0, generation * population)).slice(0, population);
      if (elite.length === 0) return { ...space.draw(random), fraction: 1 };
      const parent = (): Observation =>
        elite[Math.min(...Array.from({ length: 3 }, () => random.integer(elite.length)))]!;
      const [mother, father] = [parent(), parent()];
      const { family } = mother;
      const child = Float64Array.from(mother.unit, (own, k) => {
        if (father.family !== family) return own;
        const share = 1.5 * random.uniform() - 0.25;
        const blended = own + share * (father.unit[k]! - own);
        return random.uniform() < 0.5 ? Math.min(1, Math.max(0, blended)) : father.unit[k]!;
      });
      const unit =
        child.length > 0 && random.uniform() < 0.9
          ? space.perturb(family, child, 0.1, mutation, random)
          : space.snap(family, child);
      // A rare stranger keeps families in the pool that have died out.
      if (random.uniform() < 0.05) return { ...space.draw(random), fraction: 1 };
      return { family, unit, fraction: 1 };
    },
  };
}

export interface HalvingOptions {
  /** Configurations of the first rung. */
  readonly configurations: number;
  /** Every rung keeps one in so many and gives it so many times the rows; default 3. */
  readonly reduction?: number;
  /** Share of the training rows in the first rung; default reduction^−rungs that keep one configuration. */
  readonly minimumFraction?: number;
}

/** Rungs of successive halving: how many configurations on which share of the rows; the last share is 1. */
export function rungsOf({
  configurations,
  reduction = 3,
  minimumFraction,
}: HalvingOptions): { readonly count: number; readonly fraction: number }[] {
  const byCount = Math.floor(Math.log(configurations) / Math.log(reduction) + 1e-9);
  const byRows =
    minimumFraction === undefined ? byCount : Math.floor(-Math.log(minimumFraction) / Math.log(reduction) + 1e-9);
  const last = Math.max(0, Math.min(byCount, byRows));
  return Array.from({ length: last + 1 }, (_, rung) => ({
    count: Math.max(1, Math.floor(configurations / reduction ** rung)),
    fraction: reduction ** (rung - last),
  }));
}

/**
 * Successive halving (K. Jamieson and A. Talwalkar 2016): drawn configurations are tried on a share of the training
 * rows, the best of each rung go on with more of them, up to all.
 * @throws InputError `Hyperparameter`
 */
export function successiveHalving(space: Space, seed: number, options: HalvingOptions): Strategy {
  if (!((options.reduction ?? 3) > 1))
    throw new InputError('Hyperparameter', `reduction ${options.reduction}`, {
      field: 'search.method.reduction',
      rule: '> 1',
    });
  const rungs = rungsOf(options);
  return {
    name: 'successive_halving',
    trials: rungs.reduce((sum, { count }) => sum + count, 0),
    propose(ended): Proposal | undefined {
      let start = 0;
      let before: readonly Observation[] = [];
      for (const [rung, { count, fraction }] of rungs.entries()) {
        const place = ended.length - start;
        if (place < count) {
          if (rung === 0) return { ...space.draw(new Generator(seedOf(seed, place))), fraction };
          const promoted = best(before)[place];
          // Fewer than this rung takes have a score: the search ends with those.
          return promoted && { family: promoted.family, unit: Float64Array.from(promoted.unit), fraction };
        }
        before = ended.slice(start, start + count);
        start += count;
      }
      return undefined;
    },
  };
}

/** Those with a loss, the smallest first; of equal ones the earlier. */
export function best(observations: readonly Observation[]): Observation[] {
  return observations.filter(({ loss }) => loss !== undefined).sort((a, b) => a.loss! - b.loss!);
}
