import { describe, expect, test } from '@jest/globals';
import { assert, constantFrom, integer, property, string } from 'fast-check';
import { openPaper } from './paper.js';
import { styles } from './styles.js';
import { typeset, typesetWithin } from './typesetting.js';

const { faces } = openPaper({ title: 'spec', subject: 'spec', created: new Date(0) });
const widths = (text: string, width: number, style = styles.cell) =>
  typeset(faces, text, style, width).map((line) => line.width);
/** Which face shows what, left to right. */
const faceNames = (text: string) =>
  typeset(faces, text, styles.body, 10_000).flatMap(({ runs }) => runs.map(({ face }) => face.name));

const letters = string({
  unit: constantFrom(...'aWi. -_/@0\u00e9\u0416\u03a9\u0634\u05d0\u4e2d\u{1F600}\u202e\u0000\u0301\n'),
  maxLength: 300,
});

describe('typesetting', () => {
  test('no line is wider than its room, whatever the text', () => {
    assert(
      property(letters, integer({ min: 60, max: 400 }), (text, width) => {
        for (const style of [styles.cell, styles.cellCode, styles.heading])
          for (const line of widths(text, width, style)) expect(line).toBeLessThanOrEqual(width + 0.01);
      }),
      { numRuns: 150 },
    );
  });

  test('a word wider than the line is broken, after a sign that joins words where there is one', () => {
    const lines = typeset(faces, 'emergency-operator', styles.cell, 60);
    expect(lines.length).toBe(2);
    expect(lines[0]!.width).toBeLessThan(60);
    expect(typeset(faces, 'x'.repeat(5000), styles.cell, 100).length).toBeGreaterThan(100);
  });

  test('a digest of 64 digits stands on one line of a fact', () => {
    expect(typeset(faces, 'f'.repeat(64), styles.valueCode, 251)).toHaveLength(1);
  });

  test('Greek and Cyrillic come from the first face, Arabic and Hebrew from their own', () => {
    expect(new Set(faceNames('Ева Ωμέγα Şahin'))).toEqual(new Set(['regular']));
    expect(faceNames('Omar \u2068\u0639\u0645\u0631\u2069 x')).toContain('arabic');
    expect(faceNames('\u2068\u05d3\u05d5\u05d3\u2069')).toContain('hebrew');
  });

  test('a character without a glyph, and one that cannot be seen, are shown by their code points', () => {
    const shown = typeset(faces, '\u4e2d\u202e\u0007', styles.body, 10_000);
    const spelled = typeset(faces, '<U+4E2D><U+202E><U+0007>', styles.body, 10_000);
    expect(shown).toEqual(spelled);
  });

  test('right-to-left text is shown right to left, and numbers in it left to right', () => {
    const [line] = typeset(faces, '\u2068\u05d0\u05d1 12\u2069', styles.body, 10_000);
    const [number] = typeset(faces, '12', styles.body, 10_000);
    const shows = line!.runs.map(({ parts }) => parts.map(({ show }) => show).join(''));
    // First on the left stands the number, which comes last in reading order.
    expect(shows[0]).toBe(number!.runs[0]!.parts[0]!.show);
  });

  test('a lone surrogate does not stop it', () => {
    expect(widths('\ud800x', 100)).toHaveLength(1);
  });

  test('what is cut says so', () => {
    const lines = typesetWithin(faces, 'a long title that does not fit into two lines of a box', styles.cell, 70, 2);
    expect(lines).toHaveLength(2);
    expect(lines).toEqual(
      typesetWithin(faces, 'a long title that does not fit into two lines of a box', styles.cell, 70, 2),
    );
    expect(typesetWithin(faces, 'short', styles.cell, 70, 2)).toHaveLength(1);
  });
});
