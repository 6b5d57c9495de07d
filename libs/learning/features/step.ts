import type { SummaryValue } from '../algorithm.js';
import type { GraphBuilder } from '../onnx/index.js';

/** A step of a job's `pipeline`, as the job schema has checked it. */
export interface StepDocument {
  readonly step: string;
  /** Columns as they are named before this step; `text_*` names all that begin so. Default: all of the step's kind. */
  readonly columns?: readonly string[];
}

/** Columns side by side, as a step gets them. */
export interface Columns {
  readonly rows: number;
  readonly names: readonly string[];
  /** Per column the texts behind its codes 0, 1, …; undefined for numbers. Code −1: none of them. */
  readonly categories: readonly (readonly string[] | undefined)[];
  /** Row-major, `rows × names.length`; NaN where the value is missing. */
  readonly values: Float64Array;
}

export interface StepContext {
  readonly seed: number;
  readonly checkpoint: () => void;
  /** Of the rows that are fitted on; absent where the task has no target. */
  readonly target?: { readonly values: Float64Array; /** 0: a number is predicted. */ readonly classes: number };
  /** Rows of the table behind the rows of `Columns`: for messages. */
  readonly rows: Int32Array;
}

export interface FittedStep {
  /** Names of the columns that the step gives. */
  readonly names: readonly string[];
  /** Texts behind codes, per column; default: all are numbers. */
  readonly categories?: readonly (readonly string[] | undefined)[];
  /** Row-major, `rows × names.length`. @throws InputError `UnseenCategory`, `OutOfRange`: column and row named */
  transform(columns: Columns): Float64Array;
  /** What the rows fitted on become where that is not `transform` of them (encodings that look at the target). */
  readonly training?: Float64Array;
  /** Nodes behind `input` (float64 `[n, columns]`) to float64 `[n, names.length]`; names begin with `name`. */
  addTo(graph: GraphBuilder, input: string, name: string): string;
  readonly summary: Readonly<Record<string, SummaryValue>>;
}

export interface Step<Document extends StepDocument = StepDocument> {
  readonly step: Document['step'];
  /** numeric: numbers, and texts of two values as 0 and 1. categorical: by default those of more than two values. */
  takes(document: Document): 'numeric' | 'categorical' | 'any';
  /** Missing values are let through or filled; otherwise a column with one is refused. */
  readonly missing: 'fills' | 'passes' | 'refuses';
  /** JSON Schema (draft 2020-12) of the document's own properties, beside `step` and `columns`. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  /** Whether a category that was not fitted on is served as code −1. */
  readonly acceptsUnseen?: (document: Document) => boolean;
  /** Where the step works on the table before any fitting: `columns` then name columns of the table. */
  readonly reads?: 'table';
  /** @throws InputError `Hyperparameter`, `OutOfRange`, `NeedsTarget`, `UnseenCategory`: column and rule named */
  fit(columns: Columns, document: Document, context: StepContext): FittedStep;
}
