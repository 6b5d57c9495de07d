import { decodeEvent } from '#libs/event-store';
import type { StoredEvent } from '#libs/event-store';
import type { Delivery } from '#libs/projections';

/** Decodes at most once, for however many views. */
export function deliver(event: StoredEvent): Delivery {
  let result: { readonly value: ReturnType<typeof decodeEvent> } | { readonly error: unknown } | undefined;
  return {
    event,
    decoded() {
      if (result === undefined) {
        try {
          result = { value: decodeEvent(event) };
        } catch (error) {
          result = { error };
        }
      }
      if ('error' in result) throw result.error;
      return result.value;
    },
  };
}
