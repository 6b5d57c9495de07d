import { InputError, stratifiedKFold } from '#libs/statistics';
import { foldOf, kFold } from '../../validation/k-fold.js';
import type { Columns, FittedStep, Step, StepContext, StepDocument } from '../step.js';
import { termsOf } from './terms.js';

const unseenProperty = {
  enum: ['error', 'other'],
  default: 'error',
  description: 'A category that was not fitted on is refused, or served as no known one.',
};

interface Encoder extends StepDocument {
  readonly unseen?: 'error' | 'other';
}

const acceptsUnseen = ({ unseen }: Encoder): boolean => unseen === 'other';

/** Rows of each code; one array a column. */
function countsOf({ rows, names, categories, values }: Columns): Float64Array[] {
  const counts = categories.map((texts) => new Float64Array(texts!.length));
  for (let row = 0; row < rows; row += 1)
    for (let j = 0; j < names.length; j += 1) {
      const code = values[row * names.length + j]!;
      if (code >= 0) counts[j]![code]! += 1;
    }
  return counts;
}

function refuseUnseen({ names, categories, values }: Columns, counts: readonly Float64Array[]): void {
  const at = values.findIndex((code, i) => !(counts[i % names.length]![code]! > 0));
  if (at < 0) return;
  const j = at % names.length;
  throw new InputError('UnseenCategory', `"${names[j]}" was not fitted on "${categories[j]![values[at]!] ?? '?'}"`, {
    field: names[j],
    row: Math.floor(at / names.length),
    rule: 'a category of the rows fitted on; or "unseen": "other" in the step',
  });
}

interface OneHot extends Encoder {
  readonly step: 'one_hot';
  readonly minimumCount?: number;
  readonly drop?: 'none' | 'first';
  readonly maximum?: number;
}

/**
 * One column of 0 and 1 a category (scikit-learn 1.9.1 `OneHotEncoder`; `unseen: other` is its `ignore`: all 0).
 * Categories of fewer than `minimumCount` rows share the column `=other`, which then takes unseen ones too
 * (`infrequent_if_exist`). @throws InputError `TooManyCategories`
 */
export const oneHot: Step<OneHot> = {
  step: 'one_hot',
  takes: () => 'categorical',
  missing: 'refuses',
  properties: {
    unseen: unseenProperty,
    minimumCount: { type: 'integer', minimum: 1, default: 1 },
    drop: { enum: ['none', 'first'], default: 'none', description: 'first: the first category gets no column.' },
    maximum: { type: 'integer', minimum: 1, maximum: 100_000, default: 1000, description: 'Columns at most.' },
  },
  acceptsUnseen,
  fit(columns, { unseen = 'error', minimumCount = 1, drop = 'none', maximum = 1000 }) {
    const counts = countsOf(columns);
    const names: string[] = [];
    const source: number[] = [];
    // The code that the column stands for; −1: all that have none.
    const codes: number[] = [];
    columns.names.forEach((name, j) => {
      const own = Array.from(counts[j]!, (count, code) => ({ count, code })).filter(({ count }) => count > 0);
      const frequent = own.filter(({ count }) => count >= minimumCount);
      for (const { code } of drop === 'first' ? frequent.slice(1) : frequent) {
        names.push(`${name}=${columns.categories[j]![code]!}`);
        source.push(j);
        codes.push(code);
      }
      if (frequent.length < own.length) {
        names.push(`${name}=other`);
        source.push(j);
        codes.push(-1);
      }
    });
    if (names.length > maximum)
      throw new InputError('TooManyCategories', `one_hot would give ${names.length} columns`, {
        field: 'pipeline.maximum',
        rule: `at most ${maximum} columns; minimumCount, frequency_encode or target_encode give fewer`,
      });
    const width = columns.names.length;
    const first = columns.names.map((_, j) => counts[j]!.findIndex((count) => count >= minimumCount));
    const isOther = (j: number, code: number): boolean =>
      !(counts[j]![code]! >= minimumCount) && !(drop === 'first' && code === first[j]);
    return {
      names,
      transform(given) {
        if (unseen === 'error') refuseUnseen(given, counts);
        const result = new Float64Array(given.rows * names.length);
        for (let row = 0; row < given.rows; row += 1)
          source.forEach((j, k) => {
            const code = given.values[row * width + j]!;
            result[row * names.length + k] = Number(codes[k] === -1 ? isOther(j, code) : code === codes[k]);
          });
        return result;
      },
      addTo(graph, input, name) {
        const { op, row, columns: gather, cast, joined, number, sum } = termsOf(graph, name);
        const equal = (js: readonly number[], wanted: readonly number[]): string =>
          cast(op('Equal', [gather(input, js), row(wanted)]), 'float64');
        const parts: string[] = [];
        const order: number[] = [];
        const known = [...codes.keys()].filter((k) => codes[k] !== -1);
        if (known.length > 0)
          parts.push(
            equal(
              known.map((k) => source[k]!),
              known.map((k) => codes[k]!),
            ),
          );
        order.push(...known);
        for (const k of codes.keys())
          if (codes[k] === -1) {
            // Other: none of the frequent ones.
            const j = source[k]!;
            const frequent = [...counts[j]!.keys()].filter((code) => counts[j]![code]! >= minimumCount);
            parts.push(
              frequent.length === 0
                ? op('Add', [op('Mul', [gather(input, [j]), number(0)]), number(1)])
                : op('Sub', [
                    number(1),
                    sum(
                      equal(
                        frequent.map(() => j),
                        frequent,
                      ),
                      1,
                      1,
                    ),
                  ]),
            );
            order.push(k);
          }
        const all = joined(parts);
        if (order.every((k, position) => k === position)) return all;
        return gather(
          all,
          order.map((_, k) => order.indexOf(k)),
        );
      },
      summary: { columns: names.length },
    };
  },
};

