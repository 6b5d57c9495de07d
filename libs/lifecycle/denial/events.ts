import type { DomainEvent } from '../kernel.js';
import type { Code, Id, Ordinal, RefusalDetail, StreamName, Time } from '../values.js';

/**
 * Refusals, counted per actor, rule and minute (stream id `<actor>.<yyyy-mm-dd>`); anonymous ones in one daily stream.
 * The first of a minute is written at once with its details, the rest of that minute as one count.
 */
export type DenialCounted = DomainEvent<
  'DenialCounted',
  {
    /** Identity id or `anonymous`. */
    readonly actorId: Id | 'anonymous';
    /** Refusal code or rule, e.g. `Contributor`, `GateFailed`, `InvalidToken`. */
    readonly rule: Code;
    /** What was attempted: the command's type or the query's root field. */
    readonly action: Code;
    /** Aggregate stream that it was about, where there is one. */
    readonly subject?: StreamName;
    readonly minute: Time;
    readonly count: Ordinal;
    /** Codes, numbers and paths of the refusal; never free text. */
    readonly details: Readonly<Record<Code, RefusalDetail>>;
  }
>;

export type DenialEvent = DenialCounted;
