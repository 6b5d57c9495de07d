import type { CheckedSlice, Commit, LedgerEvent, LedgerHead, LedgerStorage, ReadRange, StoredStream } from './port.js';

/** The ledger in memory, forgotten at the end: what the `append` bench measures the durable one against. */
export class MemoryStorage implements LedgerStorage {
  readonly #events: LedgerEvent[] = [];
  readonly #streams = new Map<string, { id: number; events: LedgerEvent[] }>();
  #nextPosition = 0n;

  async open(): Promise<LedgerHead> {
    const lastCreated = this.#events.at(-1)?.created ?? 0n;
    return { nextPosition: this.#nextPosition, nextStream: this.#streams.size + 1, lastCreated };
  }

  async commit({ newStreams, events, to }: Commit): Promise<void> {
    for (const { id, name } of newStreams) this.#streams.set(name, { id, events: [] });
    for (const event of events) {
      this.#events.push(event);
      this.#streams.get(event.stream)!.events.push(event);
    }
    this.#nextPosition = to;
  }

  async names(): Promise<readonly string[]> {
    return [...this.#streams.keys()];
  }

  async streams(names: readonly string[]): Promise<Map<string, StoredStream>> {
    const found = names.flatMap((name) => {
      const stream = this.#streams.get(name);
      return stream ? [[name, { id: stream.id, last: stream.events.at(-1)?.revision }] as const] : [];
    });
    return new Map(found);
  }

  async readAll(range: ReadRange): Promise<LedgerEvent[]> {
    return page(this.#events, range.backwards ? { ...range, from: range.from - 1n } : range, (event) => event.position);
  }

  async readTypes(
    prefixes: readonly string[],
    { from, below, limit }: { readonly from: bigint; readonly below: bigint; readonly limit: number },
  ): Promise<{ readonly events: readonly LedgerEvent[]; readonly next: bigint }> {
    const some = await this.readAll({ from, below, backwards: false, limit });
    const events = some.filter(({ type }) => prefixes.some((prefix) => type.startsWith(prefix)));
    return { events, next: some.length < limit ? below : some.at(-1)!.position + 1n };
  }

  async readStream({ name }: { name: string }, range: ReadRange): Promise<LedgerEvent[]> {
    return page(this.#streams.get(name)?.events ?? [], range, (event) => event.revision);
  }

  async check(): Promise<CheckedSlice> {
    return { from: 0n };
  }

  async close(): Promise<void> {}
}

function page(
  events: readonly LedgerEvent[],
  { from, below, backwards, limit }: ReadRange,
  key: (event: LedgerEvent) => bigint,
): LedgerEvent[] {
  let [low, high] = [0, events.length];
  const isBefore = (event: LedgerEvent) => (backwards ? key(event) <= from : key(event) < from);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(events[middle]!)) low = middle + 1;
    else high = middle;
  }
  if (backwards) return events.slice(Math.max(0, low - limit), low).reverse();
  return events.slice(low, low + limit).filter((event) => below === undefined || key(event) < below);
}
