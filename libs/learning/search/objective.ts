import { InputError } from '#libs/statistics';
import type { Scores } from '../job/candidate.js';
import type { Problem } from '../job/problem.js';
import type { SearchDocument } from './document.js';

export interface Objective {
  readonly score: string;
  readonly direction: 'minimize' | 'maximize';
}

const defaults: Readonly<Record<Problem['kind'], string>> = {
  binary: 'roc_auc_score@sklearn',
  multiclass: 'log_loss@sklearn',
  regression: 'mean_squared_error@sklearn',
  clustering: 'mean_squared_distance@assay',
  reconstruction: 'mean_squared_error@sklearn',
};

/** Scores of which more is worse; of any other, more is better. */
const losses = /loss|error|distance|deviance/;

export function objectiveOf({ objective }: SearchDocument, { kind }: Problem): Objective {
  const score = objective?.score ?? defaults[kind];
  return { score, direction: objective?.direction ?? (losses.test(score) ? 'minimize' : 'maximize') };
}

/**
 * What a trial loses: the score, turned so that less is better; undefined where the score is.
 * @throws InputError `UnknownScore`
 */
export function lossOf({ score, direction }: Objective, scores: Scores): number | undefined {
  const value = scores[score];
  if (value === undefined)
    throw new InputError('UnknownScore', `the validation gives no score "${score}"`, {
      field: 'search.objective.score',
      rule: `one of ${Object.keys(scores).join(', ')}`,
    });
  if (value === null) return undefined;
  return direction === 'minimize' ? value : -value;
}
