import type { StoredEvent } from '../event-store/port.js';
import { parseStreamName } from '../lifecycle/streams.js';

/** The reverse references that a dossier needs: which streams speak about an id. */
export interface Mentions {
  see(event: StoredEvent): void;
  of(id: string): Iterable<string>;
  /** Streams of the grants and delegations that an identity was given. */
  grants(identityId: string): Iterable<string>;
  /** Streams that should say at their beginning what they are about, and do not: an unreadable event may be why. */
  unplaced(): Iterable<string>;
}

/** Aggregates whose events point at a model version, an approval, a permit, a deployment or an incident. */
const pointing = new Set([
  'evaluation',
  'approval',
  'permit',
  'deployment',
  'predictionSegment',
  'incident',
  'export',
  'denial',
]);
/** Of these, only the first event says what the stream is about. */
const byFirstEvent = new Set(['evaluation', 'permit', 'predictionSegment', 'export']);
const fields: Readonly<Record<string, readonly string[]>> = {
  evaluation: ['modelVersionId'],
  approval: ['modelVersionId'],
  permit: ['modelVersionId'],
  deployment: ['modelVersionId'],
  incident: ['modelVersionId', 'reference'],
  export: ['modelVersionId'],
};

/**
 * Built from one pass over $all. It reads ids out of the stored bytes without decoding them: an event that it takes in
 * needlessly is dropped later, one that it missed would be missing from the dossier.
 */
export function createMentions(): Mentions {
  const streams = new Map<string, Set<string>>();
  const grants = new Map<string, Set<string>>();
  const unplaced = new Set<string>();
  const add = (map: Map<string, Set<string>>, id: string, stream: string) => {
    const known = map.get(id);
    if (known) known.add(stream);
    else map.set(id, new Set([stream]));
  };
  return {
    see(event) {
      const aggregate = parseStreamName(event.stream)?.aggregate;
      if (aggregate === undefined) return;
      if (aggregate === 'accessGrant') {
        if (event.revision > 0n) return;
        const text = utf8(event.data);
        const subjects = ['subjectId', 'delegateId'].flatMap((field) => values(text, field));
        for (const id of subjects) add(grants, id, event.stream);
        if (subjects.length === 0) unplaced.add(event.stream);
        return;
      }
      if (!pointing.has(aggregate) || (byFirstEvent.has(aggregate) && event.revision > 0n)) return;
      const text = utf8(event.data);
      const named = fields[aggregate];
      // Segments name versions as keys, refusals name anything: there every id counts.
      const ids = named ? named.flatMap((field) => values(text, field)) : (text.match(uuids) ?? []);
      for (const id of ids) add(streams, id, event.stream);
      if (named && event.revision === 0n && ids.length === 0) unplaced.add(event.stream);
    },
    of: (id) => streams.get(id) ?? [],
    grants: (id) => grants.get(id) ?? [],
    unplaced: () => unplaced,
  };
}

const uuids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** The UUIDs that stand as the value of a member, at any depth. Stored bytes are canonical: no space after the colon. */
function values(text: string, field: string): string[] {
  const found: string[] = [];
  const member = `"${field}":"`;
  for (let at = text.indexOf(member); at >= 0; at = text.indexOf(member, at + 1)) {
    const value = text.slice(at + member.length, at + member.length + 36);
    if (value.length === 36) found.push(value);
  }
  return found;
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
