import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { BinaryEvent, isoTime, MalformedMessage, ReadFrames, streamsService } from './index.js';
import type { BatchAppendRequest, ReadRequest, ReadResponse, WireEvent, WriteOutcome } from './index.js';
import { encodeReadResponse } from './read.js';
import { storedEvent } from '../placed-event.js';
import type { StoredEvent } from '../port.js';
import { decodeReadResponses, placeReadResponses } from './read-frames.js';

const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uuid = fc.uuid().map((text) => text.toLowerCase());
const bytes = fc.uint8Array({ maxLength: 200 }).map((values) => Buffer.from(values));
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((value) => value.isWellFormed());

const wireEvent: fc.Arbitrary<WireEvent> = fc.record({
  id: uuid,
  stream: text,
  revision: number,
  position: number,
  type: text,
  isJson: fc.boolean(),
  created: number,
  data: bytes,
  metadata: bytes,
});

test('an event comes back as it was, 64-bit numbers and bytes included, with both forms of id', () => {
  fc.assert(
    fc.property(wireEvent, fc.constantFrom('string' as const, 'structured' as const), (event, form) => {
      const read = streamsService.Read.responseDeserialize(encodeReadResponse({ kind: 'event', event }, form));
      expect(read).toEqual({
        kind: 'event',
        event: { ...event, data: Buffer.from(event.data), metadata: Buffer.from(event.metadata) },
      });
    }),
  );
});

/** As it could lie in a store, signed numbers and all. */
function inPlace(event: WireEvent): BinaryEvent {
  const numbers = Buffer.alloc(1 + 24 + 16);
  for (const [at, number] of [event.position, event.revision, event.created].entries())
    numbers.writeBigUInt64BE(number, 1 + 8 * at);
  numbers.write(event.id.replaceAll('-', ''), 25, 'hex');
  const parts = [Buffer.from(event.type), event.metadata, event.data, Buffer.from(event.stream)];
  const ends = parts.map((_, at) => parts.slice(0, at + 1).reduce((sum, { length }) => sum + length, numbers.length));
  const [typeTo, metadataTo, dataTo, streamTo] = ends as [number, number, number, number];
  return new BinaryEvent(Buffer.concat([numbers, ...parts]), {
    position: 1,
    revision: 9,
    created: 17,
    id: 25,
    isJson: event.isJson,
    typeFrom: numbers.length,
    typeTo,
    metadataFrom: typeTo,
    metadataTo,
    dataFrom: metadataTo,
    dataTo,
    streamFrom: dataTo,
    streamTo,
  });
}

