import { Generator, normalSf } from '#libs/statistics';
import { fitGaussianProcess } from './gaussian-process.js';
import type { GaussianProcess } from './gaussian-process.js';
import { best } from './simple.js';
import type { Space } from './space.js';
import { seedOf } from './strategy.js';
import type { Observation, Proposal, Strategy } from './strategy.js';
import { normaliseLosses } from './warping.js';

export interface BayesianOptions {
  /** Default `expected_improvement`. */
  readonly acquisition?: 'expected_improvement' | 'upper_confidence_bound';
  /** κ of μ + κσ; default 2. */
  readonly kappa?: number;
  /** Trials of the space-filling start; default 2 × coordinates, from 4 to 10, one more per further family. */
  readonly initial?: number;
}

interface Scored {
  readonly family: number;
  readonly unit: Float64Array;
  readonly score: number;
}

const drawn = 1000;
const nearby = 400;
/** The last so many trials and the best of the rest stand in the model: its work grows with their cube. */
const mostPoints = 150;

/**
 * Bayesian optimisation: a Gaussian process over the trials so far ({@link fitGaussianProcess}; losses warped to be more
 * nearly normal), and the point where its acquisition is largest: expected improvement (D. Jones, M. Schonlau and
 * W. Welch 1998) or the upper confidence bound μ + κσ of what is to be large (N. Srinivas et al., arXiv 0912.3995).
 */
export function bayesianSearch(space: Space, seed: number, options: BayesianOptions): Strategy {
  const widest = Math.max(...space.families.map((_, family) => space.width(family)));
  const initial = options.initial ?? Math.min(10, Math.max(4, 2 * widest)) + space.families.length - 1;
  return {
    name: 'bayesian',
    trials: Infinity,
    propose(ended): Proposal {
      const random = new Generator(seedOf(seed, ended.length));
      if (ended.length < initial) return { ...spread(space, seed, ended.length, initial), fraction: 1 };
      const known = best(ended);
      if (known.length < 2) return { ...space.draw(random), fraction: 1 };
      const { family, unit } = maximise(space, known, ended, options, random);
      return { family, unit, fraction: 1 };
    },
  };
}

/** Latin hypercube: every coordinate's strata are taken once. */
function spread(space: Space, seed: number, trial: number, count: number): { family: number; unit: Float64Array } {
  const families = space.families.length;
  const family = trial % families;
  const own = Math.floor(trial / families);
  const strata = Math.ceil(count / families);
  const random = new Generator(seedOf(seed, 0x40000000 + family));
  const unit = Float64Array.from({ length: space.width(family) }, () => {
    const order = Array.from({ length: strata }, (_, k) => k);
    for (let i = strata - 1; i > 0; i -= 1) {
      const j = random.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const offsets = Array.from({ length: strata }, () => random.uniform());
    return (order[own]! + offsets[own]!) / strata;
  });
  return { family, unit: space.snap(family, unit) };
}

function maximise(
  space: Space,
  known: readonly Observation[],
  ended: readonly Observation[],
  { acquisition = 'expected_improvement', kappa = 2 }: BayesianOptions,
  random: Generator,
): Scored {
  const used = known.length <= mostPoints ? known : [...known.slice(0, mostPoints / 2), ...latest(known, ended)];
  const values = normaliseLosses(Float64Array.from(used, ({ loss }) => loss!));
  const model = fitGaussianProcess(
    used.map(({ family, unit }) => space.features(family, unit)),
    values,
  );
  const incumbent = Math.min(...values);
  const score = scoreOf(model, incumbent, acquisition, kappa);
  const tried = new Set(ended.map(({ family, unit }) => key(family, unit)));
  const rate = (family: number, unit: Float64Array): Scored => ({
    family,
    unit,
    score: tried.has(key(family, unit)) ? -Infinity : score(space.features(family, unit)),
  });
  const candidates = Array.from({ length: drawn }, () => {
    const { family, unit } = space.draw(random);
    return rate(family, unit);
  });
  const leaders = known.slice(0, 5);
  for (let i = 0; i < nearby; i += 1) {
    const { family, unit } = leaders[i % leaders.length]!;
    candidates.push(rate(family, space.perturb(family, unit, 0.2 * 2 ** -(i % 8), 0.4, random)));
  }
  const tops = candidates.sort((a, b) => b.score - a.score).slice(0, 4);
  return tops.map((top) => refine(space, top, rate, random)).reduce((a, b) => (b.score > a.score ? b : a));
}

function latest(known: readonly Observation[], ended: readonly Observation[]): Observation[] {
  const leaders = new Set(known.slice(0, mostPoints / 2));
  return ended.filter((own) => own.loss !== undefined && !leaders.has(own)).slice(-mostPoints / 2);
}

/** Random local search with a shrinking step. */
function refine(
  space: Space,
  start: Scored,
  rate: (family: number, unit: Float64Array) => Scored,
  random: Generator,
): Scored {
  let own = start;
  let deviation = 0.1;
  for (let step = 0; step < 120; step += 1) {
    const next = rate(own.family, space.perturb(own.family, own.unit, deviation, 0.3, random));
    if (next.score > own.score) own = next;
    else deviation = Math.max(1e-4, deviation * 0.94);
  }
  return own;
}

/** Larger is better; values are to be small. */
function scoreOf(
  model: GaussianProcess,
  incumbent: number,
  acquisition: 'expected_improvement' | 'upper_confidence_bound',
  kappa: number,
): (point: Float64Array) => number {
  if (acquisition === 'upper_confidence_bound')
    return (point) => {
      const { mean, deviation } = model.predict(point);
      return kappa * deviation - mean;
    };
  return (point) => {
    const { mean, deviation } = model.predict(point);
    return Math.log(deviation) + logImprovement((incumbent - mean) / deviation);
  };
}

/** ln(φ(z) + z Φ(z)), by its asymptotic series where both terms cancel (S. Ament et al., arXiv 2310.20708). */
export function logImprovement(z: number): number {
  const logDensity = -(z * z) / 2 - Math.log(2 * Math.PI) / 2;
  if (z > -6) {
    return Math.log(Math.exp(logDensity) + z * normalSf(-z));
  }
  // φ(z) + zΦ(z) = φ(z) (1/z² − 3/z⁴ + 15/z⁶ − …)
  const s = 1 / (z * z);
  return logDensity + Math.log(s * (1 - 3 * s * (1 - 5 * s * (1 - 7 * s))));
}

function key(family: number, unit: ArrayLike<number>): string {
  return `${family}:${Array.from(unit).join()}`;
}
