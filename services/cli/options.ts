import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A command was called in a way that it does not know. */
export class BadInput extends Error {
  readonly code = 'BadInput';
}

/** What `parseArgs` makes of a command's words. @throws BadInput of one line, which names what it does not know */
export function readOptions<Config extends ParseArgsConfig>(command: string, config: Config) {
  try {
    return parseArgs(config);
  } catch (error) {
    const [said] = (error as Error).message.split(/\n|\. To specify/);
    throw new BadInput(`${said}; see assay ${command} --help`);
  }
}
