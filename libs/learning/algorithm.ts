import type { GraphBuilder } from './onnx/index.js';

/** What a model answers: one of named classes, a number, the distance to centres, or its own input. */
export type Task = 'classification' | 'regression' | 'clustering' | 'reconstruction';

/** Rows behind the fitted pipeline, as an algorithm sees them. */
export interface TrainingSet {
  readonly rows: number;
  readonly width: number;
  /** Names of the columns behind the pipeline; `width` of them. */
  readonly names: readonly string[];
  /** Row-major, `rows × width`, finite; rounded to float32 first where the algorithm's `precision` says so. */
  readonly values: Float64Array;
  /** Class index (0 … classes − 1) or the number to predict; empty where the task has no target. */
  readonly target: Float64Array;
  /** Number of classes; 0 where the task is not classification. */
  readonly classes: number;
  /** ≥ 0 and finite, one a row; default 1 each. */
  readonly weights?: Float64Array;
}

export interface FitContext {
  /** Everything random comes from here: the same set, hyperparameters and seed give the same model, bit by bit. */
  readonly seed: number;
  /** Called at least every 100 ms of work; throws where the run is cancelled or over a limit. */
  readonly checkpoint: () => void;
}

export type SummaryValue =
  number | string | boolean | null | readonly SummaryValue[] | { readonly [name: string]: SummaryValue };

export interface FittedModel {
  /** Outputs a row: classes (two of them too), 1 of a regression, centres, or columns. */
  readonly outputs: number;
  /** Row-major `rows × outputs`: class probabilities, predictions, distances or the reconstruction. */
  predict(values: Float64Array, rows: number): Float64Array;
  /**
   * Adds the model's nodes behind `input` (float64 `[n, width]`) and gives the name of its result, `[n, outputs]` in
   * float32 or float64. Names of nodes and constants begin with the algorithm's name, so that graphs can be joined.
   */
  addTo(graph: GraphBuilder, input: string): { readonly name: string; readonly type: 'float32' | 'float64' };
  /** For `run.json`: convergence, iterations, coefficients, sizes. JSON, no NaN. */
  readonly summary: Readonly<Record<string, SummaryValue>>;
  /**
   * Rows that lie so near a split that the runtime's float32 arithmetic of the pipeline may send them the other way:
   * they are counted and listed, not compared.
   */
  boundaryRows?(values: Float64Array, rows: number): Int32Array;
}

/** One learning algorithm. `Hyperparameters` is the job's `algorithm` object, which the job schema has checked. */
export interface Algorithm<Hyperparameters extends { readonly name: string } = { readonly name: string }> {
  readonly name: Hyperparameters['name'];
  readonly tasks: readonly Task[];
  /** float32: the columns behind the pipeline are rounded before fitting and scoring (trees compare them as float32). */
  readonly precision: 'float32' | 'float64';
  /** JSON Schema (draft 2020-12) of the job's `algorithm` object: `additionalProperties: false`, defaults stated. */
  readonly schema: Readonly<Record<string, unknown>>;
  /**
   * @throws InputError `OneClass`, `Hyperparameter`, `NoRows`, `Weight`, `Singular`, `TooLarge`: field and rule named
   */
  fit(set: TrainingSet, hyperparameters: Hyperparameters, context: FitContext): FittedModel;
}
