import type { Interval, Measurement } from '#libs/lifecycle';
import { InputError } from '../errors.js';
import { quantileOf } from '../drift/bins.js';
import { newcombe, ratioInterval, wilson } from '../intervals/index.js';
import { measured } from '../measurement.js';
import { chiSquareIndependence, correctPvalues, fisherExact, twoProportions } from '../significance/contingency.js';
import { Generator } from '../random/generator.js';
import { bootstrapCells } from './bootstrap.js';
import { overallCell, weightOf } from './cells.js';
import type { GroupCell, GroupCells } from './cells.js';
import { betweenGroups, parityMeasurements, selectedOf, selectionRate } from './parity.js';

export interface ReportOptions {
  readonly level?: number;
  /** Group compared with, attribute to value; default the one with the highest selection rate. */
  readonly reference?: Readonly<Record<string, string>>;
  readonly replicates?: number;
  readonly seed?: number;
  readonly weighted?: boolean;
}

/** One group against the reference group: signed, with its own doubt. */
export interface GroupComparison {
  readonly group: Readonly<Record<string, string>>;
  readonly against: Readonly<Record<string, string>>;
  readonly difference: Measurement;
  readonly ratio: Measurement;
  /** Koopman's and Miettinen-Nurminen's intervals beside each other. */
  readonly ratioMiettinenNurminen?: Interval;
  /** Fisher's exact test below 1,000,000 rows, two proportions above; undefined for weighted counts. */
  readonly test?: {
    readonly name: string;
    readonly pvalue: number;
    readonly corrected: number;
    readonly correction: 'holm';
  };
}

/** Everything that is said of one grouping. */
export interface GroupingReport {
  readonly attributes: readonly string[];
  readonly unknown: number;
  readonly groups: readonly GroupSummary[];
  readonly measurements: readonly Measurement[];
  readonly comparisons: readonly GroupComparison[];
  /** "Any difference at all": chi-square over groups × decision. */
  readonly overallTest?: {
    readonly name: 'chi2_contingency@scipy';
    readonly statistic: number;
    readonly pvalue: number;
    readonly degrees: number;
  };
  readonly bootstrap?: readonly {
    readonly definition: string;
    readonly interval: Interval;
    readonly replicates: number;
    readonly seed: number;
    readonly generator: string;
  }[];
}

export interface GroupSummary {
  readonly group: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly effective: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
  /** Rates with their denominators; undefined where the denominator is 0. */
  readonly rates: readonly Measurement[];
}

const rates: readonly (readonly [string, (cell: GroupCell) => readonly [number, number], string])[] = [
  ['true_positive_rate@assay', (c) => [c.truePositives, c.truePositives + c.falseNegatives], 'no-positives'],
  ['false_positive_rate@assay', (c) => [c.falsePositives, c.falsePositives + c.trueNegatives], 'no-negatives'],
  ['precision@assay', (c) => [c.truePositives, c.truePositives + c.falsePositives], 'nothing-selected'],
  ['accuracy@assay', (c) => [c.truePositives + c.trueNegatives, weightOf(c)], 'no-rows'],
  ['base_rate@assay', (c) => [c.truePositives + c.falseNegatives, weightOf(c)], 'no-rows'],
];

/**
 * The report of one grouping (an attribute, or several crossed) from its table of counts.
 * @throws InputError `UnknownGroup` where the reference group has no rows
 */
export function fairnessReport(cells: GroupCells, options: ReportOptions = {}): GroupingReport {
  const { level = 0.95, replicates = 2000, seed = 0, weighted = false } = options;
  const groups = cells.groups.map((cell): GroupSummary => ({
    group: cell.group,
    rows: cell.rows,
    effective: cell.effective,
    truePositives: cell.truePositives,
    falsePositives: cell.falsePositives,
    trueNegatives: cell.trueNegatives,
    falseNegatives: cell.falseNegatives,
    rates: rates.map(([definition, of, reason]) => {
      const [count, denominator] = of(cell);
      const scale = weightOf(cell) > 0 ? cell.effective / weightOf(cell) : 0;
      return measured(
        definition,
        denominator > 0 ? count / denominator : undefined,
        {
          n: cell.rows,
          denominator: denominator * scale,
          group: cell.group,
          interval: wilson({ count: count * scale, n: denominator * scale }, level),
        },
        reason,
      );
    }),
  }));
  const comparisons = compare(cells, options, level);
  const table = cells.groups.map((cell) => [
    cell.truePositives + cell.falsePositives,
    cell.trueNegatives + cell.falseNegatives,
  ]);
  const any = weighted || table.length < 2 ? undefined : chiSquareIndependence(table, false);
  const bootstrapped =
    weighted || cells.groups.length < 2 || replicates === 0 ? undefined : bootstrap(cells, level, replicates, seed);
  return {
    attributes: cells.attributes,
    unknown: cells.unknown,
    groups,
    measurements: [...parityMeasurements(cells, level), ...oddsMeasurements(cells)],
    comparisons,
    ...(any
      ? {
          overallTest: {
            name: 'chi2_contingency@scipy' as const,
            statistic: any.statistic,
            pvalue: any.pvalue,
            degrees: any.degrees!,
          },
        }
      : {}),
    ...(bootstrapped ? { bootstrap: bootstrapped } : {}),
  };
}

