import { Generator } from '#libs/statistics';
import { observed } from './partial-dependence.js';
import type { FeatureBlock } from './tensor.js';

export interface CounterfactualOptions {
  readonly seed: number;
  /** How many are asked for. */
  readonly count: number;
  /** Values of a numeric feature lie between these quantiles of the data (inverted distribution function). */
  readonly quantiles: readonly [number, number];
  /** Features that are never changed. */
  readonly immutable: ReadonlySet<string>;
  /** Features whose numbers are codes of categories: all that occur are allowed, and one is as far as another. */
  readonly categorical: ReadonlySet<string>;
}

export interface Counterfactual {
  readonly changes: readonly { readonly feature: string; readonly from: number; readonly to: number }[];
  /** Mean over all features of |change| over the feature's allowed range, 1 for another category or where that range is one value (Gower 1971). */
  readonly distance: number;
  /** The model's answer to the changed row. */
  readonly answer: readonly number[];
}

export interface CounterfactualResult {
  /** Fewest changes first, then nearest; no two change the same features. Every one was asked of the model. */
  readonly found: readonly Counterfactual[];
  /** Rows that the model was asked. */
  readonly asked: number;
}

const singleValues = 64;
const donors = 40;
const mutations = 300;
const refined = 24;

/** One feature that may change and the values it may take, ascending: those that occur in the data. */
interface Lever {
  readonly feature: string;
  readonly column: number;
  readonly values: Float32Array;
  readonly range: number;
  readonly categorical: boolean;
}

/**
 * Rows near a given one that the model decides otherwise (Wachter, Mittelstadt and Russell 2018), by seeded search: every
 * feature alone over the values that occur; the nearest rows of the data that are decided otherwise; random changes of two
 * and three features. Then every change that is not needed is taken back, and numbers are moved back towards the row
 * value by value. A changed value is always one that occurs in the data, within its quantiles; texts are never changed.
 *
 * @param data row-major tensor, what is plausible
 * @param wanted whether the answer at a place is the other decision
 */
export async function counterfactuals(
  row: Float32Array,
  data: Float32Array,
  blocks: readonly FeatureBlock[],
  outputs: number,
  wanted: (answers: Float64Array, at: number) => boolean,
  score: (tensor: Float32Array) => Promise<Float64Array>,
  options: CounterfactualOptions,
): Promise<CounterfactualResult> {
  const search = new Search(row, blocks.length, leversOf(row, data, blocks, options), outputs, wanted, score);
  await search.tryAll(search.singles());
  await search.tryAll(await search.nearestOthers(data));
  await search.tryAll(search.random(new Generator(options.seed)));
  return { found: await search.best(options.count), asked: search.asked };
}

function leversOf(
  row: Float32Array,
  data: Float32Array,
  blocks: readonly FeatureBlock[],
  { quantiles, immutable, categorical }: CounterfactualOptions,
): Lever[] {
  return blocks.flatMap(({ feature, first, width }) => {
    if (width > 1 || immutable.has(feature) || Number.isNaN(row[first]!)) return [];
    const seen = observed(data, row.length, first);
    if (seen.length === 0) return [];
    const codes = categorical.has(feature);
    const at = (share: number): number =>
      seen[Math.min(seen.length - 1, Math.max(0, Math.ceil(share * seen.length) - 1))]!;
    const [low, high] = codes ? [seen[0]!, seen.at(-1)!] : [at(quantiles[0]), at(quantiles[1])];
    // A negative code stands for categories that training did not see.
    const values = Float32Array.from(new Set(seen)).filter(
      (value) => value >= low && value <= high && !(codes && value < 0),
    );
    const others = values.filter((value) => value !== row[first]);
    if (others.length === 0) return [];
    return [{ feature, column: first, values, range: high - low, categorical: codes }];
  });
}

class Search {
  asked = 0;
  private readonly valid = new Map<string, { readonly row: Float32Array; readonly answer: number[] }>();

  constructor(
    private readonly row: Float32Array,
    private readonly features: number,
    private readonly levers: readonly Lever[],
    private readonly outputs: number,
    private readonly wanted: (answers: Float64Array, at: number) => boolean,
    private readonly score: (tensor: Float32Array) => Promise<Float64Array>,
  ) {}

  /** Each feature alone, over at most 64 of its values. */
  singles(): Float32Array[] {
    return this.levers.flatMap(({ column, values }) => {
      const step = Math.max(1, (values.length - 1) / (singleValues - 1));
      const places = new Set(
        Array.from({ length: Math.min(values.length, singleValues) }, (_, i) => Math.round(i * step)),
      );
      return [...places].map((place) => this.with(this.row, column, values[place]!));
    });
  }

