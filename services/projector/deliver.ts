import { decodeEvent } from '#libs/event-store';
import type { decodeOwn, StoredEvent } from '#libs/event-store';
import { placeOf } from '#libs/projections';
import type { Delivery } from '#libs/projections';

/** Decodes at most once, for however many views. @param decode `decodeOwn` where nobody else reads these events */
export function deliver(event: StoredEvent, decode: typeof decodeOwn = decodeEvent): Delivery {
  return new DeliveredOnce(event, decode);
}

class DeliveredOnce implements Delivery {
  readonly place: NonNullable<Delivery['place']>;
  #result: { readonly value: ReturnType<typeof decodeEvent> } | { readonly error: unknown } | undefined;

  constructor(
    readonly event: StoredEvent,
    private readonly decode: typeof decodeOwn,
  ) {
    this.place = placeOf(event.stream);
  }

  decoded(): ReturnType<typeof decodeEvent> {
    this.#result ??= this.#decode();
    if ('error' in this.#result) throw this.#result.error;
    return this.#result.value;
  }

  forget(): void {
    this.#result = undefined;
  }

  #decode(): { readonly value: ReturnType<typeof decodeEvent> } | { readonly error: unknown } {
    try {
      return { value: this.decode(this.event) };
    } catch (error) {
      return { error };
    }
  }
}
