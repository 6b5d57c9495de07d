import { InputError } from '#libs/statistics';
import type { SummaryValue } from '../algorithm.js';
import { integer } from '../onnx/index.js';
import type { GraphBuilder } from '../onnx/index.js';
import type { Inputs } from './inputs.js';
import { steps } from './steps.js';
import type { Columns, FittedStep, Step, StepContext, StepDocument } from './step.js';

/** A pipeline fitted on some rows: the same arithmetic here and as nodes of the model's graph. */
export interface FittedPipeline {
  /** Names of the columns that the algorithm sees. */
  readonly names: readonly string[];
  /** Row-major, `rows × names.length`, finite. @throws InputError `UnseenCategory`, `OutOfRange`, `NotFinite` */
  transform(columns: Columns): Float64Array;
  addTo(graph: GraphBuilder, input: string): string;
  readonly steps: readonly { readonly step: string; readonly columns: readonly string[]; readonly summary: object }[];
}

/** A step without columns: text encodings of a table without text. */
const nothing: FittedStep = {
  names: [],
  transform: () => new Float64Array(0),
  addTo: (_, input) => input,
  summary: {},
};

interface Link {
  readonly name: string;
  readonly fitted: FittedStep;
  /** Which columns the step takes, and which stand beside it. */
  readonly taken: Int32Array;
  readonly kept: Int32Array;
  /** Place of each column of the result in (kept, given). */
  readonly order: Int32Array;
  readonly names: readonly string[];
  readonly categories: Columns['categories'];
}

/** The step of that name. @throws InputError `InvalidJob` */
export function stepOf(document: StepDocument): Step {
  const step = steps.get(document.step);
  if (!step)
    throw new InputError('InvalidJob', `there is no step "${document.step}"`, {
      field: 'pipeline.step',
      rule: `one of ${[...steps.keys()].join(', ')}`,
    });
  return step;
}

/**
 * Fits the steps one behind the other on the given rows.
 * @returns the pipeline, and the fitted rows as the algorithm shall see them (encodings of the target differ there)
 * @throws InputError `NoColumns`, `MissingValue`, `NeedsEncoding`, `DuplicateColumn`, `NotFinite`, and those of the steps
 */
export function fitPipeline(
  documents: readonly StepDocument[],
  columns: Columns,
  context: StepContext,
): { readonly pipeline: FittedPipeline; readonly training: Float64Array } {
  const links: Link[] = [];
  let current = columns;
  const graphSteps = documents.filter((document) => stepOf(document).reads !== 'table');
  graphSteps.forEach((document, index) => {
    context.checkpoint();
    const step = stepOf(document);
    const taken = select(step, document, current);
    const part = pick(current, taken);
    if (step.missing === 'refuses') refuseMissing(part, document.step, context);
    const fitted = taken.length === 0 ? nothing : step.fit(part, document, context);
    const link = linkOf(`step_${index}_${document.step}`, fitted, taken, current);
    links.push(link);
    current = through(link, current, fitted.training ?? fitted.transform(part));
  });
  refuseMissing(current, 'the algorithm', context);
  current.categories.forEach((categories, j) => {
    if (categories && categories.length > 2)
      throw new InputError('NeedsEncoding', `column "${current.names[j]}" has ${categories.length} categories`, {
        field: current.names[j],
        rule: 'numbers, or texts of two values; encode it by a step of the pipeline',
      });
  });
  refuseInfinite(current, context.rows);
  const names = current.names;
  return {
    training: current.values,
    pipeline: {
      names,
      transform(given) {
        let result = given;
        for (const link of links) result = through(link, result, link.fitted.transform(pick(result, link.taken)));
        refuseInfinite(result);
        return result.values;
      },
      addTo: (graph, input) => links.reduce((value, link) => addLink(graph, link, value), input),
      steps: links.map(({ fitted, taken }, index) => ({
        step: graphSteps[index]!.step,
        columns: Array.from(taken, (j) => (index === 0 ? columns : links[index - 1]!).names[j]!),
        summary: fitted.summary satisfies Readonly<Record<string, SummaryValue>>,
      })),
    },
  };
}

