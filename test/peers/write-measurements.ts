// Writes the catalogue into docs/measurements.md, or with --check fails where it is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { catalogue } from '#libs/statistics';

export const measurementsFile = join(repositoryRoot(), 'docs', 'measurements.md');

/** The document with the catalogue as it is now between its marks. */
export function withCatalogue(document: string): string {
  const start = '<!-- catalogue -->';
  const end = '<!-- /catalogue -->';
  const [before, rest] = document.split(start) as [string, string];
  return `${before}${start}\n\n${tables()}\n${end}${rest.split(end)[1]}`;
}

function tables(): string {
  const families = new Map(
    [...new Set([...catalogue.values()].map(({ family }) => family))].map((family) => [
      family,
      [...catalogue.values()].filter((own) => own.family === family),
    ]),
  );
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [...families]
    .map(([family, definitions]) =>
      [
        `### ${family}`,
        '',
        '| measure | definition | undefined | reference | where it differs |',
        '| --- | --- | --- | --- | --- |',
        ...definitions.map(
          ({ name, profile, version, formula, undefinedCases, reference, source, differs }) =>
            `| \`${name}@${profile}\` | ${cell(formula)} | ${cell(undefinedCases.join('; '))} | ${cell(reference ? `\`${reference}\` ${version}` : source)} | ${cell(differs ?? '')} |`,
        ),
        '',
      ].join('\n'),
    )
    .join('\n');
}

if (process.argv[1]?.endsWith('write-measurements.ts'))
  writeFileSync(measurementsFile, withCatalogue(readFileSync(measurementsFile, 'utf8')));
