import { expect, test } from '@jest/globals';
import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { frameDecoder, takeWholeFrames } from './whole-frames.js';

const message = fc.record({
  compressed: fc.constantFrom(0, 0, 0, 0, 1),
  bytes: fc.uint8Array({ maxLength: 60 }),
});

function framed({ compressed, bytes }: { compressed: number; bytes: Uint8Array }): Buffer {
  const frame = Buffer.alloc(5 + bytes.length);
  frame[0] = compressed;
  frame.writeUInt32BE(bytes.length, 1);
  frame.set(bytes, 5);
  return frame;
}

test('however the bytes are cut, every message comes once and in order, and a compressed one by itself', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 90 })), (messages, cuts) => {
      const bytes = Buffer.concat(messages.map(framed));
      const decode = frameDecoder(1_000);
      const pieces: Buffer[] = [];
      for (let at = 0, n = 0; at < bytes.length; n += 1) {
        const next = at + (cuts.length === 0 ? bytes.length : cuts[n % cuts.length]!);
        pieces.push(...decode(Buffer.from(bytes.subarray(at, next))));
        at = next;
      }
      for (const piece of pieces) if (piece[0] === 0) expect(piece.subarray(0, 5)).toEqual(Buffer.alloc(5));
      // Those that hold several have a prefix of nothing before them.
      const whole = pieces.map((piece) => (piece[0] === 0 ? piece.subarray(5) : piece));
      expect(Buffer.concat(whole)).toEqual(bytes);
      expect(pieces.filter((piece) => piece[0] === 1)).toEqual(
        messages.filter(({ compressed }) => compressed === 1).map(framed),
      );
    }),
    { numRuns: 500 },
  );
});

test('a message above the limit is refused as soon as its length is known', () => {
  const decode = frameDecoder(100);
  expect(() => decode(framed({ compressed: 0, bytes: new Uint8Array(101) }).subarray(0, 5))).toThrow(
    'Received message larger than max (101 vs 100)',
  );
  expect(frameDecoder(-1)(framed({ compressed: 0, bytes: new Uint8Array(101) }))).toHaveLength(1);
});

const { StreamDecoder } = createRequire(import.meta.url)('@grpc/grpc-js/build/src/stream-decoder.js') as {
  StreamDecoder: new (most: number) => { write(data: Buffer): Buffer[] };
};

test('what came before whole frames were asked for is ended as it was begun, wherever it was cut', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), fc.nat(), fc.nat(), (messages, early, then) => {
      const bytes = Buffer.concat(messages.map(framed));
      const [first, second] = [early % (bytes.length + 1), then % (bytes.length + 1)].sort((a, b) => a - b) as [
        number,
        number,
      ];
      const decoder = new StreamDecoder(1_000);
      const pieces = decoder.write(bytes.subarray(0, first));
      takeWholeFrames({ call: { decoder } });
      for (const part of [bytes.subarray(first, second), bytes.subarray(second)])
        if (part.length > 0) pieces.push(...decoder.write(part));
      // Several have a prefix of nothing before them; one that has no bytes looks like it and is one.
      const whole = pieces.map((piece) =>
        piece.length > 5 && piece.readUInt32BE(1) === 0 ? piece.subarray(5) : piece,
      );
      expect(Buffer.concat(whole)).toEqual(bytes);
    }),
    { numRuns: 500 },
  );
});
