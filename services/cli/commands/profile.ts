import { writeFile } from 'node:fs/promises';
import { barChart, profileTable, readTable } from '#libs/statistics';
import type { DataProfile } from '#libs/statistics';
import { list, parseArguments } from '../arguments.js';
import { progress, short, table as printTable } from '../print.js';
import type { Command } from '../registry.js';

const usage = 'assay profile FILE [--target C] [--protected C,…] [--spearman] [--json] [--svg FILE]';

/** Profile and seal of a data file. `--json`: schemas/cli/profile.schema.json. */
export const profile: Command = async (args, { stdout, stderr }) => {
  const { positional, flags, options } = parseArguments(args, {
    flags: ['json', 'spearman'],
    options: ['target', 'protected', 'svg'],
    positional: [1, 1],
    usage,
  });
  if (flags.has('help')) {
    stdout.write(`${usage}\n`);
    return 0;
  }
  const { table, digest, bytes } = await readTable(positional[0]!, { onProgress: progress(stderr) });
  const target = options['target'];
  const result = profileTable(table, {
    ...(target === undefined ? {} : { target }),
    protected: list(options['protected']) ?? [],
    spearman: flags.has('spearman'),
  });
  if (options['svg'] !== undefined) await writeFile(options['svg'], picture(result));
  stdout.write(
    flags.has('json')
      ? `${JSON.stringify({ file: { digest, bytes }, ...result }, undefined, 2)}\n`
      : present(digest, result),
  );
  return 0;
};

function present(digest: string, result: DataProfile): string {
  const shown = (value: number | null | undefined): string =>
    value === undefined ? '' : value === null ? 'undefined' : short(value);
  const { little, patterns } = result.missing;
  return [
    `${result.rows} rows, ${result.columns.length} columns, ${result.duplicates} duplicate rows`,
    `SHA-256    ${digest}`,
    `row digest ${result.rowDigest} (${result.rowDigestAlgorithm})`,
    '',
    ...printTable(
      [
        'column',
        'type',
        'class',
        'nulls',
        'distinct',
        'mean',
        'sd',
        'skewness',
        'kurtosis',
        'min',
        'median',
        'max',
        'outliers z/IQR/robust',
      ],
      result.columns.map(({ name, type, distribution, nulls, distinct, numbers: x }) => [
        name,
        type,
        distribution.class,
        String(nulls),
        String(distinct),
        ...[
          x?.mean,
          x?.standardDeviation,
          x?.skewness,
          x?.kurtosis,
          x?.minimum,
          x?.quantiles.values['0.5'],
          x?.maximum,
        ].map(shown),
        x ? `${x.outliers.zScore}/${x.outliers.interquartile}/${x.outliers.robust ?? '–'}` : '',
      ]),
    ),
    '',
    ...(patterns.length > 1
      ? [`missing: ${patterns.map(({ missing, rows }) => `${missing.join('+') || 'complete'} ${rows}`).join(', ')}`]
      : []),
    ...(little
      ? [
          'undefined' in little
            ? `Little's test: undefined (${little.undefined})`
            : `Little's test: chi-square ${short(little.statistic)} on ${little.degrees}, p ${little.pvalue.toPrecision(3)}`,
        ]
      : []),
    ...(result.correlations.length > 0
      ? [
          'strongest correlations:',
          ...result.correlations
            .slice(0, 10)
            .map(({ columns, pearson }) => `  ${columns.join(' – ')}  ${short(pearson)}`),
        ]
      : []),
    ...(result.warnings.length > 0
      ? [
          '',
          'to look at:',
          ...result.warnings.map(
            ({ rule, column, detail }) => `  ${rule}${column === undefined ? '' : ` ${column}`}: ${detail}`,
          ),
        ]
      : []),
    '',
  ].join('\n');
}

function picture(result: DataProfile): string {
  return barChart(
    'Values by column',
    result.columns.map(({ name, values, rows, distinct }) => ({
      title: `${name} (${distinct} distinct)`,
      bars: values.slice(0, 6).map(({ value, count }) => ({ label: value, value: count / rows, note: `n ${count}` })),
      maximum: 1,
    })),
  );
}
