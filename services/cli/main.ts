import { commands } from './registry.js';
import type { CommandContext } from './registry.js';

/**
 * `assay COMMAND …`. Errors go to stderr as one line, or as JSON with `--json`; the exit code is 2.
 * Loads a command's code only when it is run.
 */
export async function main(
  argv: readonly string[],
  context: CommandContext = { stdout: process.stdout, stderr: process.stderr },
): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    context.stdout.write(help());
    return name === undefined ? 2 : 0;
  }
  const entry = commands.find((command) => command.name === name);
  if (!entry) {
    context.stderr.write(`assay: there is no command "${name}"; see assay --help\n`);
    return 2;
  }
  try {
    const command = await entry.load();
    return await command(args, context);
  } catch (error) {
    const { code, message, place } = error as { code?: string; message?: string; place?: Place };
    if (args.includes('--json'))
      context.stderr.write(`${JSON.stringify({ error: { code: code ?? 'Failed', message, ...place } })}\n`);
    else {
      const [said, ...usage] = (message ?? String(error)).split('\n');
      const kind = code ? ` (${code}${broken(place)})` : '';
      context.stderr.write(`${[`assay ${name}: ${said}${kind}`, ...usage].join('\n')}\n`);
    }
    if (code === undefined && process.env['ASSAY_DEBUG'] && error instanceof Error)
      context.stderr.write(`${error.stack}\n`);
    return 2;
  }
}

interface Place {
  readonly field?: string;
  readonly rule?: string;
}

/** The field and the rule that it breaks. */
function broken({ field, rule }: Place = {}): string {
  const named = [field, rule].filter((part) => part !== undefined).join(': ');
  return named === '' ? '' : `; ${named}`;
}

function help(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'assay COMMAND [ARGUMENTS]   (assay COMMAND --help tells more)',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
  ].join('\n');
}
