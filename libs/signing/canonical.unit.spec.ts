import { describe, expect, test } from '@jest/globals';
import { canonicalDigest, canonicalJson } from '#libs/signing';

describe('canonical JSON (RFC 8785)', () => {
  test('sorts keys by UTF-16 code units and prints numbers as ECMAScript does', () => {
    // RFC 8785 section 3.2.3 and 3.2.2.3
    expect(
      canonicalJson({ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }),
    ).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
    expect(canonicalJson([Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27, -0])).toBe(
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
    );
  });

  test('refuses what JSON cannot hold', () => {
    for (const value of [NaN, Infinity, 1n, () => 1, '\ud800'])
      expect(() => canonicalJson({ value })).toThrow(TypeError);
  });

  test('leaves undefined members out, so equal meaning has an equal digest', () => {
    expect(canonicalDigest({ b: 1, a: undefined })).toBe(canonicalDigest({ b: 1 }));
  });
});
