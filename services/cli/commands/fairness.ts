import { readFile, writeFile } from 'node:fs/promises';
import {
  InputError,
  asCategories,
  barChart,
  binaryOf,
  columnOf,
  countCells,
  fairnessReport,
  judge,
  numbersOf,
  parsePolicy,
  readTable,
} from '#libs/statistics';
import type { BarPanel, CategoryColumn, FairnessPolicy, GateVerdict, GroupingReport, Table } from '#libs/statistics';
import type { Measurement } from '#libs/lifecycle';
import { list, parseArguments } from '../arguments.js';
import type { Command } from '../registry.js';
import { groupName, interval, number, progress, table as printTable } from '../print.js';
import { mitigate, presentMitigation, replay } from './fairness-mitigation.js';
import type { Mitigated } from './fairness-mitigation.js';
import { scoreMeasurements } from './fairness-scores.js';

const usage = `assay fairness FILE --label C --prediction C --protected C[,C…] [--score C] [--weight C] [--positive V]
  [--privileged C=V] [--control C] [--policy FILE] [--mitigate METHOD [--cutoff X] [--ratio R]] [--json] [--svg FILE]
assay fairness --replay RESULT.json     the verdicts of an earlier --json output, judged again from their records
  The positive is the favourable value; the score grows with its chance. METHOD works on the first protected column:
  demographic_parity, true_positive_rate_parity or equalized_odds (cut-offs by group), common_cut_off (one for all that
  keeps the ratio of selection rates at R, default 0.8), reweighing (weights for training); X is the cut-off in use,
  default 0.5.`;

interface FairnessResult extends Mitigated {
  readonly file: { readonly digest: string; readonly rows: number };
  readonly positive: string;
  readonly groupings: readonly GroupingReport[];
  /** The same for the rows of each value of the control column. */
  readonly controlled?: readonly { readonly value: string; readonly groupings: readonly GroupingReport[] }[];
  readonly scores?: readonly Measurement[];
  readonly verdicts?: readonly GateVerdict[];
}

