import { readFileSync } from 'node:fs';

/** The environment says something that cannot be: `name` is the variable, the message the rule. Nothing was started. */
export class InvalidConfiguration extends Error {
  override readonly name = 'InvalidConfiguration';
  constructor(
    readonly variable: string,
    rule: string,
  ) {
    super(`${variable}: ${rule}`);
  }
}

/** What would be waited for without end, or refused without its name, when it cannot be a URL of its kind. */
export const urlRules = {
  DATABASE_URL: [/^postgres(ql)?:\/\/./, 'a URL that begins with postgres://'],
  EVENTSTORE_URL: [/^esdb(\+discover)?:\/\/./, 'a connection string that begins with esdb:// or esdb+discover://'],
} as const;

type Rules = Readonly<Record<string, readonly [shape: RegExp, rule: string] | undefined>>;
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The one reader of a process's environment. A secret may stand in a file instead, named by `<NAME>_FILE`, as
 * containers hand them over; its last line break is not part of it. A value is never repeated in an error.
 */
export function readConfiguration(environment: Environment = process.env) {
  const optional = (name: string): string | undefined => {
    const value = written(name);
    const [shape, rule] = (value !== undefined && (urlRules as Rules)[name]) || [];
    if (shape?.test(value!) === false) throw new InvalidConfiguration(name, rule!);
    return value;
  };
  const written = (name: string): string | undefined => {
    const value = environment[name];
    const path = environment[`${name}_FILE`];
    if (value !== undefined && value !== '' && path) throw new InvalidConfiguration(name, `not beside ${name}_FILE`);
    if (!path) return value === '' ? undefined : value;
    try {
      return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    } catch {
      throw new InvalidConfiguration(`${name}_FILE`, 'a readable file');
    }
  };
  const required = (name: string, what: string): string => {
    const value = optional(name);
    if (value === undefined) throw new InvalidConfiguration(name, `is needed: ${what}`);
    return value;
  };
  const integer = (name: string, fallback: number, lowest: number, highest: number): number => {
    const text = optional(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= lowest && value <= highest))
      throw new InvalidConfiguration(name, `a whole number from ${lowest} to ${highest}`);
    return value;
  };
  const choice = <Name extends string>(name: string, allowed: readonly Name[]): Name | undefined => {
    const value = optional(name);
    if (value === undefined) return undefined;
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw new InvalidConfiguration(name, `one of ${allowed.join(', ')}`);
    return found;
  };
  const invalid = (name: string, rule: string): InvalidConfiguration => new InvalidConfiguration(name, rule);
  return { optional, required, integer, choice, invalid };
}

export type Configuration = ReturnType<typeof readConfiguration>;
