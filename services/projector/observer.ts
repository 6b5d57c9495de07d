import type { Pool } from 'pg';
import { allViews, checkRegistry, listGenerations, livePositions, NotYet } from '#libs/projections';
import { sleep } from './backoff.js';
import type { Projector } from './projector.js';

/** Versions in which this build reads the views. */
const versions = new Map(allViews.map(({ name, version }) => [name, version]));

/** What a process that reads the views knows of them, whoever fills them. */
export type Views = Pick<Projector, 'position' | 'positions' | 'waitFor' | 'onAdvance'> & {
  /** Stopped partitions, each with the event, the view and the error. */
  alarms(): readonly Alarm[];
  /** Why the positions are not known at the moment. */
  readonly trouble: string | undefined;
  stop(): Promise<void>;
};

export interface Alarm {
  readonly view: string;
  readonly eventId: string;
  readonly error: string;
}

/** Milliseconds between two looks at the positions while somebody waits for them or has just asked, and else. */
const [attentive, idle] = [20, 500];
/** So long after a question the next one is expected. */
const attentionMs = 2_000;

/**
 * The positions of views that other processes fill: asked of the database, often while somebody waits. @param views
 * those that must be there; until all are, the position is -1.
 */
export async function observeViews(
  pool: Pick<Pool, 'query'>,
  views: readonly string[] = allViews.map(({ name }) => name),
): Promise<Views> {
  const ended = new AbortController();
  const listeners = new Set<() => void>();
  let known: ReadonlyMap<string, bigint> = new Map();
  let alarms: readonly Alarm[] = [];
  let trouble: string | undefined;
  let otherBuild: string | undefined;
  let checkedAt = Number.NEGATIVE_INFINITY;
  let asked = 0;
  let wake = new AbortController();

  /** What an older or a newer build has made is not read: every read waits, and `trouble` says for what. */
  async function lookAtBuild(): Promise<void> {
    await checkRegistry(pool);
    const other = (await listGenerations(pool)).find(
      ({ view, version, status }) => status === 'live' && views.includes(view) && version !== versions.get(view),
    );
    const reads = other && versions.get(other.view);
    otherBuild =
      reads === undefined
        ? undefined
        : `view ${other!.view} is of version ${other!.version}, this build reads version ${reads}`;
  }

  async function look(): Promise<void> {
    try {
      const live = await livePositions(pool);
      if (performance.now() - checkedAt > idle) {
        await lookAtBuild();
        checkedAt = performance.now();
      }
      const moved = views.some((view) => live.get(view) !== known.get(view));
      known = live;
      trouble = otherBuild;
      if (otherBuild !== undefined) known = new Map();
      else if (moved) for (const listener of listeners) listener();
    } catch (error) {
      // Positions of before say nothing of what another build has made since.
      if (error instanceof Error && error.name.startsWith('Registry')) known = new Map();
      trouble = (error as { code?: string }).code === '42P01' ? 'no projector has been here yet' : String(error);
    }
  }

  async function lookForAlarms(): Promise<void> {
    const { rows } = await pool.query<{ view: string; event_id: string; error: string }>(
      `SELECT s.view, s.event_id, s.error FROM projection.stop AS s
       JOIN projection.generation AS g USING (view, generation) WHERE g.status = 'live' ORDER BY s.position`,
    );
    alarms = rows.map(({ view, event_id: eventId, error }) => ({ view, eventId, error }));
  }

  async function keepLooking(): Promise<void> {
    let looked = 0;
    while (!ended.signal.aborted) {
      const isAttentive = listeners.size > 0 || performance.now() - asked < attentionMs;
      wake = new AbortController();
      await sleep(isAttentive ? attentive : idle, AbortSignal.any([ended.signal, wake.signal]));
      if (ended.signal.aborted) return;
      await look();
      if (performance.now() - looked > idle) {
        looked = performance.now();
        await lookForAlarms().catch(() => undefined);
      }
    }
  }

  const attend = (): void => {
    const isNew = performance.now() - asked > attentionMs;
    asked = performance.now();
    if (isNew) wake.abort();
  };
  const position = (wanted: readonly string[] = views): bigint =>
    wanted.reduce<bigint>((low, view) => {
      const each = known.get(view) ?? -1n;
      return each < low ? each : low;
    }, 2n ** 63n);

  await look();
  const looking = keepLooking();
  return {
    position(wanted) {
      attend();
      return position(wanted);
    },
    positions: () => new Map(views.map((view) => [view, known.get(view) ?? -1n])),
    async waitFor(wanted, timeoutMs, names) {
      attend();
      if (position(names) >= wanted) return;
      await new Promise<void>((resolve, reject) => {
        const listener = (): void => {
          if (position(names) < wanted) return;
          clearTimeout(timer);
          listeners.delete(listener);
          resolve();
        };
        const timer = setTimeout(() => {
          listeners.delete(listener);
          reject(new NotYet(wanted, position(names), [...new Set(alarms.map(({ view }) => view))]));
        }, timeoutMs);
        listeners.add(listener);
      });
    },
    onAdvance(listener) {
      listeners.add(listener);
      attend();
      return () => listeners.delete(listener);
    },
    alarms: () => alarms,
    get trouble() {
      return trouble;
    },
    async stop() {
      ended.abort();
      await looking;
    },
  };
}
