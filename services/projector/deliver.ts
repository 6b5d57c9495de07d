import { decodeEvent } from '#libs/event-store';
import type { decodeOwn, StoredEvent } from '#libs/event-store';
import type { Delivery } from '#libs/projections';

/** Decodes at most once, for however many views. @param decode `decodeOwn` where nobody else reads these events */
export function deliver(event: StoredEvent, decode: typeof decodeOwn = decodeEvent): Delivery {
  let result: { readonly value: ReturnType<typeof decodeEvent> } | { readonly error: unknown } | undefined;
  return {
    event,
    decoded() {
      if (result === undefined) {
        try {
          result = { value: decode(event) };
        } catch (error) {
          result = { error };
        }
      }
      if ('error' in result) throw result.error;
      return result.value;
    },
  };
}
