import { InputError } from '#libs/statistics';
import type { Generator } from '#libs/statistics';

const { abs, exp, floor, log, max, min, round } = Math;

/** What one hyperparameter may be. */
export type Parameter =
  | {
      readonly type: 'real';
      readonly low: number;
      readonly high: number;
      readonly scale?: 'linear' | 'log';
      readonly points?: number;
    }
  | {
      readonly type: 'integer';
      readonly low: number;
      readonly high: number;
      readonly scale?: 'linear' | 'log';
      readonly points?: number;
    }
  | { readonly type: 'choice'; readonly values: readonly unknown[] }
  /** Units of each layer: so many layers, so wide; widths go by their logarithm. */
  | {
      readonly type: 'layers';
      readonly depth: readonly [number, number];
      readonly width: readonly [number, number];
      readonly points?: number;
    };

export type Parameters = Readonly<Record<string, Parameter>>;

/** A coordinate of the unit cube behind a parameter. */
interface Coordinate {
  readonly parameter: string;
  /** ordered: near coordinates are near values. category: one value is as far from another as any. */
  readonly kind: 'ordered' | 'category';
  /** Number of different values; Infinity of a real one. */
  readonly levels: number;
  /** Points that a grid takes. */
  readonly points: number;
}

/** One family of candidates: an algorithm with what may vary. */
export interface Family {
  readonly parameters: Parameters;
}

/** Where a search looks: families, each a unit cube of its own. */
export class Space {
  private readonly coordinates: readonly (readonly Coordinate[])[];

  /** @throws InputError `EmptySpace`, `SearchSpace`, naming the parameter and the rule */
  constructor(readonly families: readonly Family[]) {
    if (families.length === 0 || (families.length === 1 && Object.keys(families[0]!.parameters).length === 0))
      throw new InputError('EmptySpace', 'the search has nothing to vary', {
        field: 'search.parameters',
        rule: 'at least one parameter, or two families',
      });
    this.coordinates = families.map(({ parameters }) =>
      Object.entries(parameters).flatMap(([name, parameter]) => coordinatesOf(name, parameter)),
    );
  }

  /** Coordinates of a family's cube. */
  width(family: number): number {
    return this.coordinates[family]!.length;
  }

  /** Points of the grid per coordinate. */
  gridPoints(family: number): readonly number[] {
    return this.coordinates[family]!.map(({ points }) => points);
  }

  /** Whether the family's candidates can be counted, and how many they are. */
  size(family: number): number {
    return this.coordinates[family]!.reduce((product, { levels }) => product * levels, 1);
  }

  /** Values of the parameters at a point of the cube. */
  decode(family: number, unit: ArrayLike<number>): Readonly<Record<string, unknown>> {
    const { parameters } = this.families[family]!;
    let at = 0;
    return Object.fromEntries(
      Object.entries(parameters).map(([name, parameter]) => {
        const value = valueOf(parameter, unit, at);
        at += coordinatesOf(name, parameter).length;
        return [name, value];
      }),
    );
  }

  /** The point whose coordinates stand in the middle of what they decode to: equal candidates are equal points. */
  snap(family: number, unit: ArrayLike<number>): Float64Array {
    const { parameters } = this.families[family]!;
    const result = Float64Array.from(unit);
    let at = 0;
    for (const [name, parameter] of Object.entries(parameters)) {
      snapParameter(parameter, result, at);
      at += coordinatesOf(name, parameter).length;
    }
    return result;
  }

  /**
   * A point as a model of the whole space sees it: a share per family (where there are several), categories as shares of
   * their own, coordinates of other families in the middle.
   */
  features(family: number, unit: ArrayLike<number>): Float64Array {
    const features: number[] = [];
    if (this.families.length > 1)
      this.families.forEach((_, other) => features.push(other === family ? Math.SQRT1_2 : 0));
    const snapped = this.snap(family, unit);
    this.coordinates.forEach((coordinates, other) =>
      coordinates.forEach(({ kind, levels }, k) => {
        if (kind === 'ordered') features.push(other === family ? snapped[k]! : 0.5);
        else
          for (let level = 0; level < levels; level += 1)
            features.push(other === family && floor(snapped[k]! * levels) === level ? Math.SQRT1_2 : 0);
      }),
    );
    return Float64Array.from(features);
  }

  draw(random: Generator): { readonly family: number; readonly unit: Float64Array } {
    const family = this.families.length > 1 ? random.integer(this.families.length) : 0;
    const unit = Float64Array.from({ length: this.width(family) }, () => random.uniform());
    return { family, unit: this.snap(family, unit) };
  }

  /** A neighbour: each coordinate moves with the given probability, categories jump. */
  perturb(
    family: number,
    unit: ArrayLike<number>,
    deviation: number,
    probability: number,
    random: Generator,
  ): Float64Array {
    const coordinates = this.coordinates[family]!;
    const chosen = random.integer(max(1, coordinates.length));
    const moved = Float64Array.from(unit, (value, k) => {
      const isMoved = random.uniform() < probability || k === chosen;
      const { kind, levels } = coordinates[k]!;
      const step = random.normal() * max(deviation, Number.isFinite(levels) ? 0.6 / levels : 0);
      const jump = random.uniform();
      if (!isMoved) return value;
      return kind === 'category' ? jump : reflected(value + step);
    });
    return this.snap(family, moved);
  }
}

