import type { Pool } from 'pg';
import { clockView, openGeneration, switchGeneration, ViewConsumer } from '#libs/projections';
import type { Delivery, Stop, View } from '#libs/projections';
import { sleep } from './backoff.js';
import type { ViewLag } from './kafka.js';
import { ViewFeed } from './view-feed.js';
import type { Chunk } from './view-feed.js';

export interface FedViewsOptions {
  readonly pool: Pool;
  readonly views: readonly View[];
  readonly partitions: number;
  readonly batchSize: number;
  readonly isReleased?: (event: Delivery['event'], view: string) => boolean;
  /** A partition has stopped and waits for a recorded decision. */
  readonly onAlarm?: (stop: Stop) => void;
  readonly onTrouble: (where: string, error: unknown, attempt: number) => void;
  /** A view was put back to an earlier place. */
  readonly onBehind: () => void;
}

interface Fed {
  readonly view: View;
  readonly feed: ViewFeed;
}

const keepAliveMs = 1_000;

/** The views of one projector, each with the generation that it writes. */
export class FedViews {
  #fed: Fed[] = [];
  #roomy: (() => void)[] = [];

  constructor(private readonly options: FedViewsOptions) {}

  /** @throws OtherBuild when a view was filled by a newer build */
  async open(): Promise<void> {
    const fed: Fed[] = [];
    for (const view of this.options.views) fed.push(await this.#openOne(view));
    this.#fed = fed;
  }

  async #openOne(view: View): Promise<Fed> {
    const { pool, partitions, batchSize, isReleased, onAlarm } = this.options;
    const generation = await openGeneration(pool, view, partitions);
    const consumer = new ViewConsumer(pool, view, generation, {
      clock: view === clockView,
      ...(isReleased && { isReleased }),
      ...(onAlarm && { onStop: onAlarm }),
    });
    await consumer.load();
    const feed = new ViewFeed(consumer, {
      batchSize,
      sleep,
      onWritten: () => this.#release(),
      onTrouble: (error, attempt) => this.options.onTrouble(view.name, error, attempt),
      onBehind: () => this.options.onBehind(),
    });
    return { view, feed };
  }

  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#release());
    await Promise.all(this.#fed.map(({ feed }) => feed.run(signal)));
  }

  push(chunk: Omit<Chunk, 'folded' | 'written'>, written: () => void): void {
    const everyView = (then: () => void) => {
      let left = this.#fed.length;
      return () => {
        left -= 1;
        if (left === 0) then();
      };
    };
    const folded = everyView(() => {
      for (const delivery of chunk.deliveries) delivery.forget?.();
    });
    const stored = everyView(written);
    for (const { feed } of this.#fed) feed.push({ ...chunk, folded, written: stored });
  }

  restart(): void {
    for (const { feed } of this.#fed) feed.restart();
    this.#release();
  }

  /** Resolves when every view has room; meanwhile the group hears that this member lives. */
  async room(keepAlive: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#fed.some(({ feed }) => feed.queued >= 2 * this.options.batchSize)) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, keepAliveMs);
        this.#roomy.push(resolve);
      });
      clearTimeout(timer);
      await keepAlive();
    }
  }

  #release(): void {
    for (const resolve of this.#roomy.splice(0)) resolve();
  }

  /** What every view has of a partition, as the database says: its least position, and when that was recorded. */
  async placeOf(partition: number): Promise<{ readonly position: bigint; readonly recordedAt: string }> {
    const { rows } = await this.options.pool.query<{ position: string; recorded_at: string }>(
      `SELECT p.position, p.recorded_at FROM projection.partition AS p
       JOIN unnest($1::text[], $2::integer[]) AS fed(view, generation) USING (view, generation)
       LEFT JOIN projection.stop AS s USING (view, generation, partition)
       WHERE p.partition = $3 AND s.view IS NULL ORDER BY p.position LIMIT 1`,
      [
        this.#fed.map(({ view }) => view.name),
        this.#fed.map(({ feed }) => feed.consumer.generation.generation),
        partition,
      ],
    );
    // All stopped: nothing of the partition is wanted, and whatever comes is passed over.
    const row = rows[0];
    return row ? { position: BigInt(row.position), recordedAt: row.recorded_at } : { position: -1n, recordedAt: '' };
  }

  /** Switches to a generation that was filled here, and looks after what others do to generations and stops. */
  async refresh(): Promise<void> {
    const { pool } = this.options;
    const { rows } = await pool.query<{ view: string; generation: number; status: string; at: string; stops: string }>(
      `SELECT g.view, g.generation, g.status, min(p.position) AS at,
              coalesce(string_agg(s.event_id, ',' ORDER BY p.partition), '') AS stops
       FROM projection.generation AS g JOIN projection.partition AS p USING (view, generation)
       LEFT JOIN projection.stop AS s USING (view, generation, partition)
       WHERE g.status <> 'retired' GROUP BY g.view, g.generation, g.status`,
    );
    for (const { view, feed } of this.#fed) {
      const { generation } = feed.consumer.generation;
      const own = rows.find((row) => row.view === view.name && row.generation === generation);
      const live = rows.find((row) => row.view === view.name && row.status === 'live');
      if (own?.status === 'building' && BigInt(own.at) >= BigInt(live?.at ?? '-1')) {
        await switchGeneration(pool, view, feed.consumer.generation);
        feed.refresh();
      } else if (own === undefined || own.stops !== stopText(feed.consumer.stops())) feed.refresh();
    }
  }

  stops(partitions: readonly number[]): readonly Stop[] {
    return this.#fed
      .flatMap(({ feed }) => feed.consumer.stops())
      .filter(({ partition }) => partitions.includes(partition));
  }

  lags(unread: number): readonly ViewLag[] {
    return this.#fed.map(({ view, feed }) => {
      const since = feed.waitingSince;
      return {
        view: view.name,
        generation: feed.consumer.generation.generation,
        trouble: feed.trouble,
        events: feed.queued + unread,
        seconds: since === undefined ? 0 : Math.max(0, (Date.now() - Date.parse(since)) / 1_000),
      };
    });
  }
}

/** What is stopped, as the query of `refresh` gives it. */
function stopText(stops: readonly Stop[]): string {
  return [...stops]
    .sort((a, b) => a.partition - b.partition)
    .map(({ eventId }) => eventId)
    .join(',');
}
