import { encodeEvent, eventMetadata, type EventStore } from '#libs/event-store';
import type { Actor, AssayEvent, CommandContext } from '#libs/lifecycle';
import { streamName } from '#libs/lifecycle';
import { newId, type Clock, type Timer } from '#libs/runtime';
import { canonicalDigest } from '#libs/signing';

export interface Denial {
  readonly workspace: string;
  readonly actor: Actor;
  /** Refusal code, e.g. `Contributor`, `TokenExpired`. */
  readonly rule: string;
  /** The command's type, the query's root field, or `sign-in`. */
  readonly action: string;
  readonly subject?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** The refused command's; made up where there is none. */
  readonly commandId?: string;
  readonly correlationId?: string;
}

export interface DenialLog {
  /**
   * Counts a refusal. The first of its actor, rule and minute is written before this resolves, with its position;
   * the rest of the minute is written as one count when it ends. Never throws: a refusal stays a refusal.
   */
  count(denial: Denial): Promise<bigint | undefined>;
  /** Writes what is counted and not yet written. */
  flush(): Promise<void>;
  /** Flushes and stops. */
  close(): Promise<void>;
}

interface Counted {
  readonly denial: Denial;
  readonly minute: string;
  more: number;
}

/** Most actor-and-rule pairs that are counted in one minute; beyond it the rest is counted under `TooManyDenials`. */
const maximumPairs = 10_000;
const overflow = 'TooManyDenials';

/**
 * Design rule 4: a denial is recorded, and nobody can fill the log with them: two events for an actor, a rule and a
 * minute at the most. Anonymous ones share one stream a day. A kill -9 loses the counts of its minute beyond the
 * first of each, never a denial as such.
 */
export function createDenialLog(
  store: EventStore,
  clock: Clock,
  onFault: (what: string, error: unknown) => void = () => undefined,
): DenialLog {
  let counted = new Map<string, Counted>();
  let unwritten: Counted[] = [];
  let flushing = Promise.resolve();
  let minute = '';
  let timer: Timer | undefined;
  let closed = false;

  const write = async (denial: Denial, at: string, count: number): Promise<bigint | undefined> => {
    const { workspace, actor, rule, action, subject, details = {} } = denial;
    const stream = streamName('denial', workspace, `${actor.id}.${at.slice(0, 10)}`);
    const context: CommandContext = {
      workspace,
      actor,
      commandId: denial.commandId ?? newId(),
      correlationId: denial.correlationId ?? newId(),
      now: clock.now().toISOString(),
    };
    const event: AssayEvent = {
      type: 'DenialCounted',
      data: {
        actorId: actor.id,
        rule,
        action,
        ...(subject !== undefined && { subject }),
        minute: at,
        count,
        details: refusalDetails(details),
      },
    };
    const facts = { id: newId(), stream, context, commandDigest: canonicalDigest({ denial: rule, action }) };
    try {
      return (await store.append(stream, [encodeEvent(event, eventMetadata(event, facts))], 'any')).position;
    } catch (error) {
      onFault('a denial could not be written', error);
      return undefined;
    }
  };

  const writeAll = async (before: readonly Counted[]): Promise<void> => {
    for (const one of before) {
      const position = one.more > 0 ? await write(one.denial, one.minute, one.more) : 0n;
      // The store is away: tried again with the next flush.
      if (position === undefined && unwritten.length < maximumPairs) unwritten.push(one);
    }
  };

  const flush = (): Promise<void> => {
    // Taken now: what is counted from here on belongs to the next.
    const before = [...unwritten, ...counted.values()];
    unwritten = [];
    counted = new Map();
    flushing = flushing.then(() => writeAll(before));
    return flushing;
  };

  const turn = (): void => {
    const now = clock.now();
    const current = `${now.toISOString().slice(0, 16)}:00.000Z`;
    if (current !== minute) {
      minute = current;
      void flush();
    }
    if (closed || timer) return;
    timer = clock.after(60_000 - (now.getTime() % 60_000), () => {
      timer = undefined;
      void flush();
    });
  };

  return {
    async count(denial) {
      turn();
      const known = counted.get(`${denial.workspace} ${denial.actor.id} ${denial.rule}`);
      if (known) {
        known.more += 1;
        return undefined;
      }
      if (counted.size >= maximumPairs && denial.rule !== overflow)
        return this.count({ ...denial, rule: overflow, details: {} });
      counted.set(`${denial.workspace} ${denial.actor.id} ${denial.rule}`, { denial, minute, more: 0 });
      return write(denial, minute, 1);
    },
    flush,
    async close() {
      closed = true;
      timer?.cancel();
      await flush();
    },
  };
}

const maximumDetailText = 300;
const maximumDetailMembers = 100;
const invisible = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** What a refusal says, in the form that an event may hold: codes, numbers and paths, nothing long or hidden. */
export function refusalDetails(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(details)
      .filter(([key, value]) => value !== undefined && /^[A-Za-z0-9][A-Za-z0-9._:/*+-]{0,127}$/.test(key))
      .slice(0, maximumDetailMembers)
      .map(([key, value]) => [key, detail(value, 1)]),
  );
}

function detail(value: unknown, depth: number): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string')
    return value.toWellFormed().replace(invisible, ' ').slice(0, maximumDetailText).toWellFormed();
  if (typeof value !== 'object' || depth >= 6) return String(typeof value);
  if (Array.isArray(value)) return value.slice(0, maximumDetailMembers).map((item) => detail(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .slice(0, maximumDetailMembers)
      .map(([key, member]) => [String(detail(key, depth)).slice(0, 128), detail(member, depth + 1)]),
  );
}
