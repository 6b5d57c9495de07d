import { generateSigningKey, signDocument } from '../signing/index.js';
import type { SigningKey } from '../signing/index.js';
import { decode } from './mortgage.test.js';
import type { Recorder } from './mortgage.test.js';
import { defaultLateEntryLimitSeconds } from './source.js';
import type { DossierEvent, DossierInput } from './source.js';
import type { EventStore, StoredEvent } from '../event-store/port.js';

/** What a dossier needs, over events in memory. */

export function memoryStore(stored: readonly StoredEvent[]): Pick<EventStore, 'readAll' | 'readStream'> {
  const streams = new Map<string, StoredEvent[]>();
  for (const event of stored) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
  return {
    async *readAll() {
      yield* stored;
    },
    async *readStream(stream) {
      yield* streams.get(stream) ?? [];
    },
  };
}

export function dossierEvents(stored: readonly StoredEvent[]): DossierEvent[] {
  return stored.map(
    (event) =>
      ({
        ...decode(event),
        stored: { data: Buffer.from(event.data).toString(), metadata: Buffer.from(event.metadata).toString() },
      }) as DossierEvent,
  );
}

export function inputOf(recorder: Recorder, modelVersionId: string, events: readonly DossierEvent[]): DossierInput {
  const last = events.at(-1)!;
  return {
    modelVersionId,
    asOf: last.position,
    asOfTime: last.recordedAt,
    audience: 'supervisory authority',
    events,
    unreadable: [],
    disclosures: recorder.disclosures,
    people: recorder.people,
    lateEntryLimitSeconds: defaultLateEntryLimitSeconds,
  };
}

export const key: SigningKey = generateSigningKey();
export const signer = {
  keyId: key.keyId,
  sign: (statement: object) => signDocument('assay-dossier-v1', statement, key),
};