/** Fairness of decisions by group. `--json`: schemas/cli/fairness.schema.json. Exit code 1 where a gate does not pass. */
export const fairness: Command = async (args, { stdout, stderr }) => {
  const { positional, flags, options } = parseArguments(args, {
    flags: ['json'],
    options: [
      'label',
      'prediction',
      'protected',
      'score',
      'weight',
      'positive',
      'privileged',
      'control',
      'policy',
      'mitigate',
      'cutoff',
      'ratio',
      'replay',
      'svg',
    ],
    positional: [0, 1],
    usage,
  });
  if (flags.has('help')) {
    stdout.write(`${usage}\n`);
    return 0;
  }
  if (options['replay'] !== undefined) {
    const { lines, same } = await replay(options['replay']);
    stdout.write(`${lines.join('\n')}\n`);
    return same ? 0 : 1;
  }
  if (positional[0] === undefined)
    throw new InputError('Usage', `a data file is missing\n${usage}`, { field: 'FILE', rule: 'required' });
  const need = (name: string): string => {
    const value = options[name];
    if (value === undefined)
      throw new InputError('Usage', `--${name} is missing\n${usage}`, { field: name, rule: 'required' });
    return value;
  };
  const policy =
    options['policy'] === undefined ? undefined : parsePolicy(JSON.parse(await readPolicy(options['policy'])));
  const content = await readTable(positional[0]!, { onProgress: progress(stderr) });
  const { table } = content;
  const label = categories(table, need('label'));
  const prediction = categories(table, need('prediction'));
  const positive = options['positive'];
  const labels = binaryOf(label, positive);
  const predictions = binaryOf(prediction, positive);
  const attributes = list(need('protected'))!.map((name) => asCategories(columnOf(table, name)));
  const weights = options['weight'] === undefined ? undefined : numbersOf(columnOf(table, options['weight']));
  const reference = privileged(options['privileged']);
  const groupings = attributes.length > 1 ? [...attributes.map((one) => [one]), attributes] : [attributes];
  const reports = (rows?: Int32Array): GroupingReport[] =>
    groupings.map((columns) => {
      const pick = <T extends Uint8Array | Float64Array>(values: T): T =>
        (rows ? (Array.prototype.map.call(rows, (row: number) => values[row]) as unknown as number[]) : values) as T;
      const own = rows
        ? columns.map((column) => ({ ...column, codes: Int32Array.from(rows, (row) => column.codes[row]!) }))
        : columns;
      const cells = countCells(
        own,
        Uint8Array.from(pick(labels)),
        Uint8Array.from(pick(predictions)),
        weights && Float64Array.from(pick(weights)),
      );
      return fairnessReport(cells, {
        weighted: weights !== undefined,
        ...(reference && columns.length === 1 && columns[0]!.name in reference ? { reference } : {}),
      });
    });
  const whole = reports();
  const scores = options['score'] === undefined ? undefined : numbersOf(columnOf(table, options['score']));
  const mitigated =
    options['mitigate'] === undefined
      ? {}
      : await mitigate({
          method: options['mitigate'],
          attribute: attributes[0]!,
          labels,
          scores,
          cutOff: numberOption(options['cutoff'], 'cutoff', 0.5),
          ratio: numberOption(options['ratio'], 'ratio', 0.8),
        });
  const result: FairnessResult = {
    file: { digest: content.digest, rows: table.rows },
    positive: positive ?? 'default (1, true or yes)',
    groupings: whole,
    ...(options['control'] === undefined
      ? {}
      : { controlled: controlled(categories(table, options['control']), reports) }),
    ...(scores ? { scores: scoreMeasurements(attributes, labels, scores) } : {}),
    ...mitigated,
    ...(policy ? { verdicts: verdicts(policy, whole) } : {}),
  };
  if (options['svg'] !== undefined) await writeFile(options['svg'], picture(result, policy));
  stdout.write(flags.has('json') ? `${JSON.stringify(result, undefined, 2)}\n` : present(result));
  return result.verdicts?.some(({ verdict }) => verdict !== 'pass') ? 1 : 0;
};

function numberOption(text: string | undefined, field: string, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (text?.trim() === '' || !Number.isFinite(value))
    throw new InputError('Usage', `--${field} is a number\n${usage}`, { field, rule: 'a finite number' });
  return value;
}

async function readPolicy(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new InputError('Unreadable', `${path} cannot be read (${error.code})`, {
      file: path,
      rule: 'a readable file',
    });
  });
}

function categories(table: Table, name: string): CategoryColumn {
  const column = asCategories(columnOf(table, name));
  const missing = column.codes.findIndex((code) => code < 0);
  if (missing >= 0)
    throw new InputError('MissingValue', `column "${name}" has no value in row ${missing}`, {
      field: name,
      row: missing,
      rule: 'no missing values',
    });
  return column;
}

function privileged(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  const cut = text.indexOf('=');
  if (cut < 1)
    throw new InputError('Usage', `--privileged is COLUMN=VALUE\n${usage}`, {
      field: 'privileged',
      rule: 'COLUMN=VALUE',
    });
  return { [text.slice(0, cut)]: text.slice(cut + 1) };
}

function controlled(control: CategoryColumn, reports: (rows: Int32Array) => GroupingReport[]) {
  return control.categories.map((value, code) => ({
    value,
    groupings: reports(
      Int32Array.from({ length: control.codes.length }, (_, row) => row).filter((row) => control.codes[row] === code),
    ),
  }));
}

function verdicts(policy: FairnessPolicy, groupings: readonly GroupingReport[]): GateVerdict[] {
  return policy.gates.map((gate) => {
    const grouping = groupings.find(({ attributes }) =>
      gate.attribute === undefined ? true : attributes.join(',') === gate.attribute,
    );
    const measurement = grouping?.measurements.find(
      ({ definition, group }) =>
        definition === gate.measure && Object.values(group ?? {}).every((value) => value === '*'),
    );
    const sizes = (grouping?.groups ?? []).map(({ rows }) => rows);
    const smallest = sizes.length > 0 ? Math.min(...sizes) : 0;
    return judge(gate, measurement, smallest, policy.minimumGroupSize);
  });
}

