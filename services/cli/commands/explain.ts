import { writeFile } from 'node:fs/promises';
import { attributionMethods, explainModel } from '#libs/learning';
import type { AttributionMethod, Decision, ExplainReport, FeatureValue } from '#libs/learning';
import { sha256 } from '#libs/signing';
import { InputError, readTable } from '#libs/statistics';
import { list, parseArguments } from '../arguments.js';
import { explainPicture } from '../explain-picture.js';
import { readModelFolder } from '../model-folder.js';
import { progress, short, table as printTable } from '../print.js';
import type { Command } from '../registry.js';

const usage = `assay explain DIR FILE [--row N] [--background FILE] [--attribution ${attributionMethods.join('|')}] [--immutable C,…] [--threshold P] [--counterfactuals N] [--repeats N] [--seed N] [--json] [--svg FILE]

DIR is what assay train --out wrote. FILE holds the rows that are explained; row 0 is the first of them. The background
(default: FILE) says which values are plausible and stands for what is not known.`;

/** What a trained model goes by, whole and for one decision. `--json`: schemas/cli/explain.schema.json. */
export const explain: Command = async (args, { stdout, stderr }) => {
  const { positional, flags, options } = parseArguments(args, {
    flags: ['json'],
    options: [
      'row',
      'background',
      'attribution',
      'immutable',
      'threshold',
      'counterfactuals',
      'repeats',
      'seed',
      'svg',
    ],
    positional: [2, 2],
    usage,
  });
  if (flags.has('help')) {
    stdout.write(`${usage}\n`);
    return 0;
  }
  const number = (name: string, accept: (value: number) => boolean, rule: string): number | undefined => {
    const text = options[name];
    if (text === undefined) return undefined;
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!accept(value)) throw new InputError('Usage', `--${name} ${text}\n${usage}`, { field: name, rule });
    return value;
  };
  const whole = (name: string, least: number, most: number): number | undefined =>
    number(
      name,
      (value) => Number.isInteger(value) && value >= least && value <= most,
      `an integer ${least} … ${most}`,
    );
  const method = options['attribution'] as AttributionMethod | undefined;
  if (method !== undefined && !attributionMethods.includes(method))
    throw new InputError('Usage', `--attribution ${method}\n${usage}`, {
      field: 'attribution',
      rule: attributionMethods.join(', '),
    });
  const asked = {
    row: whole('row', 0, 2 ** 31),
    threshold: number('threshold', (value) => value > 0 && value < 1, 'in (0, 1)'),
    counterfactuals: whole('counterfactuals', 1, 100),
    repeats: whole('repeats', 1, 1000),
    seed: whole('seed', 0, 2 ** 32 - 1),
    immutable: list(options['immutable']),
  };
  const folder = await readModelFolder(positional[0]!);
  const file = await readTable(positional[1]!, { onProgress: progress(stderr) });
  const background =
    options['background'] === undefined
      ? undefined
      : await readTable(options['background'], { onProgress: progress(stderr) });
  const report = await explainModel(folder.model, file.table, {
    ...Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)),
    ...(method ? { method } : {}),
    ...(background ? { background: background.table } : {}),
    protectedFeatures: folder.job.protected ?? [],
    onProgress: (stage, done, total) => {
      if (stderr.isTTY) stderr.write(`\r${stage} ${done} of ${total}`.padEnd(40));
    },
  });
  if (stderr.isTTY) stderr.write(`\r${''.padEnd(40)}\r`);
  if (options['svg'] !== undefined) await writeFile(options['svg'], explainPicture(report));
  const files = {
    model: sha256(folder.model),
    data: file.digest,
    ...(background ? { background: background.digest } : {}),
  };
  stdout.write(flags.has('json') ? `${JSON.stringify({ files, ...report }, undefined, 2)}\n` : present(report));
  return 0;
};

