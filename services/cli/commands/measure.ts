import { createReadStream, existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { InputError, findDefinition, intervalChart, measure, readTable } from '#libs/statistics';
import type { MeasureResult, Table } from '#libs/statistics';
import { parseArguments } from '../arguments.js';
import { progress } from '../print.js';
import type { Command, CommandContext } from '../registry.js';

const usage = `assay measure NAME@PROFILE FILE [CURRENT] --args JSON [--json] [--svg FILE]
assay measure --cases FILE [--svg FILE]     JSON Lines {name, files: [one or two, or none], args}`;

/** One number by its name, or many from a file of cases, answered in input order. */
export const measureCommand: Command = async (args, context) => {
  const { positional, flags, options } = parseArguments(args, {
    flags: ['json'],
    options: ['args', 'cases', 'svg'],
    positional: [0, 3],
    usage,
  });
  if (flags.has('help')) {
    context.stdout.write(`${usage}\n`);
    return 0;
  }
  if (options['cases'] !== undefined) return cases(options['cases'], options['svg'], context);
  const [name, ...files] = positional;
  if (name === undefined) throw new InputError('Usage', usage, { rule: 'a name' });
  const tables = new Tables(process.cwd(), context);
  const result = await measured(name, await tables.all(files), argumentsOf(options['args']), process.cwd());
  if (options['svg'] !== undefined) await writeFile(options['svg'], picture([result]));
  context.stdout.write(flags.has('json') ? `${JSON.stringify(result)}\n` : `${present(result)}\n`);
  return 0;
};

/** Of a model file where the arguments name one; its code is loaded only then. */
async function measured(
  name: string,
  tables: readonly Table[],
  args: Readonly<Record<string, unknown>>,
  folder: string,
): Promise<MeasureResult> {
  const model = args['model'];
  if (findDefinition(name).family !== 'explanation' || typeof model !== 'string') return measure(name, tables, args);
  const beside = resolve(folder, model);
  const bytes = await readFile(existsSync(beside) ? beside : resolve(model)).catch((error: NodeJS.ErrnoException) => {
    throw new InputError('Unreadable', `${model} cannot be read (${error.code})`, {
      file: model,
      rule: 'a readable file',
    });
  });
  const { measureModel } = await import('#libs/learning');
  return measureModel(name, bytes, tables, args);
}

interface Case {
  readonly name: string;
  readonly files?: readonly string[];
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A case that cannot be computed is answered by its error, in its place; the exit code is then 2. */
async function cases(path: string, svg: string | undefined, context: CommandContext): Promise<number> {
  await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new InputError('Unreadable', `${path} cannot be read (${error.code})`, {
      file: path,
      rule: 'a readable file',
    });
  });
  const { stdout } = context;
  const tables = new Tables(dirname(resolve(path)), context);
  const drawn: Drawn[] = [];
  const draw = (result: Drawn): void => void (svg !== undefined && drawn.length < mostDrawn && drawn.push(result));
  let failed = 0;
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number += 1;
    if (line.trim() === '') continue;
    try {
      const { name, files = [], args = {} } = parseCase(line, number);
      const result = await measured(name, await tables.all(files), args, dirname(resolve(path)));
      stdout.write(`${JSON.stringify(result)}\n`);
      draw(result);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      failed += 1;
      draw({ definition: nameIn(line) ?? `line ${number}`, value: null, undefined: error.code, n: 0 });
      stdout.write(
        `${JSON.stringify({ definition: nameIn(line), value: null, undefined: error.code, n: 0, error: error.toJSON() })}\n`,
      );
    }
  }
  if (svg !== undefined) await writeFile(svg, picture(drawn));
  return failed > 0 ? 2 : 0;
}

function parseCase(line: string, number: number): Case {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new InputError('MalformedCase', `line ${number} is no JSON`, { line: number, rule: 'JSON Lines' });
  }
  const { name, files, args } = (parsed ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string')
    throw new InputError('MalformedCase', `line ${number} has no name`, {
      line: number,
      field: 'name',
      rule: 'a text',
    });
  if (
    files !== undefined &&
    files !== null &&
    !(Array.isArray(files) && files.every((file) => typeof file === 'string') && files.length <= 2)
  )
    throw new InputError('MalformedCase', `line ${number}: files`, {
      line: number,
      field: 'files',
      rule: 'at most two paths',
    });
  if (args !== undefined && args !== null && (typeof args !== 'object' || Array.isArray(args)))
    throw new InputError('MalformedCase', `line ${number}: args`, { line: number, field: 'args', rule: 'an object' });
  return { name, files: (files ?? []) as string[], args: (args ?? {}) as Record<string, unknown> };
}

function nameIn(line: string): string | null {
  try {
    const { name } = JSON.parse(line) as { name?: unknown };
    return typeof name === 'string' ? name : null;
  } catch {
    return null;
  }
}

function argumentsOf(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // Answered below.
  }
  throw new InputError('Usage', `--args is no JSON object: ${text}`, { field: 'args', rule: 'a JSON object' });
}

/** Each file is read once, however many cases name it; at most eight stay in memory. */
class Tables {
  private readonly read = new Map<string, Promise<Table>>();

  constructor(
    private readonly folder: string,
    private readonly context: CommandContext,
  ) {}

  async all(files: readonly string[]): Promise<Table[]> {
    const tables: Table[] = [];
    // A path stands beside the file of cases, or where the command was started.
    for (const file of files) {
      const beside = resolve(this.folder, file);
      tables.push(await this.one(existsSync(beside) ? beside : resolve(file)));
    }
    return tables;
  }

  private one(path: string): Promise<Table> {
    let table = this.read.get(path);
    if (table) this.read.delete(path);
    else table = readTable(path, { onProgress: progress(this.context.stderr) }).then((content) => content.table);
    this.read.set(path, table);
    if (this.read.size > 8) this.read.delete(this.read.keys().next().value!);
    return table;
  }
}

/** Of a picture that somebody can still look at. */
const mostDrawn = 500;

type Drawn = Pick<MeasureResult, 'definition' | 'value' | 'undefined' | 'n' | 'interval'>;

function picture(results: readonly Drawn[]): string {
  const [first, ...others] = results;
  const title = first !== undefined && others.length === 0 ? first.definition : `${results.length} measures`;
  return intervalChart(
    title,
    results.map(({ definition, value, undefined: reason, n, interval }) => ({
      label: definition,
      value: value ?? undefined,
      ...(interval && { low: interval.low, high: interval.high }),
      note: value === null ? (reason ?? '') : `n ${n}`,
    })),
  );
}

function present({ definition, version, value, undefined: reason, n, denominator, interval }: MeasureResult): string {
  const doubt = interval
    ? `  ${interval.level * 100} % [${interval.low}, ${interval.high ?? '∞'}] ${interval.method}`
    : '';
  return `${definition} (${version})  ${value ?? `undefined: ${reason}`}  n ${n}${denominator === undefined ? '' : `  of ${denominator}`}${doubt}`;
}
