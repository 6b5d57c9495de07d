import { writeFile } from 'node:fs/promises';
import { barChart, driftReport, readTable } from '#libs/statistics';
import type { DriftReport } from '#libs/statistics';
import { list, parseArguments } from '../arguments.js';
import { progress, short, table as printTable } from '../print.js';
import type { Command } from '../registry.js';

const usage = 'assay drift REFERENCE CURRENT [--columns C,…] [--method NAME@PROFILE,…] [--json] [--svg FILE]';

/** Drift of every column between two files. `--json`: schemas/cli/drift.schema.json. */
export const drift: Command = async (args, { stdout, stderr }) => {
  const { positional, flags, options } = parseArguments(args, {
    flags: ['json'],
    options: ['columns', 'method', 'svg'],
    positional: [2, 2],
    usage,
  });
  if (flags.has('help')) {
    stdout.write(`${usage}\n`);
    return 0;
  }
  const reference = await readTable(positional[0]!, { onProgress: progress(stderr) });
  const current = await readTable(positional[1]!, { onProgress: progress(stderr) });
  const report = driftReport(reference.table, current.table, list(options['columns']), list(options['method']));
  if (options['svg'] !== undefined) await writeFile(options['svg'], picture(report));
  const files = { reference: reference.digest, current: current.digest };
  stdout.write(flags.has('json') ? `${JSON.stringify({ files, ...report }, undefined, 2)}\n` : present(report));
  return 0;
};

function present(report: DriftReport): string {
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
          m.value === null ? `undefined (${m.undefined})` : short(m.value),
          m.threshold === undefined ? '' : String(m.threshold),
          m.drifted === undefined ? '' : m.drifted ? 'yes' : 'no',
        ]),
      ),
    ),
    '',
    `* decides, by evidently's choice. ${report.share === null ? 'No column could be judged.' : `${Math.round(report.share * 100)} % of the columns drifted: ${report.drifted ? 'drift of the data set' : 'no drift of the data set'}.`}`,
    '',
  ].join('\n');
}

function picture({ columns }: DriftReport): string {
  const definitions = [...new Set(columns.flatMap(({ measures }) => measures.map(({ definition }) => definition)))];
  return barChart(
    'Drift by column',
    definitions.map((definition) => {
      const found = columns.flatMap(({ column, measures }) =>
        measures.filter((m) => m.definition === definition).map((m) => ({ column, m })),
      );
      const threshold = found.find(({ m }) => m.threshold !== undefined)?.m.threshold;
      return {
        title: definition,
        bars: found.map(({ column, m }) => ({
          label: column,
          value: m.value ?? undefined,
          note: m.drifted ? 'drift' : '',
        })),
        mark: threshold,
      };
    }),
  );
}
