import { parseArgs } from 'node:util';
import { copyStore, createEventStore } from '../../../libs/event-store/index.js';
import type { CommandContext } from '../registry.js';

const usage = `assay store copy FROM TO --map FILE

Copies every domain event of one event store into another, both named by connection strings (esdb://…): ids, streams,
revisions, order and bytes stay. Run it again after it was broken off; it goes on. At the end everything is verified.

  --map FILE   gets one JSON line for each event: {"from": old position, "recordedAt", "to": new position}

Exit code 0: copied and verified. 2: refused or broken off; the reason is printed.
`;

class BadInput extends Error {
  readonly code = 'BadInput';
}

/** `assay store`: see the usage text. */
export async function store(args: readonly string[], { stdout, stderr }: CommandContext): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    stdout.write(usage);
    return 0;
  }
  const [action, from, to, ...rest] = positionals;
  if (action !== 'copy' || from === undefined || to === undefined || rest.length > 0)
    throw new BadInput(`"copy", and two connection strings, are wanted\n${usage}`);
  if (values.map === undefined) throw new BadInput(`--map is wanted\n${usage}`);
  if (from === to) throw new BadInput('FROM and TO are the same store');
  const source = createEventStore({ connectionString: from });
  const target = createEventStore({ connectionString: to });
  try {
    const { events, resumedAfter } = await copyStore({
      source,
      target,
      map: values.map,
      progress: (phase, count) => stderr.write(`${phase} ${count}\n`),
    });
    stdout.write(`${events} events copied and verified (${resumedAfter} were there before); map in ${values.map}\n`);
    return 0;
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { map: { type: 'string' }, help: { type: 'boolean', default: false } },
    });
  } catch (error) {
    throw new BadInput(`${(error as Error).message}\n${usage}`);
  }
}
