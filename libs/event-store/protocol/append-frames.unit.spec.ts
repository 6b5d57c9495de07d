import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  decodeBatchAppendRequest,
  decodeBatchAppendResponse,
  encodeBatchAppendRequest,
  encodeBatchAppendResponse,
} from './append.js';
import type { BatchAppendRequest, BatchAppendResponse, WriteOutcome } from './append.js';
import { AnswerFrames, AppendFrames } from './append-frames.js';
import type { FrameWriter } from './frame-writer.js';
import { ReadFrames } from './frames.js';
import type { PlacedEvent } from '../placed-event.js';
import {
  decodeBatchAppendRequests,
  decodeBatchAppendResponses,
  eachNumberedAnswer,
  jsonProperties,
  numberedId,
} from './read-append-frames.js';
import { placeReadResponses } from './read-frames.js';
import { MalformedMessage } from './wire.js';

const large = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const number = fc.oneof({ weight: 5, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 53n }) }, large);
const uuid = fc.uuid().map((text) => text.toLowerCase());
const bytes = fc.uint8Array({ maxLength: 200 }).map((values) => Buffer.from(values));
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((value) => value.isWellFormed());
const name = fc.oneof({ weight: 4, arbitrary: fc.stringMatching(/^[A-Za-z$][A-Za-z0-9.-]{0,30}$/) }, text);
const expected = fc.oneof(fc.constantFrom('any' as const, 'no_stream' as const, 'stream_exists' as const), number);

const properties = fc.oneof(
  { weight: 6, arbitrary: name.map(jsonProperties) },
  fc.array(fc.tuple(text, text), { maxLength: 3 }).map((entries) => new Map(entries)),
  name.map((type) => new Map([...jsonProperties(type)].reverse())),
);
const request: fc.Arbitrary<BatchAppendRequest> = fc.record(
  {
    correlation: uuid,
    options: fc.record(
      { stream: name, expected, deadline: fc.integer({ min: 0, max: 4e12 }) },
      { requiredKeys: ['stream', 'expected'] },
    ),
    events: fc.array(fc.record({ id: uuid, properties, metadata: bytes, data: bytes }), { maxLength: 4 }),
    isFinal: fc.boolean(),
  },
  { requiredKeys: ['correlation', 'events', 'isFinal'] },
);
const outcome: fc.Arbitrary<WriteOutcome> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      { kind: fc.constant('success' as const), revision: number, position: number },
      { requiredKeys: ['kind'] },
    ),
  },
  fc.record(
    { kind: fc.constant('wrong-expected-version' as const), expected, current: number },
    { requiredKeys: ['kind', 'expected'] },
  ),
  fc.constantFrom<WriteOutcome>({ kind: 'stream-deleted' }, { kind: 'timeout' }, { kind: 'invalid', message: 'why' }),
);
const response: fc.Arbitrary<BatchAppendResponse> = fc.record({ correlation: uuid, stream: name, expected, outcome });

/** As grpc-js frames what it is given. */
function piece(frames: FrameWriter): Buffer {
  const whole = Buffer.alloc(frames.byteLength + 5);
  frames.copy(whole, 5);
  return whole;
}

function framed(messages: readonly Buffer[]): Buffer {
  const prefixed = messages.map((message) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    return Buffer.concat([prefix, message]);
  });
  return Buffer.concat(prefixed);
}