/** Whether some step that `accepts` takes the feature. @param many a text of more than two values */
export function covers(
  documents: readonly StepDocument[],
  feature: string,
  many: boolean,
  accepts: (step: Step, document: StepDocument) => boolean,
): boolean {
  return documents.some((document) => {
    const step = stepOf(document);
    if (step.reads === 'table' || !accepts(step, document)) return false;
    if (document.columns) return document.columns.some((wanted) => matching(wanted, [feature]).length > 0);
    return takesByDefault(step, document, many);
  });
}

function takesByDefault(step: Step, document: StepDocument, many: boolean): boolean {
  const takes = step.takes(document);
  return takes === 'any' || (takes === 'categorical') === many;
}

/** @throws InputError `MissingValue` for the first missing value that no step fills */
export function refuseUnfilled({ names, categories, values, rows }: Inputs, documents: readonly StepDocument[]): void {
  names.forEach((field, j) => {
    if (covers(documents, field, (categories[j]?.length ?? 0) > 2, ({ missing }) => missing === 'fills')) return;
    for (let row = 0; row < rows; row += 1)
      if (Number.isNaN(values[row * names.length + j]!))
        throw new InputError('MissingValue', `column "${field}" has no value in row ${row}`, {
          field,
          row,
          rule: 'no missing values (impute them first)',
        });
  });
}

/** Indices of the columns that the document names, or all of the step's kind. @throws InputError `NoColumns`, `UnknownColumn` */
function select(step: Step, document: StepDocument, { names, categories }: Columns): Int32Array {
  const chosen: number[] = [];
  if (document.columns)
    for (const wanted of document.columns) {
      const found = matching(wanted, names);
      if (found.length === 0)
        throw new InputError('UnknownColumn', `the step ${step.step} finds no column "${wanted}"`, {
          field: 'pipeline.columns',
          rule: `one of ${names.slice(0, 30).join(', ')}`,
        });
      for (const j of found) if (!chosen.includes(j)) chosen.push(j);
    }
  else
    names.forEach((_, j) => {
      if (takesByDefault(step, document, (categories[j]?.length ?? 0) > 2)) chosen.push(j);
    });
  const takes = step.takes(document);
  for (const j of chosen) {
    if (takes === 'numeric' && (categories[j]?.length ?? 0) > 2)
      throw new InputError('NeedsEncoding', `the step ${step.step} takes numbers; "${names[j]}" is text`, {
        field: names[j],
        rule: 'numbers, or texts of two values',
      });
    if (takes === 'categorical' && !categories[j])
      throw new InputError('WrongType', `the step ${step.step} takes texts; "${names[j]}" is a number`, {
        field: names[j],
        rule: 'a column of texts',
      });
  }
  return Int32Array.from(chosen);
}

export function matching(wanted: string, names: readonly string[]): number[] {
  const exact = names.indexOf(wanted);
  if (exact >= 0) return [exact];
  if (!wanted.endsWith('*')) return [];
  return names.flatMap((name, j) => (name.startsWith(wanted.slice(0, -1)) ? [j] : []));
}

