import type { Id, Sha256 } from './values.js';

/** What a stream's metadata says of a command that was carried out on it. */
export interface CommandTrace {
  readonly commandId: Id;
  readonly commandDigest: Sha256;
  readonly position: bigint;
}

/** How often a command id has been seen on a stream. Positions are those of the events that it wrote, in order. */
export type Repetition =
  | { readonly kind: 'first' }
  | { readonly kind: 'repeated'; readonly positions: readonly bigint[] }
  /** The same id with other content: refused as IdempotencyConflict. */
  | { readonly kind: 'conflict'; readonly commandDigest: Sha256 };

/** Folds the metadata of a stream: a repeat returns the old positions and never reaches a decider. */
export function repetition(
  history: Iterable<CommandTrace>,
  command: Pick<CommandTrace, 'commandId' | 'commandDigest'>,
): Repetition {
  const positions: bigint[] = [];
  for (const trace of history) {
    if (trace.commandId !== command.commandId) continue;
    if (trace.commandDigest !== command.commandDigest) return { kind: 'conflict', commandDigest: trace.commandDigest };
    positions.push(trace.position);
  }
  return positions.length === 0 ? { kind: 'first' } : { kind: 'repeated', positions };
}

/** The state of an aggregate after its events. */
export function fold<State, Event>(
  decider: { readonly initial: State; evolve(state: State, event: Event): State },
  events: Iterable<Event>,
): State {
  let state = decider.initial;
  for (const event of events) state = decider.evolve(state, event);
  return state;
}
