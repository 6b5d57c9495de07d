import type { Id, Sha256 } from '../lifecycle/values.js';
import type { DossierEvent } from './source.js';

/** Members whose value is the digest of a salted text that a dossier prints. */
const disclosedMembers = ['description', 'reason', 'comment', 'text', 'detail'] as const;
/** `detail` of a quality finding is the digest of a file, and no text. */
const filesNotTexts = new Set(['DataQualityFound']);

/** The digests whose texts a dossier prints, each once, in the order of the events. */
export function disclosedIn(events: readonly DossierEvent[]): readonly Sha256[] {
  const found = new Set<Sha256>();
  for (const event of events) {
    if (filesNotTexts.has(event.type)) continue;
    for (const member of disclosedMembers) {
      const value = (event.data as Readonly<Record<string, unknown>>)[member];
      if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) found.add(value);
    }
  }
  return [...found];
}

/** Digest of the display name by identity: the newest registration wins. Identities without one are absent. */
export function peopleIn(events: readonly DossierEvent[]): ReadonlyMap<Id, Sha256 | undefined> {
  const names = new Map<Id, Sha256 | undefined>();
  for (const event of events) {
    if (event.metadata.actor.kind !== 'anonymous' && !names.has(event.metadata.actor.id))
      names.set(event.metadata.actor.id, undefined);
    if (event.type === 'PersonRegistered' || event.type === 'ServiceRegistered') {
      const { identityId, displayName } = event.data as { readonly identityId: Id; readonly displayName?: Sha256 };
      names.set(identityId, displayName);
    }
  }
  return names;
}
