import { catalogue } from '#libs/statistics';
import type { MeasureDefinition } from '#libs/statistics';
import { parseArguments } from '../arguments.js';
import type { Command } from '../registry.js';

const usage = 'assay measures [NAME] [--family F] [--json]';

/** The catalogue, whole or by part of a name. `--json`: schemas/cli/measures.schema.json. */
export const measures: Command = async (args, { stdout }) => {
  const { positional, flags, options } = parseArguments(args, {
    flags: ['json'],
    options: ['family'],
    positional: [0, 1],
    usage,
  });
  if (flags.has('help')) {
    stdout.write(`${usage}\n`);
    return 0;
  }
  const found = [...catalogue.values()].filter(
    (definition) =>
      `${definition.name}@${definition.profile}`.includes(positional[0] ?? '') &&
      (options['family'] === undefined || definition.family === options['family']),
  );
  if (flags.has('json')) stdout.write(`${JSON.stringify({ measures: found.map(asJson) }, undefined, 2)}\n`);
  else stdout.write(found.map(describe).join('\n'));
  return 0;
};

function asJson(definition: MeasureDefinition): object {
  const { compute: _, name, profile, undefinedCases, ...rest } = definition;
  return { id: `${name}@${profile}`, name, profile, ...rest, undefined: undefinedCases };
}

function describe(definition: MeasureDefinition): string {
  const {
    name,
    profile,
    version,
    files,
    arguments: own,
    formula,
    range,
    undefinedCases,
    source,
    reference,
    differs,
  } = definition;
  const lines = [
    `${name}@${profile}  (${version}, ${files} file${files === 1 ? '' : 's'})`,
    `  ${formula}`,
    `  range      ${range}`,
    `  arguments  ${own.map((argument) => `${argument.name}${argument.required ? '' : '?'}`).join(', ')}`,
    ...(undefinedCases.length > 0 ? [`  undefined  ${undefinedCases.join('; ')}`] : []),
    `  source     ${source}${reference ? `; ${reference}` : ''}`,
    ...(differs ? [`  differs    ${differs}`] : []),
    '',
  ];
  return lines.join('\n');
}
