import { Client } from 'pg';

/** Whether this process is the one that acts. */
export interface Leadership {
  held(): boolean;
  /** Asks in the lock's own session whether it is held at this moment: what is about to be written rests on it. */
  confirm(): Promise<boolean>;
  /** `leading`, `standing-by` (another process acts) or `unknown` (the database has not been asked yet, or is away). */
  state(): 'leading' | 'standing-by' | 'unknown';
  /** Called each time it becomes the one. */
  onGained(action: () => void): void;
  close(): Promise<void>;
}

/** The only process manager there is: standalone without Postgres, and specs. */
export function soleLeadership(): Leadership {
  return {
    held: () => true,
    confirm: async () => true,
    state: () => 'leading',
    onGained: (action) => queueMicrotask(action),
    close: async () => undefined,
  };
}

/** `assay` and `permits` as two 32-bit numbers: the same lock for every process manager of an installation. */
const lockKey = [0x61737361, 0x7065726d] as const;
const retryMilliseconds = 1_000;
/** A connection that answers nothing for so long is given up, and with it the leadership. */
const silenceMilliseconds = 3_000;

/**
 * Leadership by a session-level advisory lock on a connection of its own: Postgres gives it to one session and takes
 * it back when that session's connection ends. A process that hangs may act on for a moment after it lost the lock: its
 * commands carry the same ids as the next leader's, and a permit is written only after {@link Leadership.confirm}.
 */
export function advisoryLeadership(
  connectionString: string,
  options: {
    readonly retryMilliseconds?: number;
    readonly onFault?: (error: unknown) => void;
    /** Told once whenever another process is found to be the one that acts. */
    readonly onStandby?: () => void;
  } = {},
): Leadership {
  const actions: (() => void)[] = [];
  const every = options.retryMilliseconds ?? retryMilliseconds;
  let client: Client | undefined;
  let held = false;
  let standsBy = false;
  const ended = new AbortController();
  let wake: () => void = () => undefined;

  const lose = (lost: Client): void => {
    if (client !== lost) return;
    client = undefined;
    held = false;
    standsBy = false;
    lost.end().catch(() => undefined);
  };

  async function connect(): Promise<Client> {
    const next = new Client({
      connectionString,
      application_name: 'assay-process-manager',
      connectionTimeoutMillis: silenceMilliseconds,
      query_timeout: silenceMilliseconds,
      keepAlive: true,
    });
    next.on('error', () => lose(next));
    next.on('end', () => lose(next));
    await next.connect();
    client = next;
    return next;
  }

  async function look(): Promise<void> {
    const session = client ?? (await connect());
    if (held) {
      await session.query('SELECT 1');
      return;
    }
    const { rows } = await session.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS held', [
      ...lockKey,
    ]);
    if (client !== session) return;
    if (rows[0]?.held !== true) {
      if (!standsBy) options.onStandby?.();
      standsBy = true;
      return;
    }
    standsBy = false;
    held = true;
    for (const action of actions) action();
  }

  async function keep(): Promise<void> {
    while (!ended.signal.aborted) {
      try {
        await look();
      } catch (error) {
        if (client) lose(client);
        options.onFault?.(error);
      }
      await new Promise<void>((resolve) => {
        const handle = setTimeout(resolve, every);
        wake = () => {
          clearTimeout(handle);
          resolve();
        };
        if (ended.signal.aborted) wake();
      });
    }
  }

  const keeping = keep();

  return {
    held: () => held,
    async confirm() {
      const session = client;
      if (!session || !held) return false;
      try {
        await session.query('SELECT 1');
      } catch {
        lose(session);
      }
      return held && client === session;
    },
    state: () => (held ? 'leading' : standsBy ? 'standing-by' : 'unknown'),
    onGained: (action) => {
      actions.push(action);
      if (held) queueMicrotask(action);
    },
    async close() {
      ended.abort();
      wake();
      await keeping;
      const last = client;
      if (last) lose(last);
    },
  };
}