function reflected(value: number): number {
  const folded = abs(value) % 2;
  return folded > 1 ? 2 - folded : folded;
}

function coordinatesOf(name: string, parameter: Parameter): Coordinate[] {
  const wrong = (rule: string): InputError =>
    new InputError('SearchSpace', `parameter "${name}" needs ${rule}`, { field: `search.parameters.${name}`, rule });
  switch (parameter.type) {
    case 'choice': {
      const levels = parameter.values.length;
      if (levels === 0) throw wrong('at least one value');
      const ordered = parameter.values.every(
        (value, i, all) => typeof value === 'number' && (i === 0 || value > (all[i - 1] as number)),
      );
      return [{ parameter: name, kind: ordered ? 'ordered' : 'category', levels, points: levels }];
    }
    case 'layers': {
      const [[least, most], [narrow, wide]] = [parameter.depth, parameter.width];
      if (!(least >= 1 && least <= most && Number.isSafeInteger(least) && Number.isSafeInteger(most)))
        throw wrong('depths 1 ≤ least ≤ most, integers');
      if (!(narrow >= 1 && narrow <= wide && Number.isSafeInteger(narrow) && Number.isSafeInteger(wide)))
        throw wrong('widths 1 ≤ least ≤ most, integers');
      const depths = most - least + 1;
      const widths = wide - narrow + 1;
      return [
        { parameter: name, kind: 'ordered', levels: depths, points: depths },
        ...Array.from({ length: most }, (): Coordinate => ({
          parameter: name,
          kind: 'ordered',
          levels: widths,
          points: min(parameter.points ?? 3, widths),
        })),
      ];
    }
    default: {
      const { low, high, scale = 'linear', points = 5 } = parameter;
      if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) throw wrong('low < high, both finite');
      if (scale === 'log' && !(low > 0)) throw wrong('low > 0 on a log scale');
      if (parameter.type === 'real') return [{ parameter: name, kind: 'ordered', levels: Infinity, points }];
      if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high)) throw wrong('integers as bounds');
      const levels = high - low + 1;
      return [{ parameter: name, kind: 'ordered', levels, points: min(points, levels) }];
    }
  }
}

function valueOf(parameter: Parameter, unit: ArrayLike<number>, at: number): unknown {
  switch (parameter.type) {
    case 'choice':
      return parameter.values[levelOf(unit[at]!, parameter.values.length)];
    case 'layers': {
      const [least, most] = parameter.depth;
      const depth = least + levelOf(unit[at]!, most - least + 1);
      return Array.from({ length: depth }, (_, layer) =>
        integerAt(parameter.width[0], parameter.width[1], 'log', unit[at + 1 + layer]!),
      );
    }
    case 'integer':
      return integerAt(parameter.low, parameter.high, parameter.scale ?? 'linear', unit[at]!);
    case 'real':
      return realAt(parameter.low, parameter.high, parameter.scale ?? 'linear', unit[at]!);
  }
}

function snapParameter(parameter: Parameter, unit: Float64Array, at: number): void {
  const middle = (k: number, levels: number): void => {
    unit[k] = (levelOf(unit[k]!, levels) + 0.5) / levels;
  };
  const whole = (k: number, low: number, high: number, scale: 'linear' | 'log'): void => {
    unit[k] = low === high ? 0.5 : placeOf(integerAt(low, high, scale, unit[k]!), low - 0.5, high + 0.5, scale);
  };
  if (parameter.type === 'choice') middle(at, parameter.values.length);
  else if (parameter.type === 'integer') whole(at, parameter.low, parameter.high, parameter.scale ?? 'linear');
  else if (parameter.type === 'layers') {
    const [least, most] = parameter.depth;
    middle(at, most - least + 1);
    const depth = least + levelOf(unit[at]!, most - least + 1);
    for (let layer = 0; layer < most; layer += 1)
      // Layers that are not there stand in the middle: they cannot tell candidates apart.
      if (layer < depth) whole(at + 1 + layer, parameter.width[0], parameter.width[1], 'log');
      else unit[at + 1 + layer] = 0.5;
  }
}

function levelOf(unit: number, levels: number): number {
  return min(levels - 1, max(0, floor(unit * levels)));
}

function realAt(low: number, high: number, scale: 'linear' | 'log', unit: number): number {
  if (scale === 'linear') return low + (high - low) * unit;
  return min(high, max(low, low * exp(log(high / low) * unit)));
}

/** Every integer has its share: the bounds stand half a step further out. */
function integerAt(low: number, high: number, scale: 'linear' | 'log', unit: number): number {
  return min(high, max(low, round(realAt(low - 0.5, high + 0.5, scale, unit))));
}

function placeOf(value: number, low: number, high: number, scale: 'linear' | 'log'): number {
  return scale === 'linear' ? (value - low) / (high - low) : log(value / low) / log(high / low);
}
