import type { DomainEvent } from '../kernel.js';
import type { Count, Decimal, Disclosed, Id, Slug } from '../values.js';

/** A decision about an event that has stopped a partition of a read model (design rule 9). One stream for each view. */
type Release = {
  readonly view: Slug;
  readonly partition: Count;
  /** The event that stopped it, and where that lies. */
  readonly eventId: Id;
  readonly position: Decimal;
  readonly reason: Disclosed;
};

/** The event is applied again: the build or the way to it has been repaired. Takes back a skip of the same event. */
export type PartitionRetried = DomainEvent<'PartitionRetried', Release>;
/** The view passes the event by, now and in every rebuild. */
export type PartitionSkipped = DomainEvent<'PartitionSkipped', Release>;

export type PartitionReleaseEvent = PartitionRetried | PartitionSkipped;
