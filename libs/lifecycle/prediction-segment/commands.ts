import type { Command } from '../kernel.js';
import type { ContentReference, Id, Time } from '../values.js';

export type SealPredictionSegment = Command<
  'SealPredictionSegment',
  {
    readonly segmentId: Id;
    readonly deploymentId: Id;
    readonly rows: Readonly<Record<Id, number>>;
    readonly permits: readonly Id[];
    readonly content: ContentReference;
    readonly from: Time;
    readonly to: Time;
    readonly facts: {
      /** Model versions that the deployment has had as arms; undefined where there is no such deployment. */
      readonly versions?: readonly Id[];
    };
  }
>;

export type PredictionSegmentCommand = SealPredictionSegment;
