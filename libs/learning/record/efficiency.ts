import type { Measurement } from '#libs/lifecycle';
import { InputError, measure } from '#libs/statistics';
import type { Scores } from '../job/candidate.js';

/** What {@link efficiencyOf} reads of a run. */
export interface RunCosts {
  readonly algorithm: string;
  /** Constants in the model file. */
  readonly parameters: number;
  /** Means over the folds. */
  readonly scores: Scores;
  readonly cpuMilliseconds: number;
  /** Of the algorithm that was fitted. */
  readonly folds: readonly { readonly testRows: number; readonly scoreMilliseconds: number }[];
  /** Of a random search: the score of each trial on all rows. */
  readonly drawn?: { readonly values: readonly number[]; readonly direction: 'minimize' | 'maximize' };
}

/**
 * How far a person can follow a decision by hand, in [0, 1]: our convention, stated here and nowhere computed. One
 * formula or rule to read 1 to 0.8, many of them 0.4, a network 0.2.
 */
export const interpretability: Readonly<Record<string, number>> = {
  linear_regression: 1,
  ridge: 1,
  lasso: 1,
  elastic_net: 1,
  logistic_regression: 1,
  softmax_regression: 0.9,
  decision_tree: 0.9,
  naive_bayes: 0.8,
  k_nearest_neighbours: 0.6,
  k_means: 0.6,
  random_forest: 0.4,
  gradient_boosting: 0.4,
  multilayer_perceptron: 0.2,
  autoencoder: 0.2,
};

/**
 * What a run is worth for what it cost: `performance_metric`, `optimisation_score`, `performance_index`,
 * `algorithm_suitability`, `model_complexity` and, of a random search, `random_search_efficiency@assay`. Accuracy is the
 * share of right answers, of a regression R² from 0 on; latency and speed are the trainer's own scoring of test rows.
 * They are measured with a clock: another run gives other numbers.
 */
export function efficiencyOf(run: RunCosts): Measurement[] {
  const accuracy = run.scores['accuracy_score@sklearn'] ?? atLeastZero(run.scores['r2_score@sklearn']);
  const seconds = run.cpuMilliseconds / 1000;
  const rows = run.folds.reduce((sum, { testRows }) => sum + testRows, 0);
  const milliseconds = run.folds.reduce((sum, own) => sum + own.scoreMilliseconds, 0);
  const latency = rows > 0 ? milliseconds / rows : undefined;
  const speed = milliseconds > 0 ? (1000 * rows) / milliseconds : undefined;
  const complexity = measure('model_complexity@assay', [], { parameters: run.parameters }).value!;
  const cost = { resources: seconds, ...(accuracy === undefined ? {} : { accuracy }) };
  const asked: [string, Readonly<Record<string, unknown>>][] = [
    ['performance_metric@assay', { ...cost, latency }],
    ['optimisation_score@assay', { ...cost, speed }],
    ['performance_index@assay', { resources: seconds, speed }],
    ['model_complexity@assay', { parameters: run.parameters }],
    ['algorithm_suitability@assay', { accuracy, complexity, interpretability: interpretability[run.algorithm] }],
    ...(run.drawn ? [['random_search_efficiency@assay', run.drawn] as [string, typeof run.drawn]] : []),
  ];
  return asked.flatMap(([definition, args]) => {
    try {
      const { value, undefined: reason, n, denominator } = measure(definition, [], args);
      return [
        {
          definition,
          value,
          ...(reason === undefined ? {} : { undefined: reason }),
          n,
          ...(denominator === undefined ? {} : { denominator }),
        } as Measurement,
      ];
    } catch (error) {
      // A regression without R², clusters: what was not measured is not told.
      if (error instanceof InputError && error.code === 'MissingArgument') return [];
      throw error;
    }
  });
}

function atLeastZero(value: number | null | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Math.max(0, value);
}
