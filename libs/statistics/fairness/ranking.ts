import { InputError } from '../errors.js';
import { eachSorted } from '../sorting/tagged.js';
import type { Bounds } from '../sorting/tagged.js';
import { groupCodes, groupOf } from './cells.js';
import type { CategoryColumn } from '../table/index.js';

/** How well scores rank, within each group and between groups; from one sort of all scores. */
export interface GroupRanking {
  readonly groups: readonly RankedGroup[];
  /**
   * Cross-group AUC: the chance that a positive of group i outscores a negative of group j, ties half; undefined
   * without such rows. Indexes of `groups`; xauc(i, i) is the group's own AUC.
   */
  xauc(i: number, j: number): number | undefined;
}

export interface RankedGroup {
  readonly group: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly positives: number;
  /** Undefined where one class is missing. */
  readonly auc: number | undefined;
}

/** One sweep costs rows × groups. */
const maximumGroups = 1000;

/**
 * AUC within each group and xAUC between all groups (N. Kallus and A. Zhou, NeurIPS 2019), exact: pairs are counted in
 * whole and half numbers. Groups are the crossed attributes' values that occur; rows of unknown group are left out.
 * @throws InputError `LengthMismatch`, `NotFinite`, `TooManyGroups`
 */
export function rankGroups(
  attributes: readonly CategoryColumn[],
  labels: Uint8Array,
  scores: Float64Array,
): GroupRanking {
  const rows = labels.length;
  for (const [name, length] of [
    ['score', scores.length] as const,
    ...attributes.map(({ name: own, codes }) => [own, codes.length] as const),
  ])
    if (length !== rows)
      throw new InputError('LengthMismatch', `"${name}" has ${length} rows, the label ${rows}`, {
        field: name,
        rule: 'columns are equally long',
      });
  const size = attributes.reduce((product, { categories }) => product * Math.max(1, categories.length), 1);
  if (size > 1_000_000) throw tooMany(size);
  const codes = groupCodes(attributes, rows);
  const { numbers, sizes, positives, bounds } = numbered(codes, labels, scores, size);
  const k = sizes.length;
  if (k > maximumGroups) throw tooMany(k);
  const { known, tags } = tagged(codes, labels, scores, numbers);
  const own = winsWithin(known, tags, k, bounds);
  // Between groups a row costs as many steps as there are groups, so it waits until somebody asks.
  let between: Float64Array | undefined;
  const xauc = (i: number, j: number): number | undefined => {
    const pairs = positives[i]! * (sizes[j]! - positives[j]!);
    if (!(pairs > 0)) return undefined;
    return (i === j ? own[i]! : (between ??= winsBetween(known, tags, k))[i * k + j]!) / pairs;
  };
  const present = Array.from(numbers.keys()).filter((code) => numbers[code]! >= 0);
  return {
    groups: present.map((code, i) => ({
      group: groupOf(attributes, code),
      rows: sizes[i]!,
      positives: positives[i]!,
      auc: xauc(i, i),
    })),
    xauc,
  };
}

function tooMany(groups: number): InputError {
  return new InputError('TooManyGroups', `${groups} groups`, { rule: `at most ${maximumGroups} groups that occur` });
}

/** Groups that occur, numbered in the order of their codes, with their rows and positives; least and greatest score. */
function numbered(codes: Int32Array, labels: Uint8Array, scores: Float64Array, size: number) {
  const counts = new Float64Array(2 * size);
  let low = Infinity;
  let high = -Infinity;
  for (let row = 0; row < codes.length; row += 1) {
    const score = scores[row]!;
    if (score - score !== 0)
      throw new InputError('NotFinite', `the score of row ${row} is ${score}`, {
        field: 'score',
        row,
        rule: 'finite numbers',
      });
    if (score < low) low = score;
    if (score > high) high = score;
    const code = codes[row]!;
    if (code >= 0) counts[2 * code + labels[row]!]! += 1;
  }
  const numbers = new Int32Array(size).fill(-1);
  const sizes: number[] = [];
  const positives: number[] = [];
  for (let code = 0; code < size; code += 1) {
    const rows = counts[2 * code]! + counts[2 * code + 1]!;
    if (rows === 0) continue;
    numbers[code] = sizes.length;
    sizes.push(rows);
    positives.push(counts[2 * code + 1]!);
  }
  return { numbers, sizes, positives, bounds: { low, high } };
}

/** Scores of the rows of known group, each with twice its group's number, one more for a positive. */
function tagged(codes: Int32Array, labels: Uint8Array, scores: Float64Array, numbers: Int32Array) {
  const tags = new Uint16Array(codes.length);
  let at = 0;
  for (let row = 0; row < codes.length; row += 1) {
    const code = codes[row]!;
    if (code >= 0) tags[at++] = numbers[code]! * 2 + labels[row]!;
  }
  if (at === codes.length) return { known: scores, tags };
  return { known: scores.filter((_, row) => codes[row]! >= 0), tags: tags.subarray(0, at) };
}

/** Per group, pairs of a positive over a negative of its own, ties half. */
function winsWithin(scores: Float64Array, groupTags: Uint16Array, k: number, bounds: Bounds): Float64Array {
  const wins = new Float64Array(k);
  const below = new Float64Array(k);
  const tied = new Float64Array(k);
  eachSorted(
    scores,
    groupTags,
    (values, tags, from, to) => {
      for (let i = from; i < to;) {
        const value = values[i]!;
        let end = i + 1;
        while (end < to && values[end] === value) end += 1;
        if (end === i + 1) {
          const tag = tags[i]!;
          const group = tag >>> 1;
          if ((tag & 1) === 0) below[group]! += 1;
          else wins[group]! += below[group]!;
        } else {
          for (let row = i; row < end; row += 1) if ((tags[row]! & 1) === 0) tied[tags[row]! >>> 1]! += 1;
          for (let row = i; row < end; row += 1) {
            const group = tags[row]! >>> 1;
            if ((tags[row]! & 1) === 1) wins[group]! += below[group]! + tied[group]! / 2;
          }
          for (let group = 0; group < k; group += 1) below[group]! += tied[group]!;
          tied.fill(0);
        }
        i = end;
      }
    },
    bounds,
  );
  return wins;
}

/** wins[i k + j]: pairs of a positive of i over a negative of j, ties half. */
function winsBetween(scores: Float64Array, groupTags: Uint16Array, k: number): Float64Array {
  const wins = new Float64Array(k * k);
  const below = new Float64Array(k);
  const tied = new Float64Array(k);
  eachSorted(scores, groupTags, (values, tags, from, to) => {
    for (let i = from; i < to;) {
      const value = values[i]!;
      let end = i;
      for (; end < to && values[end] === value; end += 1) if ((tags[end]! & 1) === 0) tied[tags[end]! >>> 1]! += 1;
      for (let row = i; row < end; row += 1) {
        const tag = tags[row]!;
        if ((tag & 1) === 1)
          for (let j = 0, at = (tag >>> 1) * k; j < k; j += 1, at += 1) wins[at]! += below[j]! + tied[j]! / 2;
      }
      for (let row = i; row < end; row += 1) {
        const group = tags[row]! >>> 1;
        below[group]! += tied[group]!;
        tied[group] = 0;
      }
      i = end;
    }
  });
  return wins;
}