  /** The data's nearest rows of the other decision, in what may change. */
  async nearestOthers(data: Float32Array): Promise<Float32Array[]> {
    const width = this.row.length;
    const answers = await this.score(data);
    this.asked += data.length / width;
    const found: { candidate: Float32Array; distance: number }[] = [];
    for (let start = 0; start < data.length; start += width) {
      if (!this.wanted(answers, (start / width) * this.outputs)) continue;
      const candidate = this.row.slice();
      for (const lever of this.levers) {
        const value = data[start + lever.column]!;
        if (lever.values.includes(value)) candidate[lever.column] = value;
      }
      found.push({ candidate, distance: this.distance(candidate) });
    }
    return found
      .sort((a, b) => a.distance - b.distance)
      .slice(0, donors)
      .map(({ candidate }) => candidate);
  }

  random(random: Generator): Float32Array[] {
    if (this.levers.length < 2) return [];
    return Array.from({ length: mutations }, (_, i) => {
      const candidate = this.row.slice();
      for (let change = 0; change < 2 + (i % 2); change += 1) {
        const { column, values } = this.levers[random.integer(this.levers.length)]!;
        candidate[column] = values[random.integer(values.length)]!;
      }
      return candidate;
    });
  }

  /** Asks the model and keeps what it decides otherwise. */
  async tryAll(candidates: readonly Float32Array[]): Promise<boolean[]> {
    if (candidates.length === 0) return [];
    const width = this.row.length;
    const tensor = new Float32Array(candidates.length * width);
    candidates.forEach((candidate, i) => tensor.set(candidate, i * width));
    const answers = await this.score(tensor);
    this.asked += candidates.length;
    return candidates.map((candidate, i) => {
      const at = i * this.outputs;
      if (!this.wanted(answers, at)) return false;
      this.valid.set(candidate.join(), { row: candidate, answer: [...answers.subarray(at, at + this.outputs)] });
      return true;
    });
  }

  async best(count: number): Promise<Counterfactual[]> {
    for (const { row } of this.ranked().slice(0, refined)) await this.tighten(await this.sparsen(row));
    const kept: Counterfactual[] = [];
    const seen = new Set<string>();
    for (const { row, answer } of this.ranked()) {
      const changed = this.changed(row);
      const key = changed.map(({ feature }) => feature).join('\n');
      if (seen.has(key) || kept.length === count) continue;
      seen.add(key);
      kept.push({
        changes: changed.map(({ feature, column }) => ({ feature, from: this.row[column]!, to: row[column]! })),
        distance: this.distance(row),
        answer,
      });
    }
    return kept;
  }

  /** Takes changes back, the farthest first, as long as the decision stays the other one. */
  private async sparsen(row: Float32Array): Promise<Float32Array> {
    let current = row;
    for (;;) {
      const without = this.changed(current)
        .sort((a, b) => this.part(b, current) - this.part(a, current))
        .map(({ column }) => this.with(current, column, this.row[column]!));
      if (without.length < 2) return current;
      const next = (await this.tryAll(without)).indexOf(true);
      if (next < 0) return current;
      current = without[next]!;
    }
  }

  /** Moves each number back to the value nearest to the row's that still decides otherwise (by bisection). */
  private async tighten(row: Float32Array): Promise<void> {
    let current = row;
    for (const { column, values, categorical } of this.changed(row)) {
      if (categorical) continue;
      const between = values.filter((value) => (value - this.row[column]!) * (value - current[column]!) < 0);
      if (current[column]! < this.row[column]!) between.reverse();
      // From the row's side to the present value; the present one is known to do.
      let low = 0;
      let high = between.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        const candidate = this.with(current, column, between[middle]!);
        if ((await this.tryAll([candidate]))[0]) high = middle;
        else low = middle + 1;
      }
      if (high < between.length) current = this.with(current, column, between[high]!);
    }
  }

  private ranked() {
    return [...this.valid.values()]
      .map((own) => ({ ...own, changes: this.changed(own.row).length, distance: this.distance(own.row) }))
      .sort((a, b) => a.changes - b.changes || a.distance - b.distance);
  }

  private changed(row: Float32Array): Lever[] {
    return this.levers.filter(({ column }) => row[column] !== this.row[column]);
  }

  private distance(row: Float32Array): number {
    return this.levers.reduce((sum, lever) => sum + this.part(lever, row), 0) / this.features;
  }

  private part({ column, range, categorical }: Lever, row: Float32Array): number {
    const difference = Math.abs(row[column]! - this.row[column]!);
    // Where the data holds one value alone, that is as far as another category.
    return categorical || range === 0 ? Number(difference > 0) : difference / range;
  }

  private with(row: Float32Array, column: number, value: number): Float32Array {
    const changed = row.slice();
    changed[column] = value;
    return changed;
  }
}
