import type { StoredEvent } from '#libs/event-store';
import { ForeignRecord, mostEventsInBatch, relayedItem } from '#libs/messaging';
import type { IncomingRecord, RelayedEvent, RelayedItem, RelayedWatermark, RelayStamp } from '#libs/messaging';
import { partitionOf } from '#libs/projections';

/** What became of one record. */
export type Taken =
  /** An event that waits for the watermark of its batch. */
  | { readonly kind: 'waiting' }
  /** Everything of the batch was seen before. */
  | { readonly kind: 'duplicate' }
  /** Written by a relay that has been replaced, or left over from a batch that it did not end. */
  | { readonly kind: 'zombie'; readonly epoch: bigint }
  /** A whole batch: its events, and how far the partition is complete with them. */
  | { readonly kind: 'batch'; readonly events: readonly StoredEvent[]; readonly position: bigint }
  /** Not written by this installation's relay: nothing of it is used. */
  | { readonly kind: 'foreign'; readonly error: ForeignRecord }
  /** Records are missing between what was seen and this batch. */
  | { readonly kind: 'gap'; readonly error: PartitionGap };

/** The topic does not hold what lies between what the views have seen and its next batch. */
export class PartitionGap extends Error {
  override readonly name = 'PartitionGap';
  constructor(
    readonly partition: number,
    /** Everything up to here has been seen. */
    readonly position: bigint,
    what: string,
  ) {
    super(`partition ${partition} is complete to position ${position}, but ${what}`);
  }
}

const waits: readonly Taken[] = [{ kind: 'waiting' }];

function refused(error: unknown): readonly Taken[] {
  if (!(error instanceof ForeignRecord)) throw error;
  return [{ kind: 'foreign', error }];
}

/**
 * One partition of the topic, record by record: puts the batches of the relay together, passes over what was seen
 * before and what a replaced relay still writes, refuses what no relay of this installation wrote, and sees whether
 * anything is missing. Pure but for `leaseOf`, which is asked only when a record names another relay or a higher epoch.
 */
export class PartitionLog {
  #position: bigint;
  #relay: RelayStamp | undefined;
  #waiting: RelayedEvent[] = [];

  constructor(
    readonly partition: number,
    /** How many partitions the topic has. */
    private readonly partitions: number,
    /** Everything at or before this position has been seen. */
    position: bigint,
    /** The id of this installation's relay and its highest epoch so far; undefined while there was none. */
    private readonly leaseOf: () => Promise<RelayStamp | undefined>,
  ) {
    this.#position = position;
  }

  get position(): bigint {
    return this.#position;
  }

  /** The records come again from an earlier one: relays that were replaced since then are no zombies there. */
  restart(): void {
    this.#waiting = [];
    this.#relay = undefined;
  }

  /** A promise only where the lease is asked for: a promise for each record costs as much as to look at it. */
  take(record: IncomingRecord): readonly Taken[] | Promise<readonly Taken[]> {
    let item: RelayedItem;
    try {
      item = relayedItem(record);
      if (item.kind === 'event' && partitionOf(item.event.stream, this.partitions) !== this.partition)
        throw new ForeignRecord('stream', `one of partition ${partitionOf(item.event.stream, this.partitions)}`);
    } catch (error) {
      return refused(error);
    }
    const known = this.#relay;
    if (known !== undefined && known.id === item.id && item.epoch <= known.epoch) return this.#took(item);
    return this.#admit(item).then(() => this.#took(item), refused);
  }

  #took(item: RelayedItem): readonly Taken[] {
    if (item.epoch < this.#relay!.epoch) return [{ kind: 'zombie', epoch: item.epoch }];
    if (item.kind === 'watermark') return this.#end(item);
    if (this.#waiting.length >= Number(mostEventsInBatch)) this.#waiting.shift();
    this.#waiting.push(item);
    return waits;
  }

  /** @throws ForeignRecord for a relay or an epoch that the lease does not know */
  async #admit({ id, epoch }: RelayedItem): Promise<void> {
    const lease = await this.leaseOf();
    if (lease === undefined) throw new ForeignRecord('relay', 'a relay of this database, which had none yet');
    if (lease.id !== id) throw new ForeignRecord('relay', `the relay of this database, ${lease.id}`);
    if (epoch > lease.epoch) throw new ForeignRecord('epoch', `at most ${lease.epoch}, the last one given out`);
    // The records that wait belong to a batch that was never ended: the new relay sends them again.
    this.#relay = { id, epoch };
    this.#waiting = [];
  }

  #end({ after, position, events: count }: RelayedWatermark): readonly Taken[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    // A batch is contiguous: what stands before its own events was put between the batches by somebody else.
    const left = waiting.slice(0, Math.max(0, waiting.length - count)).map((): Taken => {
      return { kind: 'foreign', error: new ForeignRecord('kind', 'part of a batch that ends in a watermark') };
    });
    if (position <= this.#position) return [...left, { kind: 'duplicate' }];
    if (after > this.#position) {
      const what = `the next batch begins after position ${after}: records are missing`;
      return [...left, { kind: 'gap', error: new PartitionGap(this.partition, this.#position, what) }];
    }
    if (waiting.length < count) {
      const what = `the batch to position ${position} has ${waiting.length} of its ${count} events`;
      return [...left, { kind: 'gap', error: new PartitionGap(this.partition, this.#position, what) }];
    }
    const events = waiting.slice(waiting.length - count).map(({ event }) => event);
    const wrong = this.#disorder(events, after, position);
    if (wrong) return [...left, { kind: 'gap', error: new PartitionGap(this.partition, this.#position, wrong) }];
    this.#position = position;
    return [...left, { kind: 'batch', events, position }];
  }

  #disorder(events: readonly StoredEvent[], after: bigint, position: bigint): string | undefined {
    let last = after;
    for (const event of events) {
      if (event.position <= last || event.position > position)
        return `the batch from ${after} to ${position} has an event of position ${event.position} after ${last}`;
      last = event.position;
    }
    return undefined;
  }
}
