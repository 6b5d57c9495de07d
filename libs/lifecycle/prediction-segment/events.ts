import type { DomainEvent } from '../kernel.js';
import type { ContentReference, Count, Id, Sha256, Time } from '../values.js';

/** Stream `predictionSegment-…`: a scored batch, by digest. Never a row of it. */
export type PredictionSegmentSealed = DomainEvent<
  'PredictionSegmentSealed',
  {
    readonly segmentId: Id;
    readonly deploymentId: Id;
    /** Rows scored by each model version. */
    readonly rows: Readonly<Record<Id, Count>>;
    readonly permits: readonly Id[];
    /** The log segment, JSON Lines in the content store. */
    readonly content: ContentReference;
    readonly digest: Sha256;
    readonly from: Time;
    readonly to: Time;
  }
>;

export type PredictionSegmentEvent = PredictionSegmentSealed;