/** A number (or several) a code: `tables[j][code × outputs …]`, the last entry for codes that were not fitted on. */
function lookup(
  names: readonly string[],
  tables: readonly Float64Array[],
  outputs: number,
  check: (columns: Columns) => void,
  summary: FittedStep['summary'],
): FittedStep {
  const width = tables.length;
  const sizes = tables.map((table) => table.length / outputs);
  const offsets = sizes.map((_, j) => sizes.slice(0, j).reduce((sum, size) => sum + size, 0));
  const flat = Float64Array.from(tables.flatMap((table) => Array.from(table)));
  return {
    names,
    transform(columns) {
      check(columns);
      const result = new Float64Array(columns.rows * width * outputs);
      columns.values.forEach((code, at) => {
        const j = at % width;
        const place = offsets[j]! + (code < 0 ? sizes[j]! - 1 : code);
        for (let o = 0; o < outputs; o += 1) result[at * outputs + o] = flat[place * outputs + o]!;
      });
      return result;
    },
    addTo(graph, input, name) {
      const { op, row, number, cast, block, integers, columns: gather } = termsOf(graph, name);
      const unknown = op('Mul', [cast(op('Less', [input, number(0)]), 'float64'), row(sizes)]);
      const place = op('Add', [op('Add', [input, unknown]), row(offsets)]);
      if (outputs === 1) return op('Gather', [block([flat.length], flat), cast(place, 'int64')]);
      const spread = gather(
        place,
        Array.from({ length: width * outputs }, (_, k) => Math.floor(k / outputs)),
      );
      const output = row(Float64Array.from({ length: width * outputs }, (_, k) => k % outputs));
      const at = op('Add', [op('Mul', [spread, number(outputs)]), output]);
      void integers;
      return op('Gather', [block([flat.length], flat), cast(at, 'int64')]);
    },
    summary,
  };
}

interface Ordinal extends Encoder {
  readonly step: 'ordinal_encode';
  readonly order?: readonly string[];
}

/** Categories as 0, 1, … in the order given, else of their code units; unseen ones −1 (scikit-learn 1.9.1 `OrdinalEncoder`). */
export const ordinalEncode: Step<Ordinal> = {
  step: 'ordinal_encode',
  takes: () => 'categorical',
  missing: 'refuses',
  properties: {
    unseen: unseenProperty,
    order: { type: 'array', items: { type: 'string' }, uniqueItems: true, minItems: 1 },
  },
  acceptsUnseen,
  fit(columns, { unseen = 'error', order }) {
    const counts = countsOf(columns);
    const tables = columns.names.map((name, j) => {
      const texts = columns.categories[j]!;
      const missing = order && texts.find((text, code) => counts[j]![code]! > 0 && !order.includes(text));
      if (missing !== undefined)
        throw new InputError('UnseenCategory', `"${name}" holds "${missing}", which the order does not name`, {
          field: name,
          rule: 'every category stands in the order',
        });
      const known = texts.map((_, code) => code).filter((code) => counts[j]![code]! > 0);
      const ranked = order ? known.sort((a, b) => order.indexOf(texts[a]!) - order.indexOf(texts[b]!)) : known;
      const table = new Float64Array(texts.length + 1).fill(-1);
      // A given order keeps its numbers, also where a category of it has no rows.
      ranked.forEach((code, rank) => (table[code] = order ? order.indexOf(texts[code]!) : rank));
      return table;
    });
    return lookup(columns.names, tables, 1, unseen === 'error' ? (given) => refuseUnseen(given, counts) : () => {}, {});
  },
};

interface Frequency extends Encoder {
  readonly step: 'frequency_encode';
}

/** The category's share of the rows fitted on; unseen ones 0. */
export const frequencyEncode: Step<Frequency> = {
  step: 'frequency_encode',
  takes: () => 'categorical',
  missing: 'refuses',
  properties: { unseen: unseenProperty },
  acceptsUnseen,
  fit(columns, { unseen = 'error' }) {
    const counts = countsOf(columns);
    const tables = counts.map((own) => Float64Array.from([...own, 0], (count) => count / columns.rows));
    return lookup(columns.names, tables, 1, unseen === 'error' ? (given) => refuseUnseen(given, counts) : () => {}, {});
  },
};

