import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { StoredEvent } from '../event-store/port.js';
import { storedEvent } from '../event-store/placed-event.js';
import type { PlacedEvent } from '../event-store/placed-event.js';
import { eventRecord, relayedItem } from './event-record.js';
import type { IncomingRecord } from './port.js';
import { RecordBytes } from './record-bytes.js';

const relay = { id: '0b54bd1d-9d39-4b7c-8ee7-5c4d03bd5a3b', epoch: 3n };
const rest = { id: 'caa1ea1d-881c-4086-abcc-218b052ccb7a', type: 'Tested', stream: 'dataset-main.1', revision: 2n };

const whole = '{"correlationId":"a","id":"b","schemaVersion":1}';
/** Of the right form, cut off, of another form, of nothing. */
const metadata = fc.oneof(
  fc.constantFrom('', 'null', '7', '[]', '{}', '{"correlationId":7,"causationId":{"a":1},"schemaVersion":"x"}'),
  fc.nat({ max: whole.length }).map((length) => whole.slice(0, length)),
  fc.nat({ max: whole.length }).map((length) => `${whole.slice(0, length)}#?!`),
  fc.json(),
  fc.string(),
);

test('whatever stands in the metadata of an event, it is relayed as it is stored', () => {
  fc.assert(
    fc.property(metadata, fc.uint8Array(), (text, data) => {
      const event: StoredEvent = {
        ...rest,
        position: 12n,
        recordedAt: '2026-11-22T10:00:00.000Z',
        data: Buffer.from(data),
        metadata: Buffer.from(text),
      };
      const { key, value, headers } = eventRecord(event, relay, 0);
      const received = Object.entries(headers).map(([name, header]) => [name, Buffer.from(header)]);
      const record: IncomingRecord = {
        partition: 0,
        offset: 0n,
        timestamp: 0,
        key,
        value: Buffer.from(value),
        headers: Object.fromEntries(received) as IncomingRecord['headers'],
      };
      expect(relayedItem(record)).toEqual({ kind: 'event', ...relay, event });
    }),
    { numRuns: 500 },
  );
});

test('the same from its place in what the event store has sent', () => {
  fc.assert(
    fc.property(metadata, (text) => {
      const about = Buffer.from(text);
      const bytes = Buffer.concat([Buffer.from(rest.id + rest.stream), about, Buffer.from('{}')]);
      const [streamTo, metadataTo] = [50, 50 + about.length];
      const placed: PlacedEvent = {
        kind: 'placed',
        type: rest.type,
        revision: 2,
        position: 12,
        recordedAt: '2026-11-22T10:00:00.000Z',
        bytes,
        idFrom: 0,
        streamFrom: 36,
        streamTo,
        metadataFrom: streamTo,
        metadataTo,
        dataFrom: metadataTo,
        dataTo: metadataTo + 2,
      };
      expect(Buffer.from(storedEvent(placed).metadata).toString()).toBe(about.toString());
      const target = new RecordBytes(Buffer.alloc(16));
      target.placed(placed, relay, 0);
      // The metadata is the last header, whole, behind its length.
      expect(target.buffer.subarray(target.at - about.length, target.at).equals(about)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
