import { sweepOrphans } from '#libs/disclosure';
import type { ApplicationPorts } from './ports.js';

/** Older than any append can take: rows this old were left by a crash, or their confirmation was. */
const graceMs = 10 * 60_000;
/** A used re-authentication is refused by its age long before this. */
const rememberTokensMs = 24 * 3_600_000;

export interface Swept {
  /** Vault rows whose event is there. */
  readonly confirmed: number;
  /** Vault rows without an event: deleted. */
  readonly removed: number;
}

/**
 * What a crash can leave behind outside of the events: texts whose event was never appended, and texts of an identity
 * whose erasure was cut off after its event. Both are settled by what the event store says.
 */
export async function keepHouse({ store, vault, identities, clock, directory }: ApplicationPorts): Promise<Swept> {
  const workspace = directory.access.workspace?.workspace;
  if (workspace === undefined) return { confirmed: 0, removed: 0 };
  const now = clock.now().getTime();
  for (const { id, erased } of directory.access.identities()) {
    if (!erased) continue;
    await vault.eraseSubject(workspace, id, new Date(now).toISOString());
    await identities.subjects.erase(workspace, id);
  }
  await identities.reauthentications.forget(new Date(now - rememberTokensMs).toISOString());
  return sweepOrphans(vault, workspace, new Date(now - graceMs).toISOString(), async (stream) => {
    const digests = new Set<string>();
    for await (const { data } of store.readStream(stream))
      for (const [digest] of Buffer.from(data)
        .toString('utf8')
        .matchAll(/[0-9a-f]{64}/g))
        digests.add(digest);
    return digests;
  });
}
