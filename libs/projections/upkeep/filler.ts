import type { Pool } from 'pg';
import { decodeAgain, decodeEvent } from '../../event-store/codec.js';
import type { RecordedAssayEvent } from '../../event-store/envelope.js';
import type { StoredEvent } from '../../event-store/port.js';
import { ViewConsumer } from '../core/consumer.js';
import { Stopped, type Batch, type Delivery } from '../core/delivery.js';
import { partitionOf } from '../core/partition.js';
import type { Generation } from '../core/registry.js';
import { writeStop } from '../core/store.js';
import { handles, type View } from '../core/view.js';
import type { Queryable } from '../core/writer.js';
import { clockView } from '../views.js';
import type { EventSource } from './source.js';

export interface FillOptions {
  readonly pool: Pool;
  readonly view: View;
  /** Ids of the events that the view passes by. */
  readonly skipped?: ReadonlySet<string>;
}

/** Folds sources into one generation of a view. */
export class Filler {
  /** A fold has failed in the middle: what the consumer knows may be ahead of what is stored. */
  #isLost = true;

  private constructor(
    private readonly options: FillOptions,
    private readonly consumer: ViewConsumer,
    /** By partition, the position of the live generation of the same definition; empty: there is none. */
    private readonly known: readonly bigint[],
  ) {}

  static async open(options: FillOptions, generation: Generation): Promise<Filler> {
    const { pool, view, skipped } = options;
    const consumer = new ViewConsumer(pool, view, generation, {
      clock: view === clockView,
      stays: true,
      // What went live with a stopped partition may be gone back to.
      strict: generation.rebuild !== null,
      ...(skipped && { isReleased: ({ id }) => skipped.has(id) }),
    });
    const filler = new Filler(options, consumer, await livePartitions(options));
    await filler.reload();
    return filler;
  }

  /** Others have folded into the same generation meanwhile. */
  async reload(): Promise<void> {
    await this.consumer.load();
    this.#isLost = false;
  }

  /** Everything at or before it, of the source's partitions, is in the generation. */
  positionOf({ partitions }: Pick<EventSource, 'partitions'>): bigint {
    return this.consumer.position(partitions);
  }

  /** Where reading must begin. */
  resumeAfter(): bigint {
    return this.consumer.resumeAfter();
  }

  /**
   * @param written Called with the number of events when they are in the generation.
   * @throws Stopped when an event cannot be folded; what {@link ViewConsumer.applyAll} throws
   */
  async fold(source: EventSource, signal: AbortSignal, written: (events: number) => void): Promise<void> {
    if (this.#isLost) await this.reload();
    const { view } = this.options;
    const isKnown = (event: StoredEvent): boolean => this.#isKnown(event);
    const parts = source.batches(this.consumer.resumeAfter(source.partitions), signal);
    const batches = async function* (): AsyncGenerator<Batch> {
      for await (const { events, watermark } of parts) {
        if (signal.aborted) return;
        yield { deliveries: events.map((event) => new StoredDelivery(event, view, isKnown)), watermark };
      }
    };
    this.#isLost = true;
    try {
      await this.consumer.applyAll(batches(), ({ deliveries }) => written(deliveries.length));
      this.#isLost = false;
    } catch (error) {
      if (error instanceof Stopped) await writeStop(this.options.pool as unknown as Queryable, error.stop);
      throw error;
    }
  }

  /** The live generation of the same definition has folded it, and its bytes are the same: it was decoded then. */
  #isKnown({ position, stream }: StoredEvent): boolean {
    const { length } = this.known;
    return length > 0 && position <= this.known[partitionOf(stream, length)]!;
  }
}

/** Decoded when it is folded, and not kept: a rebuild feeds one view. */
class StoredDelivery implements Delivery {
  constructor(
    readonly event: StoredEvent,
    private readonly view: View,
    private readonly isKnown?: (event: StoredEvent) => boolean,
  ) {}

  decoded(): RecordedAssayEvent | undefined {
    if (!handles(this.view, this.event.type)) return undefined;
    return this.isKnown?.(this.event) === true ? decodeAgain(this.event) : decodeEvent(this.event);
  }
}

export function deliveryOf(event: StoredEvent, view: View): Delivery {
  return new StoredDelivery(event, view);
}

async function livePartitions({ pool, view }: FillOptions): Promise<readonly bigint[]> {
  const { rows } = await pool.query<{ position: string }>(
    `SELECT p.position FROM projection.generation AS g JOIN projection.partition AS p USING (view, generation)
     WHERE g.view = $1 AND g.status = 'live' AND g.version = $2 ORDER BY p.partition`,
    [view.name, view.version],
  );
  return rows.map(({ position }) => BigInt(position));
}
