import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { copyStore, createEventStore, exportSegment } from '../../../libs/event-store/index.js';
import { readConfiguration, urlRules } from '../../../libs/runtime/index.js';
import { BadInput, readOptions } from '../options.js';
import { joinStores } from '../joined-stores.js';
import type { CommandContext } from '../registry.js';

const usage = `assay store copy FROM TO --map FILE
assay store export FILE [--store URL] [--from POSITION]

Copies every domain event of one event store into another, both named by connection strings (esdb://…): ids, streams,
revisions, order and bytes stay. Run it again after it was broken off; it goes on. At the end everything is verified.

  --map FILE   gets one JSON line for each event: {"from": old position, "recordedAt", "to": new position}

Positions and times of recording are the target's own. With &copyMap=FILE at the end of EVENTSTORE_URL the product goes
on with those of before: what somebody has pinned, the views and the topics stay as they are. Every process needs it.

Or writes the log into a segment file: every event as it is stored, in order, with position, revision and digest. Run
it again after it was broken off, or when the log has grown; what is there is checked and it goes on.

  --store URL      connection string; default EVENTSTORE_URL, also beside --data, else the product of --data DIR
  --from POSITION  first position to export; default 0, the beginning, which a rebuild of a view wants

Exit code 0: copied and verified, or exported. 2: refused or broken off; the reason is printed.
`;

/** `assay store`: see the usage text. */
export async function store(args: readonly string[], { stdout, stderr }: CommandContext): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    stdout.write(usage);
    return 0;
  }
  const [action, from, to, ...rest] = positionals;
  if (action === 'export') return exportLog(positionals.slice(1), values, { stdout, stderr });
  if (action !== 'copy' || from === undefined || to === undefined || rest.length > 0)
    throw new BadInput(`"copy" and two connection strings, or "export" and a file, are wanted; see assay store --help`);
  if (values.map === undefined) throw new BadInput(`--map FILE is wanted; see assay store --help`);
  if (from === to) throw new BadInput('FROM and TO are the same store');
  const urls = [connectionString('FROM', from), connectionString('TO', to)] as const;
  await checkMap(values.map, urls);
  const source = createEventStore({ connectionString: urls[0] });
  // Thousands of appends are under way at once, and the last of them waits for all: on a slow store, long.
  const target = createEventStore({ connectionString: urls[1], appendTimeoutMilliseconds: 120_000 });
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

async function exportLog(
  words: readonly string[],
  values: ReturnType<typeof parse>['values'],
  { stdout, stderr }: CommandContext,
): Promise<number> {
  const [path, ...rest] = words;
  if (path === undefined || rest.length > 0) throw new BadInput(`one FILE is wanted; see assay store --help`);
  const { from = '0', store: named } = values;
  if (!/^(0|[1-9][0-9]{0,18})$/.test(from)) throw new BadInput(`--from: a position, not "${from}"`);
  const url = named === undefined ? readConfiguration().optional('EVENTSTORE_URL') : connectionString('--store', named);
  const joined =
    url === undefined
      ? await joinStores(values.data, 'begun', (line) => void stderr.write(`assay store: ${line}\n`))
      : undefined;
  const store = joined?.store ?? createEventStore({ connectionString: url! });
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  for (const signal of signals) process.once(signal, stop);
  try {
    const { events, last, resumedAfter } = await exportSegment({
      store,
      path,
      from: BigInt(from),
      signal: abort.signal,
      progress: (count, position) => stderr.write(`exported ${count}, position ${position}\n`),
    });
    const there = `${events} events to position ${last ?? '-'} in ${path} (${resumedAfter} were there before)`;
    stdout.write(abort.signal.aborted ? `stopped: ${there}; run it again to go on\n` : `${there}\n`);
    return abort.signal.aborted ? 2 : 0;
  } finally {
    for (const signal of signals) process.off(signal, stop);
    await (joined ?? store).close();
  }
}

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Where it stands is named; what it says may hold a password, and is not. */
function connectionString(field: string, text: string): string {
  const [shape, rule] = urlRules.EVENTSTORE_URL;
  if (!shape.test(text)) throw new BadInput(`${field}: ${rule}`);
  return text;
}

/** The map is written when everything is copied: what is wrong with its place must not be found out then. */
async function checkMap(path: string, urls: readonly string[]): Promise<void> {
  const folder = dirname(resolve(path));
  await access(folder, constants.W_OK).catch(() => {
    throw new BadInput(`--map: ${folder} is no folder that can be written to`);
  });
  const inUse = urls.map((url) => new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('copyMap'));
  if (inUse.some((map) => map !== null && resolve(map) === resolve(path)))
    throw new BadInput(`--map: ${path} is the copyMap of one of the two stores, which needs it as it is`);
  const first = await firstLine(path);
  if (first !== undefined && !/^\{"from":"\d+","recordedAt":"[^"]+","to":"\d+"\}$/.test(first))
    throw new BadInput(`--map: ${path} is there, and no map of a copy`);
}

/** undefined: there is no such file, or nothing in it. */
async function firstLine(path: string): Promise<string | undefined> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  try {
    const { buffer, bytesRead } = (await file?.read(Buffer.alloc(200), 0, 200, 0)) ?? { bytesRead: 0 };
    return bytesRead === 0 ? undefined : buffer!.toString('utf8', 0, bytesRead).split('\n')[0];
  } catch {
    return '';
  } finally {
    await file?.close();
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  return readOptions('store', {
    args: [...args],
    allowPositionals: true,
    options: { map: text, store: text, from: text, data: text, help: { type: 'boolean', short: 'h' } },
  });
}
