import { createApplication, decisionsView, Directory, openMutableTables } from '../../../libs/application/index.js';
import { createPostgresVault } from '../../../libs/disclosure/index.js';
import { createIdentification, createIdentityStore } from '../../../libs/identity/index.js';
import { readSkipped, releasePartition, stoppedAt, type Stop } from '../../../libs/projections/index.js';
import { newId, readConfiguration, systemClock } from '../../../libs/runtime/index.js';
import { BadInput } from '../options.js';
import { viewNamed, wholeNumber, type ViewsCall } from './views.js';

/** The decision was refused: by a rule, or because the key does not allow it. */
class ReleaseRefused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** `assay views release NAME PARTITION --retry|--skip --reason TEXT`, and `release decisions EVENT …`. */
export async function release(call: ViewsCall): Promise<number> {
  const { pool, stores, stdout, json, options, words } = call;
  const { retry, skip, reason } = options;
  if (retry === skip) throw new BadInput('one of --retry and --skip is wanted');
  if (typeof reason !== 'string' || reason.trim() === '') throw new BadInput('--reason TEXT is wanted');
  const key = readConfiguration().optional('ASSAY_KEY');
  if (!key) throw new BadInput('ASSAY_KEY: the service key of an administrator is wanted');
  const decision = retry === true ? 'retry' : 'skip';
  if (words[0] === decisionsView) return releaseDecisions(call, { key, eventId: words[1]!, decision, reason });
  const view = viewNamed(words[0]!);
  const partition = wholeNumber('PARTITION', words[1]!, 0);
  const stop = await stoppedAt(pool, view.name, partition);
  if (stop === undefined) throw new BadInput(`partition ${partition} of view ${view.name} is not stopped`);

  const position = await record(call, { key, decision, reason, stopOf: () => stop });
  const isReleased = await readSkipped(stores.store, [view.name]);
  const again = await releasePartition({ pool, view, partition, store: stores.store, isReleased });
  const result = { view: view.name, partition, decision, eventId: stop.eventId, position: String(position) };
  if (json) stdout.write(`${JSON.stringify({ ...result, ...(again && { stoppedAgain: plain(again) }) })}\n`);
  else stdout.write(readable(result, again));
  return again === undefined ? 0 : 1;
}

/**
 * What no decision can read is passed by, or no longer: every process that follows the store honours it from then on.
 * Nothing is carried out here.
 */
async function releaseDecisions(
  call: ViewsCall,
  given: Omit<Decided, 'stopOf'> & { readonly eventId: string },
): Promise<number> {
  const { eventId, decision } = given;
  const stopOf = (directory: Directory) => {
    const found = directory.unreadable.find(eventId);
    if (!found) throw new BadInput(`${eventId} is no event that decisions cannot read`);
    return { view: decisionsView, partition: 0, eventId, position: found.position };
  };
  const position = await record(call, { ...given, stopOf });
  const result = { view: decisionsView, decision, eventId, position: String(position) };
  if (call.json) call.stdout.write(`${JSON.stringify(result)}\n`);
  else call.stdout.write(`${decision} of ${eventId} in decisions: recorded at position ${position}\n`);
  return 0;
}

interface Decided {
  readonly key: string;
  /** What is decided about, as the log up to now says. */
  readonly stopOf: (directory: Directory) => Pick<Stop, 'view' | 'partition' | 'eventId' | 'position'>;
  readonly decision: 'retry' | 'skip';
  readonly reason: string;
}

/** The decision as an event, its reason in the vault; the position of the event. */
async function record({ stores }: ViewsCall, { key, stopOf, decision, reason }: Decided): Promise<bigint> {
  const source = await openMutableTables(stores.databaseUrl);
  const directory = new Directory();
  const identities = createIdentityStore(source);
  const vault = createPostgresVault(source);
  const application = createApplication({ store: stores.store, vault, identities, clock: systemClock, directory });
  try {
    await application.catchUp();
    const identification = createIdentification({ index: directory.access, store: identities, clock: systemClock });
    const { workspace, actor } = await identification.identify({ authorization: `Bearer ${key}` });
    const { view, partition, eventId, position } = stopOf(directory);
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
