import type { Log } from '#libs/runtime';

/** What was opened, closed in the opposite order; one that fails does not keep the others open. */
export class Closers {
  private readonly open: { readonly name: string; readonly close: () => Promise<void> }[] = [];

  constructor(private readonly log: Log) {}

  add(name: string, close: () => Promise<void>): void {
    this.open.push({ name, close });
  }

  async close(): Promise<void> {
    for (let next = this.open.pop(); next; next = this.open.pop()) {
      const { name, close } = next;
      await close().catch((error: unknown) => this.log.warn({ error: String(error) }, `${name} did not close well`));
    }
  }
}
