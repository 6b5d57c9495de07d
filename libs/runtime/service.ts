import { endWithParent } from './children.js';
import { InvalidConfiguration } from './configuration.js';
import type { Log } from './log.js';

/** What a service gives back when it runs. */
export interface RunningService {
  /** One line for the person who started it, e.g. where it listens. */
  readonly line: string;
  close(): Promise<void>;
}

/**
 * Runs a service in the foreground: starts it, says where it is, and closes it on SIGINT, SIGTERM, SIGHUP or when the
 * parent that named itself in ASSAY_PARENT has died. Exit code 2 for a wrong configuration, which stands in the
 * environment and never in arguments, 1 for a failed start.
 */
export async function runService(name: string, log: Log, start: () => Promise<RunningService>): Promise<void> {
  const [argument] = process.argv.slice(2);
  if (argument !== undefined) {
    process.stderr.write(
      `assay ${name} did not start: ${argument}: it takes no arguments, see npm run start:${name} -- --help\n`,
    );
    process.exit(2);
  }
  let service: RunningService;
  // It may wait for a neighbour at its start for as long as that is away, but not for longer than its parent lives.
  let stop = (): void => process.exit(1);
  endWithParent(() => stop());
  try {
    service = await start();
  } catch (error) {
    process.stderr.write(`assay ${name} did not start: ${(error as Error).message}\n`);
    process.exit(error instanceof InvalidConfiguration ? 2 : 1);
  }
  process.stdout.write(`${service.line}\n`);
  let stopping = false;
  stop = () => {
    if (stopping) return;
    stopping = true;
    service.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error: String(error) }, `${name} did not close in good order`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
}