function present(result: FairnessResult): string {
  const { file, groupings, scores, verdicts: judged, controlled: strata } = result;
  const lines = [`${file.rows} rows, SHA-256 ${file.digest}`, ''];
  const show = (reports: readonly GroupingReport[]): void => {
    for (const report of reports) {
      const rates = new Map(
        report.measurements
          .filter(({ definition, group }) => definition === 'selection_rate@fairlearn' && group)
          .map((rate) => [groupName(rate.group!), rate]),
      );
      const comparisons = new Map(report.comparisons.map((one) => [groupName(one.group), one]));
      lines.push(
        `by ${report.attributes.join(' × ')}${report.unknown > 0 ? `   (${report.unknown} rows of unknown group left out)` : ''}`,
      );
      lines.push(
        ...printTable(
          [
            'group',
            'rows',
            'selection rate',
            '95 % interval',
            'TPR',
            'FPR',
            'precision',
            'ratio to reference',
            '95 % interval',
            'p (Holm)',
          ],
          report.groups.map((group) => {
            const name = groupName(group.group);
            const rate = rates.get(name);
            const versus = comparisons.get(name);
            const [tpr, fpr, precision] = group.rates;
            return [
              name,
              String(group.rows),
              number(rate),
              interval(rate),
              number(tpr),
              number(fpr),
              number(precision),
              versus ? number(versus.ratio) : 'reference',
              interval(versus?.ratio),
              versus?.test ? versus.test.corrected.toPrecision(3) : '',
            ];
          }),
        ),
      );
      lines.push(
        '',
        ...printTable(
          ['between groups', 'value', '95 % interval', 'method'],
          report.measurements
            .filter(({ group }) => Object.values(group ?? {}).includes('*'))
            .map((m) => [m.definition, number(m), interval(m), m.interval?.method ?? '']),
        ),
      );
      if (report.overallTest)
        lines.push(
          `any difference: chi-square ${report.overallTest.statistic.toPrecision(5)}, p ${report.overallTest.pvalue.toPrecision(3)}`,
        );
      lines.push('');
    }
  };
  show(groupings);
  for (const stratum of strata ?? []) {
    lines.push(`where the control is ${stratum.value}:`, '');
    show(stratum.groupings);
  }
  if (scores)
    lines.push(
      ...printTable(
        ['score', 'group', 'value', '95 % interval', 'rows'],
        scores.map((m) => [m.definition, groupName(m.group ?? {}), number(m), interval(m), String(m.n)]),
      ),
      '',
    );
  lines.push(...presentMitigation(result));
  for (const { gate, verdict, reasons } of judged ?? [])
    lines.push(`gate ${gate.id}: ${verdict.toUpperCase()}  ${reasons.join('; ')}`);
  return `${lines.join('\n')}\n`;
}

function picture({ groupings }: FairnessResult, policy: FairnessPolicy | undefined): string {
  const panels = groupings.flatMap((report): BarPanel[] => {
    const bars = (definition: string) =>
      report.measurements
        .filter((m) => m.definition === definition)
        .map((m) => ({
          label: groupName(m.group ?? {}),
          value: m.value ?? undefined,
          low: m.interval?.low ?? undefined,
          high: m.interval?.high ?? undefined,
          note: `n ${m.n}`,
        }));
    const gate = policy?.gates.find(
      ({ measure, attribute }) => measure.includes('parity_ratio') && attribute === report.attributes.join(','),
    );
    return [
      {
        title: `selection rate by ${report.attributes.join(' × ')}, Wilson 95 %`,
        bars: bars('selection_rate@fairlearn'),
        maximum: 1,
      },
      {
        title: `ratio to the highest rate, Koopman 95 %`,
        bars: bars('four_fifths_ratio@assay'),
        mark: gate?.threshold ?? 0.8,
        maximum: 1.2,
      },
    ];
  });
  return barChart('Fairness of decisions', panels);
}
