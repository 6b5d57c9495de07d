import { describe, expect, test } from '@jest/globals';
import { unzlibSync } from 'fflate';
import { canonicalJson, sha256 } from '../../signing/index.js';
import { buildContent } from '../build-content.js';
import type { DossierContent } from '../content.js';
import { play } from '../mortgage-play.test.js';
import { Recorder } from '../mortgage.test.js';
import { dossierEvents, inputOf } from '../testing.test.js';
import { renderPdf } from './render.js';

function contentOf(recorder = new Recorder()): DossierContent {
  const { version1 } = play({ recorder, segments: 2 });
  const events = dossierEvents(recorder.stored).slice(0, 27);
  return buildContent(inputOf(recorder, version1, events));
}
const render = (content: DossierContent) => renderPdf(content, { contentDigest: sha256(canonicalJson(content)) });
const content = contentOf();
const { bytes, pages } = render(content);
const file = Buffer.from(bytes).toString('latin1');

describe('the PDF', () => {
  test('is PDF/A-3a, tagged, with its language, an outline and destinations', () => {
    expect(file.startsWith('%PDF-1.7')).toBe(true);
    for (const wanted of [
      '<pdfaid:part>3</pdfaid:part>',
      '<pdfaid:conformance>A</pdfaid:conformance>',
      '<pdfuaid:part>1</pdfuaid:part>',
      '/Marked true',
      '/Lang (en)',
      '/StructTreeRoot',
      '/Outlines',
      '/OutputIntents',
      '/FontFile2',
    ])
      expect([wanted, file.includes(wanted)]).toEqual([wanted, true]);
    expect(file).not.toMatch(/\/BaseFont \/(Helvetica|Times|Courier)/);
  });

  test('has the time of its position and no other', () => {
    const stamps = [...file.matchAll(/\(D:(\d{14})Z\)/g)].map(([, stamp]) => stamp);
    expect(new Set(stamps)).toEqual(new Set([content.dossier.asOf.time.replaceAll(/[-T:]|\..*/g, '')]));
  });

  test('has as many pages as it says, each with a link to nowhere missing', () => {
    expect(file.match(/\/Type \/Page\n/g)).toHaveLength(pages);
    const linked = new Set([...file.matchAll(/\/Dest \(([^)]+)\)/g)].map(([, name]) => name!));
    const named = new Set([...file.matchAll(/\((event-[^)]+|section-[^)]+)\) \[/g)].map(([, name]) => name!));
    expect(linked.size).toBeGreaterThan(20);
    expect([...linked].filter((name) => !named.has(name))).toEqual([]);
  });

  test('streams are deflated alike everywhere', () => {
    const start = file.indexOf('/Filter /FlateDecode');
    const from = file.indexOf('stream\n', start) + 'stream\n'.length;
    const to = file.indexOf('\nendstream', from);
    expect(unzlibSync(Buffer.from(file.slice(from, to), 'latin1')).length).toBeGreaterThan(256);
  });

  test('of the same content has the same bytes', () => {
    expect(Buffer.from(render(contentOf()).bytes).equals(bytes)).toBe(true);
  });
});

describe('hostile content', () => {
  test.each([
    ['a name of 3,000 letters', 'x'.repeat(3_000)],
    ['a name of many lines', 'line\n'.repeat(200)],
    ['right to left with overrides', '\u202e\u05d0\u05d1\u05d2 abc \u2066\u0639\u0645\u0631'],
    ['control characters and surrogates', '\u0000\u0007\u001b[31m\ud800'],
    ['PDF syntax', ') Tj ET (\\ >> endobj 1 0 obj << /JS'],
    ['emoji, Chinese, combining marks', '\u{1F469}\u200d\u{1F4BB} \u4e2d\u6587 Z\u0301\u0302\u0303\u0304algo'],
    ['nothing but spaces', '   \t   '],
  ])('%s: laid out, on pages, without a throw', (_, name) => {
    const recorder = new Recorder();
    const { version1 } = play({ recorder, segments: 0 });
    for (const id of recorder.people.keys()) recorder.people.set(id, name);
    for (const digest of recorder.disclosures.keys()) recorder.disclosures.set(digest, { text: name });
    const events = dossierEvents(recorder.stored).slice(0, 27);
    const rendered = render(buildContent(inputOf(recorder, version1, events)));
    expect(rendered.pages).toBeGreaterThan(5);
    expect(
      Buffer.from(rendered.bytes)
        .toString('latin1')
        .match(/\/Type \/Page\n/g),
    ).toHaveLength(rendered.pages);
  });
});