test('answers in one piece are, byte for byte, the answers one by one with their prefixes', () => {
  const usual = fc.bigInt({ min: 0n, max: 2n ** 53n });
  const stored = fc.tuple(wireEvent, usual, usual, fc.boolean()).map(([event, revision, position, isUsual]) => {
    return isUsual ? { ...event, revision, position } : event;
  });
  const response = fc.oneof(
    { weight: 9, arbitrary: stored.map((event): ReadResponse => ({ kind: 'event', event })) },
    fc.constant<ReadResponse>({ kind: 'stream-not-found', stream: 's' }),
    fc.constant<ReadResponse>({ kind: 'event', event: undefined }),
  );
  const form = fc.constantFrom('string' as const, 'structured' as const);
  fc.assert(
    fc.property(fc.array(response, { minLength: 1, maxLength: 6 }), form, (responses, uuidForm) => {
      const frames = new ReadFrames(uuidForm);
      for (const each of responses) frames.add(each);
      // As grpc-js frames what it is given.
      const bytes = Buffer.alloc(frames.byteLength + 5);
      frames.copy(bytes, 5);
      const wanted = responses.map((each) => {
        const message = encodeReadResponse(each, uuidForm);
        const prefix = Buffer.alloc(5);
        prefix.writeUInt32BE(message.length, 1);
        return Buffer.concat([prefix, message]);
      });
      expect(bytes.equals(Buffer.concat(wanted))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('an event as it lies in a store is written, byte for byte, as the same event', () => {
  const letters = fc.stringMatching(/^[A-Za-z][A-Za-z0-9.-]{0,30}$/);
  const signed = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
  const exact = fc.oneof({ weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 53n }) }, signed);
  const places = { revision: exact, position: exact, created: signed };
  const kind = fc.oneof({ weight: 4, arbitrary: letters }, text);
  const given = fc
    .tuple(wireEvent, fc.record({ ...places, type: kind }))
    .map(([event, some]) => ({ ...event, ...some }));
  const form = fc.constantFrom('string' as const, 'string' as const, 'structured' as const);
  fc.assert(
    fc.property(fc.array(given, { minLength: 1, maxLength: 4 }), form, (events, uuidForm) => {
      const [wanted, written] = [new ReadFrames(uuidForm), new ReadFrames(uuidForm)];
      for (const event of events) {
        const stored = inPlace(event);
        wanted.add({ kind: 'event', event });
        written.add({ kind: 'event', event: stored });
        const { id, stream, type, revision, position, created, isJson, data, metadata } = stored;
        expect({ id, stream, type, revision, position, created, isJson, data, metadata }).toEqual(event);
      }
      const [left, right] = [Buffer.alloc(written.byteLength + 5), Buffer.alloc(wanted.byteLength + 5)];
      written.copy(left, 5);
      wanted.copy(right, 5);
      expect(left.equals(right)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('answers with their prefixes are read as they are one by one, the usual ones and all others', () => {
  const letters = fc.stringMatching(/^[A-Za-z][A-Za-z0-9.-]{0,30}$/);
  const usual = wireEvent.chain((event) =>
    fc
      .record({
        stream: letters,
        type: fc.oneof(letters, fc.constantFrom('Granted', 'Gifted')),
        revision: fc.bigInt({ min: 0n, max: 2n ** 53n }),
        position: fc.bigInt({ min: 0n, max: 2n ** 53n }),
        created: fc.constantFrom(17_000_000_000_000_000n, event.created),
      })
      .map((places): WireEvent => ({ ...event, isJson: true, ...places })),
  );
  const response = fc.oneof(
    { weight: 6, arbitrary: usual.map((event): ReadResponse => ({ kind: 'event', event })) },
    { weight: 3, arbitrary: wireEvent.map((event): ReadResponse => ({ kind: 'event', event })) },
    fc.tuple(wireEvent, usual).map(([event, link]): ReadResponse => ({ kind: 'event', event, link })),
    fc.constantFrom<ReadResponse>({ kind: 'stream-not-found', stream: 's' }, { kind: 'event', event: undefined }),
    number.map((position): ReadResponse => ({ kind: 'checkpoint', position })),
  );
  const form = fc.constantFrom('string' as const, 'string' as const, 'structured' as const);
  const damage = fc.option(fc.tuple(fc.nat(), fc.nat(255)));
  fc.assert(
    fc.property(fc.array(response, { minLength: 1, maxLength: 5 }), form, damage, (responses, uuidForm, damaged) => {
      const messages = responses.map((each) => encodeReadResponse(each, uuidForm));
      if (damaged) {
        const [place, value] = damaged;
        const one = messages[place % messages.length]!;
        if (one.length > 0) one[place % one.length] = value;
      }
      const outcome = (read: () => unknown) => {
        try {
          return read();
        } catch {
          return 'refused';
        }
      };
      const framed = Buffer.concat(messages.flatMap((message) => [prefixOf(message), message]));
      const oneByOne = () => messages.map((message) => streamsService.Read.responseDeserialize(message));
      expect(outcome(() => decodeReadResponses(framed))).toEqual(outcome(oneByOne));
      // Left in their place and taken out later they are the same.
      const later = () =>
        placeReadResponses(framed).map((each) => {
          if (each.kind === 'placed') return storedEvent(each);
          return each.kind === 'event' && each.event ? asStored(each.event) : each;
        });
      const atOnce = () =>
        oneByOne().map((each) => (each.kind === 'event' && each.event ? asStored(each.event) : each));
      expect(outcome(later)).toEqual(outcome(atOnce));
    }),
    { numRuns: 500 },
  );
});

function asStored({ id, type, data, metadata, stream, revision, position, created }: WireEvent): StoredEvent {
  return { id, type, data, metadata, stream, revision, position, recordedAt: isoTime(created) };
}

function prefixOf(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return prefix;
}

test('a read request comes back as it was', () => {
  const filter = fc.record(
    {
      on: fc.constantFrom('stream' as const, 'type' as const),
      prefixes: fc.array(text, { maxLength: 3 }),
      regex: text,
      window: fc.integer({ min: 1, max: 1000 }),
      checkpointMultiplier: fc.integer({ min: 1, max: 1000 }),
    },
    { requiredKeys: ['on', 'prefixes', 'checkpointMultiplier'] },
  );
  const request: fc.Arbitrary<ReadRequest> = fc.record(
    {
      stream: text,
      from: fc.oneof(fc.constantFrom('start' as const, 'end' as const), number),
      backwards: fc.boolean(),
      resolveLinks: fc.boolean(),
      count: number,
      filter,
      uuid: fc.constantFrom('string' as const, 'structured' as const),
      compatibility: fc.constant(0),
    },
    { requiredKeys: ['from', 'backwards', 'resolveLinks', 'uuid', 'compatibility'] },
  );
  fc.assert(
    fc.property(request, (given) => {
      expect(streamsService.Read.requestDeserialize(streamsService.Read.requestSerialize(given))).toEqual(given);
    }),
  );
});

const expected = fc.oneof(fc.constantFrom('any' as const, 'no_stream' as const, 'stream_exists' as const), number);

test('a batch and its answer come back as they were', () => {
  const proposed = fc.record({
    id: uuid,
    properties: fc.array(fc.tuple(text, text), { maxLength: 3 }).map((entries) => new Map(entries)),
    metadata: bytes,
    data: bytes,
  });
  const request: fc.Arbitrary<BatchAppendRequest> = fc.record(
    {
      correlation: uuid,
      options: fc.record({ stream: text, expected, deadline: fc.integer({ min: 0, max: 4e12 }) }),
      events: fc.array(proposed, { maxLength: 4 }),
      isFinal: fc.boolean(),
    },
    { requiredKeys: ['correlation', 'events', 'isFinal'] },
  );
  const outcome: fc.Arbitrary<WriteOutcome> = fc.oneof(
    fc.record({ kind: fc.constant('success' as const), revision: number, position: number }),
    fc.record(
      { kind: fc.constant('wrong-expected-version' as const), expected, current: number },
      { requiredKeys: ['kind', 'expected'] },
    ),
    fc.constantFrom<WriteOutcome>(
      { kind: 'stream-deleted' },
      { kind: 'access-denied' },
      { kind: 'timeout' },
      { kind: 'too-large', limit: 1048576 },
      { kind: 'invalid', message: 'why' },
      { kind: 'unavailable', message: 'later' },
    ),
  );
  const { BatchAppend } = streamsService;
  fc.assert(
    fc.property(request, outcome, (given, answered) => {
      expect(BatchAppend.requestDeserialize(BatchAppend.requestSerialize(given))).toEqual(given);
      const answer = { correlation: given.correlation, stream: 's', expected: 'any' as const, outcome: answered };
      expect(BatchAppend.responseDeserialize(BatchAppend.responseSerialize(answer))).toEqual({
        correlation: given.correlation,
        outcome: answered,
      });
    }),
  );
});

test('any bytes are read or refused, and nothing else happens', () => {
  const methods = [streamsService.Read, streamsService.Append, streamsService.BatchAppend, streamsService.Delete];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...methods), (given, method) => {
      try {
        method.requestDeserialize(Buffer.from(given));
      } catch (error) {
        expect(error instanceof MalformedMessage || error instanceof RangeError || error instanceof Error).toBe(true);
        expect((error as Error).message).not.toBe('');
      }
    }),
    { numRuns: 2_000 },
  );
});
