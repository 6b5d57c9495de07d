import type { Interval } from '#libs/lifecycle';
import type { Inputs } from './inputs.js';

/** What `assay measures` tells of one argument. */
export interface ArgumentDefinition {
  readonly name: string;
  readonly type: 'column' | 'columns' | 'number' | 'text' | 'boolean' | 'numbers' | 'table' | 'texts' | 'trees';
  readonly required: boolean;
  readonly default?: string | number | boolean;
  readonly description: string;
}

/** One number that Assay can compute, under one definition. */
export interface MeasureDefinition {
  /** The reference function's name in snake_case. */
  readonly name: string;
  /** The library that it agrees with; our own are `assay`. */
  readonly profile: string;
  /** Version of the reference that the goldens were made with. */
  readonly version: string;
  readonly family: string;
  /** Data files that it reads: none (numbers come as arguments), one, or two (reference, then current). */
  readonly files: 0 | 1 | 2;
  /** Files that it can read beside those. */
  readonly moreFiles?: 1;
  readonly arguments: readonly ArgumentDefinition[];
  readonly formula: string;
  readonly range: string;
  /** `reason: when`, for each reason that stands in place of a value. */
  readonly undefinedCases: readonly string[];
  /** Paper, standard or rule. */
  readonly source: string;
  /** Function of the reference library; absent for our own definitions. */
  readonly reference?: string;
  /** Where libraries of the same name disagree, and where we differ on purpose. */
  readonly differs?: string;
  compute(inputs: Inputs): Answer;
}

/** A value or the reason why there is none, with the rows behind it. */
export interface Answer {
  readonly value?: number;
  readonly undefined?: string;
  readonly n: number;
  readonly denominator?: number;
  readonly interval?: Interval | undefined;
}

/** A finite number, else undefined with the reason; `infinite` and `nan` are told apart. */
export function answer(
  value: number | undefined,
  details: Omit<Answer, 'value' | 'undefined'>,
  reason = 'zero-denominator',
): Answer {
  if (value === undefined || Number.isNaN(value)) return { undefined: reason, ...details };
  if (!Number.isFinite(value)) return { undefined: 'infinite', ...details };
  return { value: value === 0 ? 0 : value, ...details };
}