function present(report: ExplainReport): string {
  const { importance, attribution, dependence, decision } = report;
  const lines = [`${report.rows} rows; seed ${report.seed}`, ''];
  if ('undefined' in importance) lines.push(`permutation importance: undefined (${importance.undefined})`);
  else
    lines.push(
      `${importance.definition}: fall of ${importance.score} from ${short(importance.baseline)}, ${importance.repeats} shufflings of ${importance.n} rows`,
      ...printTable(
        ['feature', 'mean', 'sd'],
        importance.features.map(({ feature, mean, sd }) => [feature, short(mean), short(sd)]),
      ),
    );
  for (const { output, base, columns } of attribution.outputs)
    lines.push(
      '',
      `${attribution.definition}: mean |share| of the ${attribution.space} of ${output} over ${attribution.n} rows, base ${short(base)}`,
      ...printTable(
        ['column', 'mean |share|'],
        columns.slice(0, 20).map(({ column, meanAbsolute }) => [column, short(meanAbsolute)]),
      ),
      ...(columns.length > 20 ? [`  … and ${columns.length - 20} more`] : []),
    );
  lines.push(
    '',
    `${dependence.definition}: range of the mean answer over ${dependence.n} rows`,
    ...printTable(
      [
        'feature',
        ...report.outputs.map((output) => `least ${output}`),
        ...report.outputs.map((output) => `most ${output}`),
      ],
      dependence.features.map(({ feature, points }) => [
        feature,
        ...report.outputs.map((_, k) => extreme(Math.min, points, k)),
        ...report.outputs.map((_, k) => extreme(Math.max, points, k)),
      ]),
    ),
  );
  if (decision) lines.push('', ...presentDecision(report, decision));
  return `${lines.join('\n')}\n`;
}

function presentDecision({ outputs }: ExplainReport, decision: Decision): string[] {
  const { attribution, counterfactuals: other, values } = decision;
  const lines = [
    `row ${decision.row}: ${outputs.map((output, k) => `${output} ${short(decision.answer[k]!)}`).join(', ')}`,
  ];
  for (const { output, base, score, shares } of attribution.outputs)
    lines.push(
      '',
      `${attribution.definition}: ${attribution.space} of ${output} ${short(score)} = ${short(base)} +`,
      ...printTable(
        ['column', 'value', 'share', ...(shares[0]?.standardError === undefined ? [] : ['standard error'])],
        shares
          .slice(0, 20)
          .map(({ column, share, standardError }) => [
            column,
            shown(values[column]),
            short(share),
            ...(standardError === undefined ? [] : [short(standardError)]),
          ]),
      ),
      ...(shares.length > 20 ? [`  … and ${shares.length - 20} more`] : []),
    );
  if ('undefined' in other) return [...lines, '', `counterfactuals: undefined (${other.undefined})`];
  const range = other.quantiles.map((share) => `${share * 100} %`).join(' to ');
  lines.push(
    '',
    `${other.definition}: decided ${other.decided}${other.threshold === undefined ? '' : ` at ${other.threshold}`}; ${other.found.length} rows near it that are decided otherwise, of ${other.asked} asked`,
    `values that occur, ${range}; never changed: ${other.unchanged.join(', ') || 'nothing'}`,
    ...printTable(
      ['change', 'distance', ...outputs],
      other.found.map(({ changes, distance, answer }) => [
        changes.map(({ feature, from, to }) => `${feature} ${shown(from)} → ${shown(to)}`).join(', '),
        short(distance),
        ...answer.map(short),
      ]),
    ),
  );
  return lines;
}

/** A feature without a value in any row has no curve. */
function extreme(
  of: (...values: number[]) => number,
  points: readonly { readonly means: readonly number[] }[],
  output: number,
): string {
  return points.length === 0 ? 'undefined (no-values)' : short(of(...points.map(({ means }) => means[output]!)));
}

function shown(value: FeatureValue | undefined): string {
  return value === undefined || value === null ? '' : String(value);
}
