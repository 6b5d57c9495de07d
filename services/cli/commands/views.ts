import { decisionsView } from '../../../libs/application/index.js';
import { createPool, type Pool } from '../../../libs/postgres/index.js';
import { allViews, checkRegistry, migrateRegistry, removeGeneration } from '../../../libs/projections/index.js';
import type { View } from '../../../libs/projections/index.js';
import { BadInput, readOptions } from '../options.js';
import { joinStores, type JoinedStores } from '../joined-stores.js';
import type { CommandContext } from '../registry.js';
import { listViews } from './views-list.js';
import { rebuild, undo, verify } from './views-rebuild.js';
import { release } from './views-release.js';

const usage = `assay views list [--json]
assay views rebuild NAME [--segment FILE | --kafka] [--json]
assay views undo NAME [--json]
assay views verify [NAME] [--json]
assay views drop NAME GENERATION
assay views release NAME PARTITION --retry|--skip --reason TEXT
assay views release decisions EVENT --retry|--skip --reason TEXT

Looks after the read models of a running product, or of one that stands still.

  list      generations with their positions and lag, and partitions that are stopped, with the event and the error
  rebuild   fills the next generation beside the live one and switches to it; stopped (Ctrl-C, kill) and run again, it
            goes on. Reads from --segment FILE (made by assay store export) or from the relay's topic (--kafka, with
            KAFKA_BROKERS and the other KAFKA_… of relay and projector) as far as it goes, then from the store
  undo      goes back to the generation that was live before, after it was caught up
  verify    compares the live generation of NAME, or of every view, with a fold of the log, and names the first row
            that differs
  drop      removes a generation that is not live
  release   records a decision about the event that stopped a partition, with its reason, and carries it out:
            --retry applies it again, --skip passes it by for this view, now and in every rebuild.
            An EVENT that no decision can read holds up whatever rests on its stream: decisions --skip passes it by,
            --retry takes that back. ASSAY_KEY holds the service key of an administrator

  --data DIR   data folder, as in npm start -- --data DIR; DATABASE_URL and EVENTSTORE_URL name stores outside of it,
               and both need no folder
  --json       the result as JSON

Exit code 0: done. 1: verify found a difference, or a released partition is stopped again. 2: refused or broken off.
`;

/** What a command of `assay views` works with. */
export interface ViewsCall extends CommandContext {
  readonly pool: Pool;
  readonly stores: JoinedStores;
  readonly json: boolean;
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** After the action's name. */
  readonly words: readonly string[];
}

const actions: Readonly<
  Record<string, { readonly words: readonly [number, number]; run(call: ViewsCall): Promise<number> }>
> = {
  list: { words: [0, 0], run: listViews },
  rebuild: { words: [1, 1], run: rebuild },
  undo: { words: [1, 1], run: undo },
  verify: { words: [0, 1], run: verify },
  drop: { words: [2, 2], run: drop },
  release: { words: [2, 2], run: release },
};
const readOnly: ReadonlySet<string> = new Set(['list', 'verify']);

/** `assay views`: see the usage text. */
export async function views(args: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    context.stdout.write(usage);
    return 0;
  }
  const [name = '', ...words] = positionals;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined || words.length < action.words[0] || words.length > action.words[1])
    throw new BadInput(
      `${action === undefined ? `"${name}" is not an action` : `${words.length} words after ${name}`}; see assay views --help`,
    );
  const isOfDecisions = name === 'release' && words[0] === decisionsView;
  if (name !== 'list' && words[0] !== undefined && !isOfDecisions) viewNamed(words[0]);
  const stores = await joinStores(values.data, 'begun', (line) => void context.stderr.write(`assay views: ${line}\n`));
  const pool = createPool(stores.databaseUrl, { max: 6, name: 'assay-views' });
  try {
    await (readOnly.has(name) ? checkRegistry(pool) : migrateRegistry(pool));
    return await action.run({ ...context, pool, stores, json: values.json === true, options: values, words });
  } finally {
    await pool.end();
    await stores.close();
  }
}

/** @throws BadInput */
export function viewNamed(name: string): View {
  const view = allViews.find((each) => each.name === name);
  if (view === undefined)
    throw new BadInput(`there is no view "${name}": ${allViews.map((each) => each.name).join(', ')}`);
  return view;
}

/** @throws BadInput */
export function wholeNumber(field: string, text: string, least: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least)) throw new BadInput(`${field}: a whole number from ${least}, not "${text}"`);
  return value;
}

async function drop({ pool, words, stdout }: ViewsCall): Promise<number> {
  const [name, generation] = [words[0]!, wholeNumber('GENERATION', words[1]!, 1)];
  await removeGeneration({ pool, view: viewNamed(name), generation });
  stdout.write(`generation ${generation} of ${name} is removed\n`);
  return 0;
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { data: text, segment: text, kafka: flag, reason: text, retry: flag, skip: flag, json: flag };
  return readOptions('views', {
    args: [...args],
    allowPositionals: true,
    options: { ...options, help: { type: 'boolean', short: 'h' } },
  });
}