function compare(cells: GroupCells, { reference, weighted = false }: ReportOptions, level: number): GroupComparison[] {
  const known = cells.groups.filter((cell) => cell.effective > 0);
  if (known.length < 2) return [];
  const against = reference
    ? known.find(({ group }) => Object.entries(reference).every(([attribute, value]) => group[attribute] === value))
    : known.reduce((a, b) => (selectionRate(b)! > selectionRate(a)! ? b : a));
  if (!against)
    throw new InputError('UnknownGroup', 'no row is in the privileged group', {
      field: 'privileged',
      rule: 'a group with rows',
    });
  const others = known.filter((cell) => cell !== against);
  const b = selectedOf(against);
  const tests = weighted ? [] : others.map((cell) => significance(cell, against));
  const corrected = correctPvalues(
    tests.map(({ pvalue }) => pvalue),
    'holm',
  );
  return others.map((cell, i) => {
    const a = selectedOf(cell);
    const n = cell.rows + against.rows;
    const [own, theirs] = [selectionRate(cell)!, selectionRate(against)!];
    const mn = ratioInterval(a, b, level, 'miettinen-nurminen');
    return {
      group: cell.group,
      against: against.group,
      difference: measured('selection_rate_difference@assay', own - theirs, {
        n,
        interval: newcombe(a, b, level),
        group: cell.group,
      }),
      ratio: measured(
        'impact_ratio@assay',
        theirs > 0 ? own / theirs : undefined,
        { n, interval: ratioInterval(a, b, level), group: cell.group },
        'reference-rate-is-zero',
      ),
      ...(mn ? { ratioMiettinenNurminen: mn } : {}),
      ...(tests[i] ? { test: { ...tests[i]!, corrected: corrected[i]!, correction: 'holm' as const } } : {}),
    };
  });
}

function significance(a: GroupCell, b: GroupCell): { name: string; pvalue: number } {
  const [x1, x2] = [a, b].map((cell) => cell.truePositives + cell.falsePositives) as [number, number];
  if (a.rows + b.rows <= 1_000_000)
    return {
      name: 'fisher_exact@scipy',
      pvalue: fisherExact([
        [x1, a.rows - x1],
        [x2, b.rows - x2],
      ]).pvalue,
    };
  return { name: 'proportions_ztest@statsmodels', pvalue: twoProportions(x1, a.rows, x2, b.rows)?.pvalue ?? 1 };
}

function spread(cells: GroupCells, of: (cell: GroupCell) => readonly [number, number]): number | undefined {
  const values = cells.groups
    .map(of)
    .map(([count, denominator]) => (denominator > 0 ? count / denominator : undefined));
  if (values.length < 2 || values.some((value) => value === undefined)) return undefined;
  return Math.max(...(values as number[])) - Math.min(...(values as number[]));
}

const tpr = rates[0]![1];
const fpr = rates[1]![1];

function oddsMeasurements(cells: GroupCells): Measurement[] {
  const between = Object.fromEntries(cells.attributes.map((attribute) => [attribute, betweenGroups]));
  const n = overallCell(cells).rows;
  const [opportunity, alarms] = [spread(cells, tpr), spread(cells, fpr)];
  const reason = 'a-group-has-no-positives-or-negatives';
  return [
    measured('equal_opportunity_difference@assay', opportunity, { n, group: between }, reason),
    measured(
      'equalized_odds_difference@assay',
      opportunity === undefined || alarms === undefined ? undefined : Math.max(opportunity, alarms),
      { n, group: between },
      reason,
    ),
  ];
}

function bootstrap(cells: GroupCells, level: number, replicates: number, seed: number): GroupingReport['bootstrap'] {
  const selection = (own: GroupCells): number[] => own.groups.map((cell) => selectionRate(cell)!);
  const statistics = {
    'demographic_parity_difference@fairlearn': (own: GroupCells) =>
      Math.max(...selection(own)) - Math.min(...selection(own)),
    'demographic_parity_ratio@fairlearn': (own: GroupCells) =>
      Math.min(...selection(own)) / Math.max(...selection(own)),
    'equal_opportunity_difference@assay': (own: GroupCells) => spread(own, tpr),
  };
  const drawn = bootstrapCells(cells, Object.values(statistics), replicates, seed);
  return Object.keys(statistics).flatMap((definition, i) => {
    const values = drawn[i]!;
    if (values.length < replicates / 2) return [];
    const interval = {
      method: 'bootstrap_percentile@assay',
      level,
      low: quantileOf(values, (1 - level) / 2),
      high: quantileOf(values, (1 + level) / 2),
    };
    return [{ definition, interval, replicates: values.length, seed, generator: Generator.algorithm }];
  });
}
