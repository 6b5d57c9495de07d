import { InputError } from '#libs/statistics';

/** Options of a command: flags stand alone, the others take the next word; what is neither is positional. */
export interface OptionShape {
  readonly flags?: readonly string[];
  readonly options?: readonly string[];
  /** Positional arguments at least and at most. */
  readonly positional: readonly [number, number];
  readonly usage: string;
}

export interface ParsedArguments {
  readonly positional: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly options: Readonly<Record<string, string>>;
}

/** @throws InputError `Usage` */
export function parseArguments(
  args: readonly string[],
  { flags = [], options = [], positional, usage }: OptionShape,
): ParsedArguments {
  const found: string[] = [];
  const set = new Set<string>();
  const values: Record<string, string> = {};
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i]!;
    if (!word.startsWith('--') || word === '--') {
      if (word !== '--') found.push(word);
      continue;
    }
    const [name, inline] = split(word.slice(2));
    if (flags.includes(name) || name === 'help') set.add(name);
    else if (options.includes(name)) {
      const value = inline ?? args[(i += 1)];
      if (value === undefined)
        throw new InputError('Usage', `--${name} needs a value\n${usage}`, { field: name, rule: 'a value' });
      values[name] = value;
    } else
      throw new InputError('Usage', `there is no option --${name}\n${usage}`, { field: name, rule: 'a known option' });
  }
  const [least, most] = positional;
  if (!set.has('help') && (found.length < least || found.length > most))
    throw new InputError('Usage', `${found.length} arguments\n${usage}`, { rule: `${least} to ${most} arguments` });
  return { positional: found, flags: set, options: values };
}

function split(word: string): [string, string | undefined] {
  const cut = word.indexOf('=');
  return cut < 0 ? [word, undefined] : [word.slice(0, cut), word.slice(cut + 1)];
}

/** `a,b` as a list; undefined where the option is not there. */
export function list(value: string | undefined): string[] | undefined {
  return value
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
