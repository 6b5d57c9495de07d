import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseStrict } from './body.js';

const bytes = (text: string) => Buffer.from(text, 'utf8');

describe('a request body', () => {
  test.each([
    ['no member twice', '{"a":1,"a":2}'],
    ['no member twice', '{"x":[{"a":{},"b":1,"\\u0061":2}]}'],
    ['json', '{"a":'],
    ['json', '{"a":NaN}'],
    ['json', '{"a":Infinity}'],
    ['json', ''],
  ])('is refused by the rule "%s": %s', (rule, text) => {
    expect(() => parseStrict(bytes(text), 8)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ rule }) }),
    );
  });

  test('that is not UTF-8 is refused', () => {
    expect(() => parseStrict(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 8)).toThrow('not UTF-8');
  });

  test('that is nested too deep is refused before it is built', () => {
    expect(parseStrict(bytes('[[[[1]]]]'), 4)).toEqual([[[[1]]]]);
    expect(() => parseStrict(bytes('['.repeat(1_000_000)), 4)).toThrow('nested deeper than 4');
  });

  test('that is ordinary JSON reads as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        expect(parseStrict(bytes(text), 32)).toEqual(JSON.parse(text));
      }),
    );
  });
});