test('appends and answers in one piece are, byte for byte, those one by one with their prefixes', () => {
  const some = { minLength: 1, maxLength: 5 };
  fc.assert(
    fc.property(fc.array(request, some), fc.array(response, some), (requests, responses) => {
      const [appends, answers] = [new AppendFrames(), new AnswerFrames()];
      for (const each of requests) appends.add(each);
      for (const each of responses) answers.add(each);
      expect(piece(appends).equals(framed(requests.map(encodeBatchAppendRequest)))).toBe(true);
      expect(piece(answers).equals(framed(responses.map(encodeBatchAppendResponse)))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

const plain = fc.record({
  id: uuid,
  type: fc.stringMatching(/^[A-Za-z$][A-Za-z0-9.-]{0,30}$/),
  metadata: bytes,
  data: bytes,
});
const stream = fc.stringMatching(/^[A-Za-z$][A-Za-z0-9.-]{0,30}$/);
const first = fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 2n ** 52n }));

test('an append of events in their place is, byte for byte, the one of the same events', () => {
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1, maxLength: 4 }), stream, first, fc.nat(), (events, name, from, n) => {
      const [read, wanted, written] = [new ReadFrames('string'), new AppendFrames(), new AppendFrames()];
      for (const [index, event] of events.entries()) {
        const place = { stream: name, revision: from + BigInt(index), position: 7n, created: 17n, isJson: true };
        read.add({ kind: 'event', event: { ...event, ...place } });
      }
      const placed = placeReadResponses(piece(read)) as PlacedEvent[];
      const correlation = numberedId(n);
      wanted.add({
        correlation,
        options: { stream: name, expected: from === 0n ? 'no_stream' : from - 1n, deadline: n },
        events: events.map(({ type, ...event }) => ({ ...event, properties: jsonProperties(type) })),
        isFinal: true,
      });
      written.placed(correlation, placed, n);
      expect(piece(written).equals(piece(wanted))).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('answers to numbered appends are their numbers where they succeeded, else what they say', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(response, fc.option(fc.nat())), { minLength: 1, maxLength: 5 }), (some) => {
      const responses = some.map(([each, n]) => (n === null ? each : { ...each, correlation: numberedId(n) }));
      const answers = new AnswerFrames();
      for (const each of responses) answers.add(each);
      const read: unknown[] = [];
      eachNumberedAnswer(
        piece(answers),
        (number) => read.push(number),
        (answer) => read.push(answer),
      );
      const wanted = responses.map((each, index) => {
        const number = some[index]![1];
        const answer = decodeBatchAppendResponse(encodeBatchAppendResponse(each));
        return answer.outcome.kind === 'success' && number !== null ? number : answer;
      });
      expect(read).toEqual(wanted);
    }),
    { numRuns: 200 },
  );
});

const damage = fc.option(fc.tuple(fc.nat(), fc.nat(255)));

function damaged(messages: Buffer[], at: readonly [number, number] | null): Buffer[] {
  const one = at && messages[at[0] % messages.length];
  if (one && one.length > 0) one[at[0] % one.length] = at[1];
  return messages;
}

test('appends in one piece are read as one by one, up to the first that cannot be read', () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 5 }), damage, (requests, at) => {
      const messages = damaged(requests.map(encodeBatchAppendRequest), at);
      const wanted: (BatchAppendRequest | undefined)[] = [];
      for (const message of messages) {
        try {
          wanted.push(decodeBatchAppendRequest(message));
        } catch {
          wanted.push(undefined);
          break;
        }
      }
      const read = decodeBatchAppendRequests(framed(messages));
      expect(read.map((each) => (each instanceof MalformedMessage ? undefined : each))).toEqual(wanted);
      // As a client that puts each into a frame of its own, where nobody looks into the frames.
      const [first] = decodeBatchAppendRequests(messages[0]!);
      expect(first instanceof MalformedMessage ? undefined : first).toEqual(wanted[0]);
    }),
    { numRuns: 200 },
  );
});

test('answers in one piece are read as one by one', () => {
  const read = (decode: () => unknown) => {
    try {
      return decode();
    } catch {
      return 'refused';
    }
  };
  fc.assert(
    fc.property(fc.array(response, { minLength: 1, maxLength: 5 }), damage, (responses, at) => {
      const messages = damaged(responses.map(encodeBatchAppendResponse), at);
      const oneByOne = read(() => messages.map(decodeBatchAppendResponse));
      expect(read(() => decodeBatchAppendResponses(framed(messages)))).toEqual(oneByOne);
    }),
    { numRuns: 200 },
  );
});

test('a small event does not keep the large piece in memory in which it came', () => {
  const event = (length: number) => ({
    id: '6a1b1c6e-7f43-4d0c-9a39-0f2d6f3a1b11',
    properties: jsonProperties('Kept'),
    metadata: Buffer.from('{}'),
    data: Buffer.alloc(length, 1),
  });
  const frames = new AppendFrames();
  for (const length of [10, 200_000])
    frames.add({
      correlation: '6a1b1c6e-7f43-4d0c-9a39-0f2d6f3a1b12',
      options: { stream: 'a', expected: 'any' },
      events: [event(length)],
      isFinal: true,
    });
  const [small, big] = decodeBatchAppendRequests(piece(frames)) as BatchAppendRequest[];
  expect(small!.events[0]!.data.buffer.byteLength).toBeLessThan(50_000);
  expect(big!.events[0]!.data.buffer.byteLength).toBeGreaterThan(200_000);
});