function linkOf(name: string, fitted: FittedStep, taken: Int32Array, current: Columns): Link {
  const isTaken = new Set(taken);
  const kept = Int32Array.from(current.names, (_, j) => j).filter((j) => !isTaken.has(j));
  // A step that keeps its columns' names leaves them in their places; what is new stands behind.
  const same = fitted.names.length === taken.length && fitted.names.every((n, i) => n === current.names[taken[i]!]);
  const order = new Int32Array(kept.length + fitted.names.length);
  if (same) {
    kept.forEach((j, position) => (order[j] = position));
    taken.forEach((j, position) => (order[j] = kept.length + position));
  } else order.forEach((_, position) => (order[position] = position));
  const given = [...Array.from(kept, (j) => current.names[j]!), ...fitted.names];
  const texts = [
    ...Array.from(kept, (j) => current.categories[j]),
    ...(fitted.categories ?? fitted.names.map(() => undefined)),
  ];
  const names = Array.from(order, (position) => given[position]!);
  const seen = new Set<string>();
  for (const one of names) {
    if (seen.has(one))
      throw new InputError('DuplicateColumn', `the step ${name} gives a second column "${one}"`, {
        field: 'pipeline',
        rule: 'names of columns are unique',
      });
    seen.add(one);
  }
  return { name, fitted, taken, kept, order, names, categories: Array.from(order, (position) => texts[position]) };
}

function pick(columns: Columns, chosen: Int32Array): Columns {
  const { rows, names, categories, values } = columns;
  if (chosen.length === names.length && chosen.every((j, position) => j === position)) return columns;
  const width = names.length;
  const result = new Float64Array(rows * chosen.length);
  for (let row = 0; row < rows; row += 1)
    for (let i = 0; i < chosen.length; i += 1) result[row * chosen.length + i] = values[row * width + chosen[i]!]!;
  return {
    rows,
    names: Array.from(chosen, (j) => names[j]!),
    categories: Array.from(chosen, (j) => categories[j]),
    values: result,
  };
}

function through({ kept, order, names, categories }: Link, before: Columns, given: Float64Array): Columns {
  const { rows } = before;
  const [wide, own] = [before.names.length, order.length - kept.length];
  if (kept.length === 0 && order.every((position, j) => position === j))
    return { rows, names, categories, values: given };
  const values = new Float64Array(rows * order.length);
  for (let row = 0; row < rows; row += 1)
    order.forEach((position, j) => {
      values[row * order.length + j] =
        position < kept.length
          ? before.values[row * wide + kept[position]!]!
          : given[row * own + position - kept.length]!;
    });
  return { rows, names, categories, values };
}

function addLink(graph: GraphBuilder, { name, fitted, taken, kept, order }: Link, input: string): string {
  const gather = (suffix: string, from: string, indices: Int32Array): string =>
    graph.node(
      'Gather',
      `${name}_${suffix}`,
      [from, graph.constant(`${name}_${suffix}_columns`, [indices.length], BigInt64Array.from(indices, BigInt))],
      [integer('axis', 1)],
    );
  const straight = (indices: Int32Array): boolean => indices.every((j, position) => j === position);
  if (kept.length === 0) {
    const part = straight(taken) ? input : gather('taken', input, taken);
    const given = fitted.addTo(graph, part, name);
    return straight(order) ? given : gather('ordered', given, order);
  }
  const rest = gather('kept', input, kept);
  if (taken.length === 0 || fitted.names.length === 0) return rest;
  const given = fitted.addTo(graph, gather('taken', input, taken), name);
  const joined = graph.node('Concat', `${name}_joined`, [rest, given], [integer('axis', 1)]);
  return straight(order) ? joined : gather('ordered', joined, order);
}

function refuseMissing({ names, values, rows }: Columns, step: string, context: StepContext): void {
  for (let row = 0; row < rows; row += 1)
    for (let j = 0; j < names.length; j += 1)
      if (Number.isNaN(values[row * names.length + j]!))
        throw new InputError('MissingValue', `column "${names[j]}" has no value in row ${context.rows[row]}`, {
          field: names[j],
          row: context.rows[row],
          rule: `no missing values before ${step} (impute them first)`,
        });
}

function refuseInfinite({ names, values }: Columns, rows?: Int32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const [row, field] = [Math.floor(at / names.length), names[at % names.length]];
  throw new InputError('NotFinite', `column "${field}" is ${values[at]} behind the pipeline`, {
    field,
    ...(rows ? { row: rows[row] } : {}),
    rule: 'finite behind the pipeline',
  });
}
