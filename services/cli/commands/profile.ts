import { writeFile } from 'node:fs/promises';
import { InputError, barChart, compareVersions, profileInParallel, readTable } from '#libs/statistics';
import type { DataProfile, VersionComparison } from '#libs/statistics';
import { list, parseArguments } from '../arguments.js';
import { progress, short, table as printTable } from '../print.js';
import type { Command } from '../registry.js';

const usage = `assay profile FILE [--target C] [--protected C,…] [--spearman] [--against EARLIER [--key C,…]] [--json] [--svg FILE]
  --against compares with an earlier version of the data: rows, columns, types, distributions; --key names the columns
  that tell rows apart, so that changed rows are told from removed and added ones.`;

/** Profile and seal of a data file. `--json`: schemas/cli/profile.schema.json. */
export const profile: Command = async (args, { stdout, stderr }) => {
  const { positional, flags, options } = parseArguments(args, {
    flags: ['json', 'spearman'],
    options: ['target', 'protected', 'against', 'key', 'svg'],
    positional: [1, 1],
    usage,
  });
  if (flags.has('help')) {
    stdout.write(`${usage}\n`);
    return 0;
  }
  if (options['key'] !== undefined && options['against'] === undefined)
    throw new InputError('Usage', `--key goes with --against\n${usage}`, { field: 'key', rule: 'with --against' });
  const onProgress = progress(stderr);
  const { table, digest, bytes } = await readTable(positional[0]!, { onProgress });
  const target = options['target'];
  const result = await profileInParallel(table, {
    ...(target === undefined ? {} : { target }),
    protected: list(options['protected']) ?? [],
    spearman: flags.has('spearman'),
  });
  const earlier = options['against'] === undefined ? undefined : await readTable(options['against'], { onProgress });
  const against = earlier && {
    file: { digest: earlier.digest, bytes: earlier.bytes },
    ...compareVersions(earlier.table, table, list(options['key'])),
  };
  if (options['svg'] !== undefined) await writeFile(options['svg'], picture(result));
  stdout.write(
    flags.has('json')
      ? `${JSON.stringify({ file: { digest, bytes }, ...result, ...(against ? { against } : {}) }, undefined, 2)}\n`
      : present(digest, result) + (against ? presentComparison(against) : ''),
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
    'undefined' in result.context
      ? `outliers in context: undefined (${result.context.undefined})`
      : `outliers in context (Mahalanobis, chi-square 0.999, ${result.context.columns.length} columns): ${result.context.outliers} of ${result.context.rows} rows, ${short(result.context.expected)} expected of normal data`,
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

function presentComparison({ rows, byKey, columns, distributions }: VersionComparison): string {
  const { same, removed, added, before } = rows;
  return [
    `against the earlier version (${before} rows): ${rows.sameDigest ? 'the same rows' : `${same} rows the same, ${removed} removed, ${added} added`}`,
    ...(byKey
      ? [
          `by ${byKey.key.join(', ')}: ${byKey.same} the same, ${byKey.changed} changed, ${byKey.removed} removed, ${byKey.added} added`,
          ...Object.entries(byKey.cells).map(([column, count]) => `  ${column}: ${count} cells changed`),
        ]
      : []),
    ...(columns.removed.length > 0 ? [`columns removed: ${columns.removed.join(', ')}`] : []),
    ...(columns.added.length > 0 ? [`columns added: ${columns.added.join(', ')}`] : []),
    ...(columns.moved ? ['the columns stand in another order'] : []),
    ...columns.types.map((change) => `type of ${change.column}: ${change.before} → ${change.after}`),
    ...printTable(
      ['distribution', 'nulls', 'Σ|p − q|', 'p (Holm)', 'changed'],
      distributions
        .filter(({ changed, nulls }) => changed !== false || nulls.before !== nulls.after)
        .map(({ column, nulls, magnitude, test, undefined: reason, changed }) => [
          column,
          `${nulls.before} → ${nulls.after}`,
          magnitude === undefined ? '' : short(magnitude),
          test ? test.corrected.toPrecision(3) : (reason ?? ''),
          changed === undefined ? 'undefined' : changed ? 'yes' : 'no',
        ]),
    ),
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
