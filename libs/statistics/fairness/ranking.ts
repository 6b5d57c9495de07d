import { InputError } from '../errors.js';
import { doubledWins, emptyRoom } from '../sorting/wins.js';
import type { CategoryColumn } from '../table/index.js';
import { groupCodes, groupOf } from './cells.js';

/** How well scores rank, within each group and between groups. */
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

/** All pairs of groups cost rows × groups. */
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
  const lists = parted(placing(attributes, rows, size, boundsOf(scores)), labels, scores);
  const present = Array.from({ length: size }, (_, code) => code).filter(
    (code) => count(lists[2 * code]!) + count(lists[2 * code + 1]!) > 0,
  );
  if (present.length > maximumGroups) throw tooMany(present.length);
  const negatives = present.map((code) => lists[2 * code]!);
  const positives = present.map((code) => lists[2 * code + 1]!);
  const room = emptyRoom();
  const shareOfWins = (i: number, j: number): number | undefined => {
    const pairs = count(positives[i]!) * count(negatives[j]!);
    if (!(pairs > 0)) return undefined;
    let wins = 0;
    let lower = 0;
    positives[i]!.forEach((own, part) => {
      const others = negatives[j]![part]!;
      wins += 2 * lower * own.length + doubledWins(own, others, room);
      lower += others.length;
    });
    return wins / 2 / pairs;
  };
  return {
    groups: present.map((code, i) => ({
      group: groupOf(attributes, code),
      rows: count(positives[i]!) + count(negatives[i]!),
      positives: count(positives[i]!),
      auc: shareOfWins(i, i),
    })),
    xauc: shareOfWins,
  };
}

function tooMany(groups: number): InputError {
  return new InputError('TooManyGroups', `${groups} groups`, { rule: `at most ${maximumGroups} groups that occur` });
}

/** Scores of one group and label, by part of the range of all scores. */
type Parts = readonly Float64Array[];

function count(parts: Parts): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** @throws InputError `NotFinite` */
function boundsOf(scores: Float64Array): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  let strange = 0;
  for (let row = 0; row < scores.length; row += 1) {
    const score = scores[row]!;
    strange += score - score;
    if (score < low) low = score;
    if (score > high) high = score;
  }
  if (strange === 0) return { low, high };
  const row = scores.findIndex((score) => !Number.isFinite(score));
  throw new InputError('NotFinite', `the score of row ${row} is ${scores[row]}`, {
    field: 'score',
    row,
    rule: 'finite numbers',
  });
}

/** Where a row belongs: group code a × radix + b, and the part ⌊(score − low) × scale⌋, at most 2^bits − 1. */
interface Placing {
  readonly size: number;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly radix: number;
  readonly low: number;
  readonly scale: number;
  readonly bits: number;
}

/** Lists that are written to at once: more, and their ends leave the cache. */
const maximumLists = 1024;

function placing(
  attributes: readonly CategoryColumn[],
  rows: number,
  size: number,
  { low, high }: { low: number; high: number },
): Placing {
  // Two columns of codes are crossed on the way; of one alone the other is itself, times nothing.
  const [first, last] = [attributes.slice(0, Math.max(1, attributes.length - 1)), attributes.at(-1)!];
  const crossed = groupCodes(first, rows);
  // A sixteenth of a group's scores stays in the second cache while its pairs are counted.
  const bits = size * 32 <= maximumLists ? 4 : 0;
  const scale = 2 ** bits / (high - low);
  return {
    size,
    a: crossed,
    b: attributes.length > 1 ? last.codes : crossed,
    radix: attributes.length > 1 ? Math.max(1, last.categories.length) : 0,
    low,
    scale: scale < Infinity ? scale : 0,
    bits,
  };
}

/** Per group code and label (two entries a code) the scores, part after part; rows of unknown group are left out. */
function parted(place: Placing, labels: Uint8Array, scores: Float64Array): Parts[] {
  const { a, b, radix, low, scale, bits } = place;
  const last = (1 << bits) - 1;
  const ends = countParts(place, labels, scores);
  let total = 0;
  for (let list = 0; list < ends.length; list += 1) {
    const own = ends[list]!;
    ends[list] = total;
    total += own;
  }
  const starts = ends.slice();
  const all = new Float64Array(total);
  for (let row = 0; row < labels.length; row += 1) {
    const [x, y] = [a[row]!, b[row]!];
    if ((x | y) < 0) continue;
    const score = scores[row]!;
    const part = ((score - low) * scale) | 0;
    const entry = ((Math.imul(x, radix) + y) << 1) | labels[row]!;
    const list = (entry << bits) + (part < last ? part : last);
    const at = ends[list]!;
    ends[list] = at + 1;
    all[at] = score;
  }
  return Array.from({ length: 2 * place.size }, (_, entry) =>
    Array.from({ length: last + 1 }, (__, part) => {
      const list = (entry << bits) + part;
      return all.subarray(starts[list], ends[list]);
    }),
  );
}

function countParts(place: Placing, labels: Uint8Array, scores: Float64Array): Int32Array {
  const { a, b, radix, low, scale, bits } = place;
  const last = (1 << bits) - 1;
  const counts = new Int32Array((2 * place.size) << bits);
  for (let row = 0; row < labels.length; row += 1) {
    const [x, y] = [a[row]!, b[row]!];
    if ((x | y) < 0) continue;
    const part = ((scores[row]! - low) * scale) | 0;
    const entry = ((Math.imul(x, radix) + y) << 1) | labels[row]!;
    counts[(entry << bits) + (part < last ? part : last)]! += 1;
  }
  return counts;
}
