import type { AlgorithmDocument } from '../job/candidate.js';
import type { StepDocument } from '../features/step.js';
import type { BayesianOptions } from './bayesian.js';
import type { GeneticOptions, HalvingOptions } from './simple.js';
import type { Parameters } from './space.js';

export type SearchMethod =
  | { readonly name: 'grid' | 'random' }
  | ({ readonly name: 'bayesian' } & BayesianOptions)
  | ({ readonly name: 'genetic' } & GeneticOptions)
  | ({ readonly name: 'successive_halving' } & HalvingOptions);

/** What a job's `search` says: a job with it tries many candidates and fits the best. */
export interface SearchDocument {
  readonly method: SearchMethod;
  /** What varies of the job's own `algorithm` and `pipeline`. */
  readonly parameters?: Parameters;
  /** Further families to choose from. */
  readonly families?: readonly {
    readonly algorithm: AlgorithmDocument;
    readonly pipeline?: readonly StepDocument[];
    readonly parameters?: Parameters;
  }[];
  readonly objective?: { readonly score: string; readonly direction?: 'minimize' | 'maximize' };
  readonly budget?: { readonly trials?: number; readonly seconds?: number };
}
