import { writeFile } from 'node:fs/promises';
import {
  InputError,
  asCategories,
  barChart,
  columnOf,
  estimateClassifier,
  estimateRegression,
  featureNumbers,
  judge,
  numbersOf,
  parsePolicy,
  readTable,
} from '#libs/statistics';
import type { EstimateReport, EstimatedPart, GateVerdict, Table } from '#libs/statistics';
import { list, parseArguments } from '../arguments.js';
import { readModelFolder, scoreTable } from '../model-folder.js';
import type { ModelFolder } from '../model-folder.js';
import { groupName, interval, number, progress, short, table as printTable } from '../print.js';
import { readJson } from '../read-json.js';
import type { Command } from '../registry.js';

const usage = `assay estimate DIR REFERENCE CURRENT [--groups C,…] [--threshold P] [--level L] [--policy FILE] [--json] [--svg FILE]

DIR is what assay train --out wrote. The reference holds the target, the current rows need not.`;

/** Performance of a model on rows without labels. `--json`: schemas/cli/estimate.schema.json. */
export const estimate: Command = async (args, { stdout, stderr }) => {
  const { positional, flags, options } = parseArguments(args, {
    flags: ['json'],
    options: ['groups', 'threshold', 'level', 'policy', 'svg'],
    positional: [3, 3],
    usage,
  });
  if (flags.has('help')) {
    stdout.write(`${usage}\n`);
    return 0;
  }
  const share = (name: string, fallback: number): number => {
    const value = options[name] === undefined ? fallback : Number(options[name]);
    if (!(value > 0 && value < 1))
      throw new InputError('Usage', `--${name} ${options[name]}\n${usage}`, { field: name, rule: 'in (0, 1)' });
    return value;
  };
  const [threshold, level] = [share('threshold', 0.5), share('level', 0.95)];
  const policy = options['policy'] === undefined ? undefined : parsePolicy(await readJson(options['policy']));
  const folder = await readModelFolder(positional[0]!);
  const reference = await readTable(positional[1]!, { onProgress: progress(stderr) });
  const current = await readTable(positional[2]!, { onProgress: progress(stderr) });
  const groups = list(options['groups']) ?? folder.job.protected ?? [];
  const report = await estimated(folder, reference.table, current.table, groups, threshold, level);
  const verdicts = (policy?.gates ?? []).flatMap((gate) => verdictsOf(report, gate, policy!.minimumGroupSize));
  if (options['svg'] !== undefined) await writeFile(options['svg'], picture(report));
  const files = { reference: reference.digest, current: current.digest };
  const settings = report.method === 'cbpe@nannyml' ? { threshold, level } : {};
  stdout.write(
    flags.has('json')
      ? `${JSON.stringify({ files, ...settings, ...report, ...(policy ? { verdicts } : {}) }, undefined, 2)}\n`
      : present(report, verdicts),
  );
  return verdicts.some(({ verdict }) => verdict !== 'pass') ? 1 : 0;
};

async function estimated(
  folder: ModelFolder,
  reference: Table,
  current: Table,
  groupNames: readonly string[],
  threshold: number,
  level: number,
): Promise<EstimateReport> {
  const { target, features } = folder.metadata;
  if (!target)
    throw new InputError('UnsupportedModel', 'the model has no target', {
      field: 'target',
      rule: 'a model with a target',
    });
  const groups = (table: Table) => groupNames.map((name) => asCategories(columnOf(table, name)));
  const labelled = hasLabels(current, target.column);
  columnOf(reference, target.column);
  if (!hasLabels(reference, target.column))
    throw new InputError('MissingValue', `the reference misses values of the target "${target.column}"`, {
      field: target.column,
      rule: 'a label in every reference row',
    });
  const [before, now] = [await scoreTable(folder, reference), await scoreTable(folder, current)];
  if (target.scored !== undefined) {
    const labels = (table: Table): Uint8Array => {
      const { codes, categories } = asCategories(columnOf(table, target.column));
      const scored = categories.indexOf(target.scored!);
      return Uint8Array.from(codes, (code) => (code === scored ? 1 : 0));
    };
    return estimateClassifier(
      { probabilities: before, labels: labels(reference), groups: groups(reference) },
      { probabilities: now, ...(labelled ? { labels: labels(current) } : {}), groups: groups(current) },
      threshold,
      level,
    );
  }
  const pairs = features.map((name) => featureNumbers(columnOf(reference, name), columnOf(current, name)));
  const values = (table: Table): Float64Array => numbersOf(columnOf(table, target.column));
  return estimateRegression(
    { predictions: before, labels: values(reference), features: pairs.map(([a]) => a), groups: groups(reference) },
    {
      predictions: now,
      ...(labelled ? { labels: values(current) } : {}),
      features: pairs.map(([, b]) => b),
      groups: groups(current),
    },
  );
}

