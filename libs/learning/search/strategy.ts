/** A trial as a strategy sees it: where it was, on what share of the rows, and what it lost. */
export interface Observation {
  readonly family: number;
  /** Coordinates in the family's unit cube. */
  readonly unit: readonly number[];
  /** Share of the training rows, in (0, 1]. */
  readonly fraction: number;
  /** To be small; undefined where the trial failed or its score is undefined. */
  readonly loss?: number;
}

export interface Proposal {
  readonly family: number;
  readonly unit: Float64Array;
  readonly fraction: number;
}

/**
 * Chooses trials. The next one is a pure function of those that have ended and the seed: a search that begins again
 * behind its recorded trials goes on as if it had never stopped.
 */
export interface Strategy {
  readonly name: string;
  /** Trials that it makes by itself, where it knows; a budget may end it before. */
  readonly trials: number;
  /** @returns undefined where there is nothing left to try */
  propose(ended: readonly Observation[]): Proposal | undefined;
}

/** A seed of its own for each trial. */
export function seedOf(seed: number, trial: number): number {
  let z = (seed + Math.imul(trial + 1, 0x9e3779b9)) >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
