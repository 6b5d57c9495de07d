import { type Application, readEvent, serviceActor, tellingOnce, type Unreadable } from '#libs/application';
import type { EventStore, RecordedAssayEvent, StoredEvent, SubscriptionItem } from '#libs/event-store';
import type { CommandContext, Id } from '#libs/lifecycle';
import type { Clock, Timer } from '#libs/runtime';
import type { Change } from '#libs/serving';
import type { SigningKey } from '#libs/signing';
import type { Leadership } from './leadership.js';
import { type FreshDirectory, type LeaseServer, createLeaseServer } from './lease-server.js';
import { type Intent, plan } from './plan.js';
import { GovernanceView } from './view.js';

export interface ProcessManagerDependencies {
  /** $all, from the process's fan-out. */
  readonly subscribe: (options: {
    readonly after?: bigint;
    readonly signal: AbortSignal;
  }) => AsyncIterable<SubscriptionItem>;
  /** Asked for its newest position before a lease: a subscription cannot say that it is late. */
  readonly store: Pick<EventStore, 'readAll'>;
  readonly application: Application;
  readonly clock: Clock;
  /** Signs leases; the same key signs the permits, in `application`. */
  readonly key: SigningKey;
  /** Of several process managers one acts; all of them may lease, for a lease only says what the ledger says. */
  readonly leadership: Leadership;
  /** Secret that inference servers show when they ask for a lease. */
  readonly leaseToken: string;
  readonly onFault?: (what: ProcessManagerFault, detail: unknown) => void;
}

export type ProcessManagerFault = 'StoreAway' | 'PoisonEvent' | 'CommandRefused' | 'CommandFailed';

export interface ProcessManagerStatus {
  readonly caughtUp: boolean;
  readonly leading: boolean;
  readonly leadership: ReturnType<Leadership['state']>;
  /** Events that cannot be read: what rests on their streams is neither decided nor leased (fail closed). */
  readonly unreadable: readonly Unreadable[];
  readonly position: bigint | undefined;
  /** Commands that the ledger asks for and that have not been carried out yet. */
  readonly waiting: number;
}

export interface ProcessManager {
  /** Resolves when everything in the store has been folded for the first time. */
  readonly ready: Promise<void>;
  /** Serves leases; @returns the port. */
  listen(port?: number, host?: string): Promise<number>;
  /** Where leases are served, once it listens. */
  readonly url: string | undefined;
  status(): ProcessManagerStatus;
  /** Resolves when the view has passed the position and no act is waiting; for tests and the demo. */
  settled(position: bigint): Promise<void>;
  close(): Promise<void>;
}

const freshMilliseconds = 1_000;
const longestBackoff = 5_000;
/** A refused command is tried again no sooner: what forbade it may have changed. */
const refusedMilliseconds = 60_000;

