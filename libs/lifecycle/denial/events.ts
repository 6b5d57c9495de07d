import type { DomainEvent } from '../kernel.js';
import type { Id, Time } from '../values.js';

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
    readonly rule: string;
    /** What was attempted: the command's type or the query's root field. */
    readonly action: string;
    /** Aggregate stream that it was about, where there is one. */
    readonly subject?: string;
    readonly minute: Time;
    readonly count: number;
    /** Codes, numbers and paths of the refusal; never free text. */
    readonly details: Readonly<Record<string, unknown>>;
  }
>;

export type DenialEvent = DenialCounted;