function hasLabels(table: Table, target: string): boolean {
  const column = table.columns.find(({ name }) => name === target);
  return column !== undefined && column.nulls === 0;
}

/** A gate with an attribute judges each of its groups; without one, the whole. */
function verdictsOf(report: EstimateReport, gate: Parameters<typeof judge>[0], minimum: number): GateVerdict[] {
  const parts = report.parts.filter(({ group }) =>
    gate.attribute === undefined
      ? group === undefined
      : group !== undefined && Object.keys(group)[0] === gate.attribute,
  );
  const found = parts.map((part) => {
    const measurement = part.metrics
      .map(({ estimated: own }) => own)
      .find(({ definition }) => definition === gate.measure);
    return judge(gate, measurement, part.rows, minimum);
  });
  return found.length > 0 ? found : [judge(gate, undefined, 0, minimum)];
}

function present(report: EstimateReport, verdicts: readonly GateVerdict[]): string {
  const realised = report.parts.some(({ metrics }) => metrics.some((metric) => metric.realised));
  const rows = ({ group, rows: count, metrics }: EstimatedPart): string[][] =>
    metrics.map(({ metric, reference, estimated: own, realised: real, change }, i) => [
      i === 0 ? (group ? groupName(group) : 'all') : '',
      i === 0 ? String(count) : '',
      metric,
      number(reference),
      number(own),
      interval(own),
      change === undefined ? '' : `${change > 0 ? '+' : ''}${short(change * 100)} %`,
      ...(realised ? [number(real)] : []),
    ]);
  return [
    `${report.rows.reference} reference rows with labels, ${report.rows.current} current rows; estimated by ${report.method}`,
    '',
    ...printTable(
      ['rows of', 'n', 'metric', 'reference', 'estimated', 'interval', 'change', ...(realised ? ['realised'] : [])],
      report.parts.flatMap(rows),
    ),
    '',
    'An estimate presumes that what the features say of the target has not changed; it holds until labels land.',
    ...verdicts.map(
      ({ gate, verdict, reasons, measurement }) =>
        `gate ${gate.id}${measurement?.group ? ` (${groupName(measurement.group)})` : ''}: ${verdict.toUpperCase()} (${reasons.join('; ')})`,
    ),
    '',
  ].join('\n');
}

function picture({ parts }: EstimateReport): string {
  const metrics = parts[0]?.metrics.map(({ metric }) => metric) ?? [];
  return barChart(
    'Performance without labels',
    metrics.map((metric) => ({
      title: metric,
      // Shares stand on one scale; losses each on their own.
      maximum: /^(mae|mape|mse|rmse|msle|rmsle)$/.test(metric) ? undefined : 1,
      bars: parts.flatMap(({ group, rows, metrics: own }) => {
        const { reference, estimated: found } = own.find((candidate) => candidate.metric === metric)!;
        const name = group ? groupName(group) : 'all';
        return [
          { label: `${name}, reference`, value: reference.value ?? undefined, note: `n ${reference.n}` },
          {
            label: `${name}, estimated`,
            value: found.value ?? undefined,
            low: found.interval?.low ?? undefined,
            high: found.interval?.high ?? undefined,
            note: `n ${rows}`,
          },
        ];
      }),
    })),
  );
}