/** Starts folding at once. It acts from the moment when it has caught up, while it leads. */
export function startProcessManager(dependencies: ProcessManagerDependencies): ProcessManager {
  const { store, application, clock, leadership, onFault } = dependencies;
  const view = new GovernanceView();
  const ended = new AbortController();
  /** Carried out, by command id: until its event is in the view a plan asks for it again. */
  const done = new Set<Id>();
  /** Refused, with the monotonic time before which it is not asked again: each refusal is a counted denial. */
  const refused = new Map<Id, number>();
  const watchers = new Set<() => void>();
  let caughtUp = false;
  let waiting = 0;
  let acting = false;
  let again = false;
  let backoff = 0;
  let timer: Timer | undefined;
  let proof: { readonly at: number } | undefined;
  let proving: Promise<boolean> | undefined;
  let url: string | undefined;
  let markReady: () => void;
  const ready = new Promise<void>((resolve) => (markReady = resolve));

  const lease: LeaseServer = createLeaseServer({
    clock,
    key: dependencies.key,
    token: dependencies.leaseToken,
    current,
  });
  const tellUnreadable = tellingOnce(view.unreadable, (error) => onFault?.('PoisonEvent', error));
  const notify = (): void => {
    for (const look of watchers) look();
  };

  /** An event that cannot be read closes what rests on its stream, here and in the next lease of every server. */
  function take(stored: StoredEvent): void {
    let event: RecordedAssayEvent | undefined;
    let change: Change | undefined;
    try {
      event = readEvent(stored);
      if (event) change = view.apply(event);
      else view.passed(stored.position);
    } catch (error) {
      if (view.unread(stored, error) === undefined || !caughtUp) return;
      tellUnreadable();
      lease.publish({ kind: 'changed' }, stored.position);
      return;
    }
    if (!event || !caughtUp) return;
    if (change) lease.publish(change, event.position);
    if (view.concerns(event)) act();
  }

  async function follow(): Promise<void> {
    while (!ended.signal.aborted) {
      try {
        const after = view.position;
        const options = { signal: ended.signal, ...(after === undefined ? {} : { after }) };
        for await (const item of dependencies.subscribe(options)) {
          if (item.kind === 'event') take(item.event);
          else if (item.kind === 'caught-up') {
            // Checkpoints are left out: leases of two process managers must count by the same positions.
            caughtUp = true;
            proof = undefined;
            tellUnreadable();
            markReady();
            act();
          }
          notify();
        }
      } catch (error) {
        onFault?.('StoreAway', error);
      }
      caughtUp = false;
      await pause(250);
    }
  }

  function act(): void {
    if (acting) {
      again = true;
      return;
    }
    acting = true;
    again = false;
    actOnce()
      .catch((error: unknown) => onFault?.('CommandFailed', error))
      .finally(() => {
        acting = false;
        notify();
        if (again) act();
      });
  }

  async function actOnce(): Promise<void> {
    timer?.cancel();
    if (!caughtUp || ended.signal.aborted) return;
    const now = clock.now();
    const { intents, nextDue, settled } = plan(view, now.getTime());
    for (const id of settled) view.settle(id);
    const monotonic = clock.monotonic();
    const open = intents.filter(
      ({ commandId }) => !done.has(commandId) && !((refused.get(commandId) ?? 0) > monotonic),
    );
    waiting = leadership.held() ? open.length : 0;
    for (const intent of open) {
      if (!leadership.held() || !caughtUp || ended.signal.aborted) break;
      if (!(await carryOut(intent))) break;
      waiting -= 1;
    }
    // What was carried out comes back as an event, and with it the next plan.
    const retry = intents.some(({ commandId }) => refused.has(commandId)) ? refusedMilliseconds : Infinity;
    const due = nextDue === undefined ? Infinity : nextDue - clock.now().getTime();
    const wait = backoff > 0 ? backoff : Math.min(retry, due);
    if (wait !== Infinity) timer = clock.after(Math.max(wait, 1), act);
  }

  /** False when the store or the application is away: everything is planned anew after a while. */
  async function carryOut(intent: Intent): Promise<boolean> {
    const { name, input, workspace, commandId, correlationId, causationId } = intent;
    const now = clock.now().toISOString();
    const context: CommandContext = {
      workspace,
      actor: serviceActor(workspace, 'process-manager-service', now),
      commandId,
      correlationId: correlationId ?? commandId,
      ...(causationId === undefined ? {} : { causationId }),
      now,
    };
    try {
      const result = await application.execute(name, input, context);
      backoff = 0;
      if (result.outcome === 'accepted') done.add(commandId);
      else if (result.code === 'NotLeading') {
        // Whoever leads now does it; should it be this one again, it is planned anew.
        backoff = 250;
        return false;
      } else {
        refused.set(commandId, clock.monotonic() + refusedMilliseconds);
        onFault?.('CommandRefused', { name, commandId, code: result.code, details: result.details });
      }
      return true;
    } catch (error) {
      backoff = Math.min(Math.max(backoff * 2, 250), longestBackoff);
      onFault?.('CommandFailed', error);
      return false;
    }
  }

  /** Asks the store for its newest position and shows that the view has reached it. One question at a time. */
  async function prove(): Promise<boolean> {
    const at = clock.monotonic();
    let head: bigint | undefined;
    for await (const { position } of store.readAll({ backwards: true, maxCount: 1 })) head = position;
    const reached = (): boolean => head === undefined || (view.position !== undefined && view.position >= head);
    if (!reached()) await until(reached, freshMilliseconds);
    if (!reached() || !caughtUp) return false;
    proof = { at };
    return true;
  }

  async function current(workspace: string, environment: string): Promise<FreshDirectory | undefined> {
    if (!caughtUp) return undefined;
    if (!proof || clock.monotonic() - proof.at > freshMilliseconds) {
      proving ??= prove()
        .catch(() => false)
        .finally(() => (proving = undefined));
      await proving;
    }
    // Without a new proof the old one still tells its age: the lease becomes shorter, and after 30 s there is none.
    if (!proof || !caughtUp) return undefined;
    const position = view.position ?? 0n;
    const ageMilliseconds = clock.monotonic() - proof.at;
    return { directory: view.directory(workspace, environment), position, ageMilliseconds };
  }

  function until(holds: () => boolean, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(deadline);
        watchers.delete(look);
        resolve();
      };
      const look = (): void => {
        if (holds()) settle();
      };
      const deadline = setTimeout(settle, milliseconds);
      watchers.add(look);
      look();
    });
  }

  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const handle = setTimeout(resolve, milliseconds);
      ended.signal.addEventListener('abort', () => {
        clearTimeout(handle);
        resolve();
      });
    });
  }

  leadership.onGained(act);
  const following = follow();

  return {
    ready,
    async listen(port, host = '127.0.0.1') {
      const listening = await lease.listen(port, host);
      url = `http://${host.includes(':') ? `[${host}]` : host}:${listening}`;
      return listening;
    },
    get url() {
      return url;
    },
    status: () => ({
      caughtUp,
      leading: leadership.held(),
      leadership: leadership.state(),
      unreadable: view.unreadable.waiting(),
      position: view.position,
      waiting,
    }),
    async settled(position) {
      const reached = (): boolean => !acting && waiting === 0 && (view.position ?? -1n) >= position;
      while (!reached()) await until(reached, 1_000);
    },
    async close() {
      ended.abort();
      timer?.cancel();
      await lease.close();
      await following.catch(() => undefined);
    },
  };
}
