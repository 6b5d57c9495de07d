/** What an event may only hold the digest of. Written before the event is appended; orphans are swept. */
export interface VaultEntry {
  readonly digest: string;
  readonly salt: string;
  readonly text: string;
  /** Which field of the command it was, e.g. `reason`, `displayName`. */
  readonly field: string;
  /** Whose personal data it is: erased with that identity. Absent for texts about no person. */
  readonly subjectId?: string;
  /** The stream that the event with the digest goes to. */
  readonly stream: string;
  readonly commandId: string;
}

export type Revealed =
  | { readonly status: 'revealed'; readonly text: string; readonly salt: string }
  /** Said to be erased, never shown as if it had not been there. */
  | { readonly status: 'erased'; readonly erasedAt: string };

/** A row that no event is known to hold yet. */
export interface UnconfirmedEntry {
  readonly digest: string;
  readonly stream: string;
  readonly commandId: string;
}

/**
 * The deletable side of every disclosure. One table, keyed by (workspace, digest).
 * Every method is bounded by one workspace: nothing crosses it.
 */
export interface Vault {
  /** Stores all rows or none. A digest that is already there stays as it is. */
  put(workspace: string, entries: readonly VaultEntry[]): Promise<void>;

  /** Says that the event with these digests is durable: the sweep leaves them alone. */
  confirm(workspace: string, digests: readonly string[]): Promise<void>;

  /** What stands behind the digests. A digest that the vault never held is absent from the map. */
  reveal(workspace: string, digests: readonly string[]): Promise<ReadonlyMap<string, Revealed>>;

  /** The texts that a command brought, by field: a repeat of the command must bring the same. Erased ones are absent. */
  textsOfCommand(workspace: string, commandId: string): Promise<ReadonlyMap<string, string>>;

  /**
   * Destroys salt and text of everything about an identity; the digests in the events stay and prove nothing.
   * Returns the number of rows erased now.
   */
  eraseSubject(workspace: string, subjectId: string, at: string): Promise<number>;

  /** Destroys salt and text behind single digests. */
  erase(workspace: string, digests: readonly string[], at: string): Promise<number>;

  /** Rows older than `before` (RFC 3339) that nobody confirmed; at most `limit`. */
  unconfirmed(workspace: string, before: string, limit: number): Promise<readonly UnconfirmedEntry[]>;

  /** Deletes orphans: rows whose event was never appended. Confirmed rows are left alone. */
  remove(workspace: string, digests: readonly string[]): Promise<number>;
}

/**
 * Settles rows that a crash left between vault and event store: confirmed when an event of the stream holds the
 * digest, deleted when none does. `before` must lie further back than the longest append can take.
 */
export async function sweepOrphans(
  vault: Vault,
  workspace: string,
  before: string,
  digestsInStream: (stream: string) => Promise<ReadonlySet<string>>,
  limit = 1000,
): Promise<{ readonly confirmed: number; readonly removed: number }> {
  const rows = await vault.unconfirmed(workspace, before, limit);
  const streams = new Map<string, ReadonlySet<string>>();
  const found: string[] = [];
  const orphans: string[] = [];
  for (const row of rows) {
    const digests = streams.get(row.stream) ?? (await digestsInStream(row.stream));
    streams.set(row.stream, digests);
    (digests.has(row.digest) ? found : orphans).push(row.digest);
  }
  await vault.confirm(workspace, found);
  return { confirmed: found.length, removed: await vault.remove(workspace, orphans) };
}
