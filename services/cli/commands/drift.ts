import { writeFile } from 'node:fs/promises';
import { barChart, driftReport, judge, parsePolicy, readTable } from '#libs/statistics';
import type { DriftReport, GateVerdict, MeasureResult } from '#libs/statistics';
import { list, parseArguments } from '../arguments.js';
import { readJson } from '../read-json.js';
import { progress, short, table as printTable } from '../print.js';
import type { Command } from '../registry.js';

type Gate = Parameters<typeof judge>[0];

const usage =
  'assay drift REFERENCE CURRENT [--columns C,…] [--method NAME@PROFILE,…] [--policy FILE] [--json] [--svg FILE]';

/** Drift of every column between two files. `--json`: schemas/cli/drift.schema.json. */
export const drift: Command = async (args, { stdout, stderr }) => {
  const { positional, flags, options } = parseArguments(args, {
    flags: ['json'],
    options: ['columns', 'method', 'policy', 'svg'],
    positional: [2, 2],
    usage,
  });
  if (flags.has('help')) {
    stdout.write(`${usage}\n`);
    return 0;
  }
  const policy = options['policy'] === undefined ? undefined : parsePolicy(await readJson(options['policy']));
  const reference = await readTable(positional[0]!, { onProgress: progress(stderr) });
  const current = await readTable(positional[1]!, { onProgress: progress(stderr) });
  const report = driftReport(reference.table, current.table, list(options['columns']), list(options['method']));
  const verdicts = (policy?.gates ?? []).flatMap((gate) => verdictsOf(report, gate, policy!.minimumGroupSize));
  if (options['svg'] !== undefined) await writeFile(options['svg'], picture(report));
  const files = { reference: reference.digest, current: current.digest };
  const document = { files, ...report, ...(policy ? { verdicts } : {}) };
  stdout.write(flags.has('json') ? `${JSON.stringify(document, undefined, 2)}\n` : present(report, verdicts));
  return verdicts.some(({ verdict }) => verdict !== 'pass') ? 1 : 0;
};

const shown = (m: MeasureResult): string => (m.value === null ? `undefined (${m.undefined})` : short(m.value));
const yesNo = (value: boolean | undefined): string => (value === undefined ? '' : value ? 'yes' : 'no');
const percent = (m: MeasureResult | undefined): string =>
  m === undefined ? '' : m.value === null ? shown(m) : `${short(m.value * 100)} %`;

/** A gate judges its column (`attribute`), or every column and the whole where it names none. */
function verdictsOf(report: DriftReport, gate: Gate, minimum: number): GateVerdict[] {
  const found = [
    ...report.columns.flatMap(({ column, measures, quality }) => [...measures, ...quality].map((m) => ({ column, m }))),
    ...report.multivariate.map((m) => ({ column: undefined, m })),
  ].filter(
    ({ column, m }) => m.definition === gate.measure && (gate.attribute === undefined || gate.attribute === column),
  );
  const rows = Math.min(report.rows.reference, report.rows.current);
  if (found.length === 0) return [judge(gate, undefined, rows, minimum)];
  return found.map(({ column, m: { definition, value, undefined: reason, n } }) =>
    judge(
      column === undefined ? gate : { ...gate, attribute: column },
      { definition, value, n, ...(reason === undefined ? {} : { undefined: reason }) },
      rows,
      minimum,
    ),
  );
}

function present(report: DriftReport, verdicts: readonly GateVerdict[]): string {
  const { missing, added, changed } = report.schema;
  return [
    `${report.rows.reference} reference rows, ${report.rows.current} current rows`,
    ...(missing.length > 0 ? [`missing in the current data: ${missing.join(', ')}`] : []),
    ...(added.length > 0 ? [`new in the current data: ${added.join(', ')}`] : []),
    ...(changed.length > 0 ? [`type changed: ${changed.join(', ')}`] : []),
    '',
    ...printTable(
      ['column', 'kind', 'measure', 'value', 'rule', 'drift'],
      report.columns.flatMap(({ column, kind, chosen, measures }) =>
        measures.map((m, i) => [
          i === 0 ? column : '',
          i === 0 ? kind : '',
          `${m.definition}${m.definition === chosen ? ' *' : ''}`,
          shown(m),
          m.threshold === undefined ? '' : String(m.threshold),
          yesNo(m.drifted),
        ]),
      ),
    ),
    '',
    ...(report.multivariate.length > 0
      ? [
          ...printTable(
            ['all columns', 'value', 'rule', 'drift'],
            report.multivariate.map((m) => [
              m.definition,
              shown(m),
              m.threshold === undefined ? '' : String(m.threshold),
              yesNo(m.drifted),
            ]),
          ),
          '',
        ]
      : []),
    ...printTable(
      ['column', 'missing, change', 'never seen', 'out of range'],
      report.columns.map(({ column, quality }) => [
        column,
        ...['missing_share_change', 'unseen_share', 'out_of_range_share'].map((name) =>
          percent(quality.find(({ definition }) => definition === `${name}@assay`)),
        ),
      ]),
    ),
    ...verdicts.map(
      ({ gate, verdict, reasons }) =>
        `gate ${gate.id}${gate.attribute === undefined ? '' : ` (${gate.attribute})`}: ${verdict.toUpperCase()} (${reasons.join('; ')})`,
    ),
    '',
    `* decides, by evidently's choice. ${report.share === null ? 'No column could be judged.' : `${Math.round(report.share * 100)} % of the columns drifted: ${report.drifted ? 'drift of the data set' : 'no drift of the data set'}.`}`,
    '',
  ].join('\n');
}

/** What calls it drift: a distance from its threshold on, a p-value below it. */
function titleOf(
  definition: string,
  { threshold, value, drifted }: Partial<DriftReport['columns'][number]['measures'][number]> = {},
): string {
  if (threshold === undefined) return `${definition}, no rule for drift`;
  const isDistance = (value ?? 0) >= threshold === drifted;
  return isDistance ? `${definition}, drift from ${threshold} on` : `${definition}: p, drift below ${threshold}`;
}

function picture({ columns, multivariate }: DriftReport): string {
  const together = multivariate.map((m) => ({
    title: m.definition,
    bars: [{ label: 'all columns', value: m.value ?? undefined, note: m.drifted ? 'drift' : '' }],
    mark: m.threshold,
  }));
  const definitions = [...new Set(columns.flatMap(({ measures }) => measures.map(({ definition }) => definition)))];
  return barChart('Drift by column', [
    ...together,
    ...definitions.map((definition) => {
      const found = columns.flatMap(({ column, measures }) =>
        measures.filter((m) => m.definition === definition).map((m) => ({ column, m })),
      );
      const threshold = found.find(({ m }) => m.threshold !== undefined)?.m.threshold;
      return {
        title: titleOf(definition, found.find(({ m }) => m.threshold !== undefined)?.m),
        bars: found.map(({ column, m }) => ({
          label: column,
          value: m.value ?? undefined,
          note: m.drifted ? 'drift' : '',
        })),
        mark: threshold,
      };
    }),
  ]);
}
