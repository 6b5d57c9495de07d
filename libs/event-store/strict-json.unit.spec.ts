import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalBytes } from '../signing/canonical.js';
import { JsonRefused, maximumDepth, parseCanonical } from './strict-json.js';

const fault = (text: string | Uint8Array): string => {
  try {
    parseCanonical(typeof text === 'string' ? Buffer.from(text) : text);
    return 'accepted';
  } catch (error) {
    if (error instanceof JsonRefused) return error.fault;
    throw error;
  }
};

/** JSON values inside an object, no deeper than an event may be, with keys that engines like to reorder. */
const member = fc.oneof(fc.constantFrom('1', '10', '9', '__proto__', '\u20ac', '\r', '\ud83d\ude00'), fc.string());
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(member, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const object = fc.dictionary(member, value, { maxKeys: 5, noNullPrototype: true });

test('what is canonical is read back as it was, whatever the keys and numbers', () => {
  fc.assert(
    fc.property(object, (wanted) => {
      const bytes = canonicalBytes(wanted);
      expect(canonicalBytes(parseCanonical(bytes))).toEqual(bytes);
    }),
    { numRuns: 500 },
  );
});

test('one byte changed is refused or another value, never a crash and never the same value', () => {
  fc.assert(
    fc.property(object, fc.nat(), fc.integer({ min: 0, max: 255 }), (wanted, at, byte) => {
      const bytes = Uint8Array.from(canonicalBytes(wanted));
      const index = at % bytes.length;
      if (bytes[index] === byte) return;
      bytes[index] = byte;
      if (fault(bytes) === 'accepted') expect(canonicalBytes(parseCanonical(bytes))).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 1000 },
  );
});

test('keys in another order than UTF-16 code units are refused, also those that engines reorder', () => {
  expect(fault('{"1":0,"10":0,"9":0}')).toBe('accepted');
  expect(fault('{"1":0,"9":0,"10":0}')).toBe('NotCanonical');
  expect(fault('{"a":{"c":0,"b":0}}')).toBe('NotCanonical');
  expect(fault('{"a":[{"c":0,"b":0}]}')).toBe('NotCanonical');
  expect(fault('{"\u20ac":1,"\ud83d\ude00":2,"\ufb33":3}')).toBe('accepted');
});

test('numbers and escapes have one spelling', () => {
  for (const text of [
    '{"a":1.0}',
    '{"a":1E2}',
    '{"a":-0}',
    '{"a":0.10}',
    '{"a":"\\u0061"}',
    '{"a":"\\/"}',
    '{"a":1e400}',
  ])
    expect([text, fault(text)]).toEqual([text, 'NotCanonical']);
  expect(fault('{"a":"\\u0001\\n"}')).toBe('accepted');
  expect(fault('{"a":"\\u000a"}')).toBe('NotCanonical');
  expect(fault('{"a":"\\ud800"}')).toBe('NotCanonical');
});

test('depth is counted outside strings, up to its limit', () => {
  const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
  expect(fault(nested(maximumDepth))).toBe('accepted');
  expect(fault(nested(maximumDepth + 1))).toBe('TooDeep');
  const mixed = (pairs: number) => `${'{"a":['.repeat(pairs)}${']}'.repeat(pairs)}`;
  expect([fault(mixed(maximumDepth / 2)), fault(mixed(maximumDepth / 2 + 1))]).toEqual(['accepted', 'TooDeep']);
  expect(fault(`{"a":"${'['.repeat(1000)}\\"${'{'.repeat(1000)}"}`)).toBe('accepted');
});
