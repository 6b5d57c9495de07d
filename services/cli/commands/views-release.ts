import { createApplication, Directory, openMutableTables } from '../../../libs/application/index.js';
import { createPostgresVault } from '../../../libs/disclosure/index.js';
import type { EventStore } from '../../../libs/event-store/index.js';
import { createIdentification, createIdentityStore } from '../../../libs/identity/index.js';
import { readSkipped, releasePartition, stoppedAt, type Stop } from '../../../libs/projections/index.js';
import { newId, systemClock } from '../../../libs/runtime/index.js';
import { BadInput, viewNamed, wholeNumber, type ViewsCall } from './views.js';

/** The decision was refused: by a rule, or because the key does not allow it. */
class ReleaseRefused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** `assay views release NAME PARTITION --retry|--skip --reason TEXT`. */
export async function release(call: ViewsCall): Promise<number> {
  const { pool, stores, stdout, json, options, words } = call;
  const view = viewNamed(words[0]!);
  const partition = wholeNumber('PARTITION', words[1]!, 0);
  const { retry, skip, reason } = options;
  if (retry === skip) throw new BadInput('one of --retry and --skip is wanted');
  if (typeof reason !== 'string' || reason.trim() === '') throw new BadInput('--reason TEXT is wanted');
  const key = process.env['ASSAY_KEY'];
  if (!key) throw new BadInput('ASSAY_KEY: the service key of an administrator is wanted');
  const stop = await stoppedAt(pool, view.name, partition);
  if (stop === undefined) throw new BadInput(`partition ${partition} of view ${view.name} is not stopped`);

  const decision = retry === true ? 'retry' : 'skip';
  const position = await record(call, { key, stop, decision, reason });
  const isReleased = await readSkipped(stores.store, [view.name]);
  const again = await releasePartition({ pool, view, partition, store: stores.store, isReleased });
  const result = { view: view.name, partition, decision, eventId: stop.eventId, position: String(position) };
  if (json) stdout.write(`${JSON.stringify({ ...result, ...(again && { stoppedAgain: plain(again) }) })}\n`);
  else stdout.write(readable(result, again));
  return again === undefined ? 0 : 1;
}

interface Decided {
  readonly key: string;
  readonly stop: Stop;
  readonly decision: 'retry' | 'skip';
  readonly reason: string;
}

/** The decision as an event, its reason in the vault; the position of the event. */
async function record({ stores }: ViewsCall, { key, stop, decision, reason }: Decided): Promise<bigint> {
  const source = await openMutableTables(stores.databaseUrl);
  const directory = new Directory();
  const identities = createIdentityStore(source);
  const vault = createPostgresVault(source);
  const store = without(stores.store, stop);
  const application = createApplication({ store, vault, identities, clock: systemClock, directory });
  try {
    await application.catchUp();
    const identification = createIdentification({ index: directory.access, store: identities, clock: systemClock });
    const { workspace, actor } = await identification.identify({ authorization: `Bearer ${key}` });
    const { view, partition, eventId, position } = stop;
    const context = {
      workspace,
      actor,
      commandId: newId(),
      correlationId: newId(),
      now: systemClock.now().toISOString(),
    };
    const input = { view, partition, eventId, position, decision, reason };
    const result = await application.execute('ReleasePartition', input, context);
    if (result.outcome === 'refused')
      throw new ReleaseRefused(result.code, `the decision is refused: ${JSON.stringify(result.details)}`);
    return result.position;
  } finally {
    await application.close();
    await source.destroy();
  }
}

/**
 * The log without the event that is decided about: nobody may be able to read it. One that says who may do what is not
 * left out, so that nobody decides with a right that it takes away.
 */
function without(store: EventStore, { eventId, stream }: Stop): EventStore {
  if (/^(identity|accessGrant|workspace)-/.test(stream)) return store;
  return {
    append: store.append.bind(store),
    readStream: store.readStream.bind(store),
    subscribeAll: store.subscribeAll.bind(store),
    ping: store.ping.bind(store),
    close: store.close.bind(store),
    async *readAll(options) {
      for await (const event of store.readAll(options)) if (event.id !== eventId) yield event;
    },
  };
}

const plain = ({ partition, eventId, eventType, position, error }: Stop) => ({
  partition,
  eventId,
  eventType,
  position: String(position),
  error,
});

function readable(
  { view, partition, decision, eventId, position }: Readonly<Record<string, string | number>>,
  again: Stop | undefined,
): string {
  const done = `${decision} of ${eventId} in partition ${partition} of ${view}: recorded at position ${position}\n`;
  if (again === undefined) return `${done}the partition goes on\n`;
  return `${done}the partition is stopped again by ${again.eventType} ${again.eventId} at position ${again.position}: ${again.error}\n`;
}
