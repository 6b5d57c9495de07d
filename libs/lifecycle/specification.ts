import { expect } from '@jest/globals';
import type { Command, Decider, DomainEvent } from './kernel.js';
import { fold } from './idempotency.js';

/** given/when/then over a decider, for specs alone: what happened, what is wanted, what follows. */
export function specificationOf<C extends Command, E extends DomainEvent, State>(decider: Decider<C, E, State>) {
  return (...history: readonly E[]) => ({
    when(command: C) {
      const decision = decider.decide(command, fold(decider, history));
      const accepted = (): readonly E[] => {
        if (decision.outcome === 'refused')
          throw new Error(`refused as ${decision.code}: ${JSON.stringify(decision.details)}`);
        return decision.events;
      };
      return {
        /** These types, in this order, and nothing else. */
        thenEvents(...types: readonly E['type'][]): void {
          expect(accepted().map((event) => event.type)).toEqual(types);
        },
        /** What was decided, to look into. */
        events(): readonly E[] {
          return accepted();
        },
        /** Accepted, and there is nothing to write. */
        thenNothing(): void {
          expect(accepted()).toEqual([]);
        },
        /** Refused with this code; what is given of the details must be in them. */
        thenRefused(code: string, details: Readonly<Record<string, unknown>> = {}): void {
          if (decision.outcome === 'accepted')
            throw new Error(`accepted: ${decision.events.map((event) => event.type).join(', ') || 'nothing to write'}`);
          expect({ code: decision.code, details: decision.details }).toMatchObject({ code, details });
        },
        /** The state that the history and what was decided lead to. */
        state(): State {
          return fold(decider, [...history, ...accepted()]);
        },
      };
    },
  });
}