interface Target extends Encoder {
  readonly step: 'target_encode';
  readonly smoothing?: 'auto' | number;
  readonly folds?: number;
}

/**
 * The mean of the target in the category, drawn to the mean of all rows: (Σ y + m ȳ) / (n + m), m given or by empirical
 * Bayes the variance within the category over the variance of all (D. Micci-Barreca, SIGKDD Explorations 3, 2001;
 * scikit-learn 1.9.1 `TargetEncoder`). One column, or one a class where there are more than two. The rows fitted on
 * are encoded by the other rows' targets only, over `folds` seeded folds; unseen categories get ȳ.
 */
export const targetEncode: Step<Target> = {
  step: 'target_encode',
  takes: () => 'categorical',
  missing: 'refuses',
  properties: {
    unseen: unseenProperty,
    smoothing: { anyOf: [{ const: 'auto' }, { type: 'number', minimum: 0 }], default: 'auto' },
    folds: { type: 'integer', minimum: 2, maximum: 100, default: 5 },
  },
  acceptsUnseen,
  fit(columns, { unseen = 'error', smoothing = 'auto', folds = 5 }, context) {
    const { target } = context;
    if (!target)
      throw new InputError('NeedsTarget', 'target_encode needs a target', { field: 'target', rule: 'a column' });
    const outputs = target.classes > 2 ? target.classes : 1;
    const value = (row: number, output: number): number =>
      outputs === 1 ? target.values[row]! : Number(target.values[row] === output);
    const all = Int32Array.from({ length: columns.rows }, (_, row) => row);
    const tables = tablesOf(columns, all, outputs, value, smoothing);
    const counts = countsOf(columns);
    const width = columns.names.length;
    const training = new Float64Array(columns.rows * width * outputs);
    for (const { training: others, test } of crossFolds(columns.rows, folds, target, context)) {
      const own = tablesOf(columns, others, outputs, value, smoothing);
      for (const row of test)
        for (let j = 0; j < width; j += 1) {
          const code = columns.values[row * width + j]!;
          const place = code < 0 ? own[j]!.length / outputs - 1 : code;
          for (let o = 0; o < outputs; o += 1)
            training[(row * width + j) * outputs + o] = own[j]![place * outputs + o]!;
        }
    }
    const names =
      outputs === 1
        ? columns.names
        : columns.names.flatMap((name) => Array.from({ length: outputs }, (_, o) => `${name}_class_${o}`));
    const fitted = lookup(
      names,
      tables,
      outputs,
      unseen === 'error' ? (given) => refuseUnseen(given, counts) : () => {},
      { smoothing, folds },
    );
    return { ...fitted, training };
  },
};

function crossFolds(
  rows: number,
  folds: number,
  target: NonNullable<StepContext['target']>,
  { seed }: StepContext,
): ReturnType<typeof kFold> {
  const smallest = Math.min(...(target.classes > 0 ? classSizes(target.values, target.classes) : [rows]));
  const count = Math.min(folds, smallest);
  // A class of one row cannot be held out of its own encoding: it is encoded by the rest.
  if (count < 2) return Array.from({ length: rows }, (_, row) => foldOf(rows, Int32Array.of(row)));
  return target.classes > 0 ? stratifiedKFold(target.values, count, seed) : kFold(rows, count, seed);
}

function classSizes(values: Float64Array, classes: number): number[] {
  const sizes = Array.from({ length: classes }, () => 0);
  for (const value of values) sizes[value]! += 1;
  return sizes.filter((size) => size > 0);
}

function tablesOf(
  { names, categories, values }: Columns,
  rows: Int32Array,
  outputs: number,
  value: (row: number, output: number) => number,
  smoothing: 'auto' | number,
): Float64Array[] {
  const width = names.length;
  return names.map((_, j) => {
    const size = categories[j]!.length;
    const table = new Float64Array((size + 1) * outputs);
    for (let o = 0; o < outputs; o += 1) {
      let total = 0;
      for (const row of rows) total += value(row, o);
      const centre = total / rows.length;
      const [counts, sums, squares] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
      let spread = 0;
      for (const row of rows) {
        const code = values[row * width + j]!;
        spread += (value(row, o) - centre) ** 2;
        if (code < 0) continue;
        counts[code]! += 1;
        sums[code]! += value(row, o);
      }
      spread /= rows.length;
      for (const row of rows) {
        const code = values[row * width + j]!;
        if (code >= 0) squares[code]! += (value(row, o) - sums[code]! / counts[code]!) ** 2;
      }
      for (let code = 0; code < size; code += 1) {
        const n = counts[code]!;
        // With no variance at all every mean is the mean of all.
        const m = smoothing === 'auto' ? (n > 0 && spread > 0 ? squares[code]! / n / spread : Infinity) : smoothing;
        table[code * outputs + o] = n === 0 || m === Infinity ? centre : (sums[code]! + m * centre) / (n + m);
      }
      table[size * outputs + o] = centre;
    }
    return table;
  });
}
