import type { Table } from '#libs/statistics';
import type { AttributionMethod, Perturbation, ScoreSpace } from './attribution.js';

export interface ExplainOptions {
  /** Row of the table whose decision is explained; counts from 0. */
  readonly row?: number;
  /** What is plausible, and what stands for a column that is not known: the training data. Default: the table. */
  readonly background?: Table;
  readonly method?: AttributionMethod;
  /** Features that a counterfactual never changes. */
  readonly immutable?: readonly string[];
  /** Never changed either. */
  readonly protectedFeatures?: readonly string[];
  /** The scored label is decided from this probability on. */
  readonly threshold?: number;
  readonly counterfactuals?: number;
  readonly repeats?: number;
  readonly seed?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** A value of a feature as the data writes it. */
export type FeatureValue = number | string | null;

export interface Share {
  readonly column: string;
  /** The feature that the column is made of, where its name tells. */
  readonly feature?: string;
  readonly share: number;
  readonly standardError?: number;
}

export interface Undefined {
  readonly undefined: string;
}

export interface ExplainReport {
  readonly outputs: readonly string[];
  readonly rows: number;
  readonly background: number;
  readonly seed: number;
  readonly importance:
    | Undefined
    | {
        readonly definition: 'permutation_importance@sklearn';
        /** What falls. */
        readonly score: string;
        readonly n: number;
        readonly repeats: number;
        readonly baseline: number;
        readonly features: readonly { readonly feature: string; readonly mean: number; readonly sd: number }[];
      };
  readonly attribution: {
    readonly definition: string;
    readonly perturbation: Perturbation;
    readonly space: ScoreSpace;
    readonly n: number;
    /** Orders drawn for each row where the shares are sampled. */
    readonly orders?: number;
    readonly outputs: readonly {
      readonly output: string;
      readonly base: number;
      readonly columns: readonly {
        readonly column: string;
        readonly feature?: string;
        readonly meanAbsolute: number;
      }[];
    }[];
  };
  readonly dependence: {
    readonly definition: 'partial_dependence@sklearn';
    readonly n: number;
    readonly features: readonly {
      readonly feature: string;
      readonly points: readonly { readonly value: FeatureValue; readonly means: readonly number[] }[];
    }[];
  };
  readonly decision?: Decision;
}

export interface Decision {
  readonly row: number;
  readonly values: Readonly<Record<string, FeatureValue>>;
  readonly answer: readonly number[];
  readonly attribution: {
    readonly definition: string;
    readonly perturbation: Perturbation;
    readonly space: ScoreSpace;
    readonly outputs: readonly {
      readonly output: string;
      readonly base: number;
      readonly score: number;
      readonly shares: readonly Share[];
    }[];
  };
  readonly counterfactuals:
    | Undefined
    | {
        readonly definition: 'counterfactual_search@assay';
        readonly decided: string;
        readonly threshold?: number;
        readonly quantiles: readonly [number, number];
        /** Not changed: as asked, protected, or texts. */
        readonly unchanged: readonly string[];
        readonly asked: number;
        readonly found: readonly {
          readonly changes: readonly {
            readonly feature: string;
            readonly from: FeatureValue;
            readonly to: FeatureValue;
          }[];
          readonly distance: number;
          readonly answer: readonly number[];
        }[];
      };
}
