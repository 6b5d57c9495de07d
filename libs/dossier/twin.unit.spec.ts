import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '../runtime/root.js';
import { canonicalJson, generateSigningKey, sha256 } from '../signing/index.js';
import type { BuiltDossier } from './build.js';
import { buildDossier } from './build.js';
import { play } from './mortgage-play.test.js';
import { dossierEvents, inputOf, key, signer } from './testing.test.js';
import type { DossierTwin } from './twin.js';
import { twinBytes } from './twin.js';
import { NotADossier, verifyDossier } from './verify.js';

const schema = JSON.parse(readFileSync(join(repositoryRoot(), 'schemas', 'dossier.schema.json'), 'utf8')) as object;
const { recorder, version1 } = play();
const events = dossierEvents(recorder.stored).slice(0, 26);
const input = inputOf(recorder, version1, events);
let built: BuiltDossier;

beforeAll(async () => {
  built = await buildDossier(input, signer);
});

const check = (twin: Uint8Array, options: Partial<Parameters<typeof verifyDossier>[0]> = {}) =>
  verifyDossier({ twin, key, schema, ...options });
const firstFailure = (twin: Uint8Array, options = {}) =>
  check(twin, options).checks.find(({ outcome }) => outcome === 'failed');

/** The twin with something changed in it and signed anew: what only the other checks can find. */
function forged(change: (twin: { content: { [key: string]: never }; statement: object }) => void): Uint8Array {
  const twin = JSON.parse(Buffer.from(built.twin).toString()) as DossierTwin;
  change(twin as never);
  const content = Buffer.from(canonicalJson(twin.content));
  const statement = { ...twin.statement, contentDigest: sha256(content) };
  return twinBytes(content, statement, signer.sign(statement));
}

describe('a dossier', () => {
  test('verifies offline, twin and PDF', () => {
    const verification = check(built.twin, { pdf: built.pdf });
    expect(verification.checks.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(verification).toMatchObject({ verified: true, keyId: key.keyId, dossierId: `${version1}@${input.asOf}` });
  });

  test('of the same position has the same bytes', async () => {
    const again = await buildDossier(inputOf(recorder, version1, dossierEvents(recorder.stored).slice(0, 26)), signer);
    expect(Buffer.from(again.pdf).equals(built.pdf)).toBe(true);
    expect(Buffer.from(again.twin).equals(built.twin)).toBe(true);
  });

  test('of a later position has other bytes and another id', async () => {
    const later = await buildDossier(inputOf(recorder, version1, dossierEvents(recorder.stored).slice(0, 27)), signer);
    expect(later.dossierId).not.toBe(built.dossierId);
    expect(later.contentDigest).not.toBe(built.contentDigest);
  });

  test('without its PDF says that the PDF was not checked', () => {
    expect(check(built.twin).checks.at(-1)).toMatchObject({ name: 'PDF', outcome: 'not-checked' });
  });
});

describe('tampering is found', () => {
  test('in any byte of the twin', () => {
    const step = Math.max(1, Math.floor(built.twin.length / 40));
    for (let at = 0; at < built.twin.length; at += step) {
      const changed = Uint8Array.from(built.twin);
      changed[at] = changed[at]! ^ 0x01;
      let verified = false;
      try {
        verified = check(changed).verified;
      } catch (error) {
        expect(error).toBeInstanceOf(NotADossier);
      }
      expect({ at, verified }).toEqual({ at, verified: false });
    }
  });

  test('in the last bytes: signature, key id, line feed', () => {
    for (let at = built.twin.length - 420; at < built.twin.length; at += 9) {
      const changed = Uint8Array.from(built.twin);
      changed[at] = changed[at]! ^ 0x02;
      let verified = false;
      try {
        verified = check(changed).verified;
      } catch (error) {
        expect(error).toBeInstanceOf(NotADossier);
      }
      expect({ at, verified }).toEqual({ at, verified: false });
    }
  });

  test('in white space, a second line or a repeated member', () => {
    const text = Buffer.from(built.twin).toString();
    for (const changed of [
      `${text}\n`,
      ` ${text}`,
      text.replace('{"content":', '{ "content":'),
      text.replace(/\n$/, ''),
      text.replace('"format":"assay-dossier"', '"format":"x","format":"assay-dossier"'),
    ])
      expect(check(Buffer.from(changed)).verified).toBe(false);
  });

  test('in one byte of the PDF', () => {
    const pdf = Uint8Array.from(built.pdf);
    pdf[1000] = pdf[1000]! ^ 1;
    expect(firstFailure(built.twin, { pdf })).toMatchObject({ name: 'PDF' });
    expect(firstFailure(built.twin, { pdf: built.pdf.subarray(1) })).toMatchObject({ name: 'PDF' });
  });

  test('under another key', () => {
    expect(firstFailure(built.twin, { key: generateSigningKey() })).toMatchObject({
      name: 'signature',
      failure: expect.stringContaining('the key given is'),
    });
  });
});

describe('a signer who lies is found too', () => {
  const change = (place: (twin: never) => void) => firstFailure(forged(place as never));

  test('an event whose bytes were changed', () => {
    const failure = change(({ content: { events } }: { content: { events: { data: string; id: string }[] } }) => {
      events[3]!.data = events[3]!.data.replace(/.$/, ' }');
    });
    expect(failure).toMatchObject({
      name: 'event digests',
      failure: expect.stringContaining('its stored bytes have SHA-256'),
    });
  });

  test('an event that is left out', () => {
    expect(change(({ content: { events } }: { content: { events: object[] } }) => events.pop())).toMatchObject({
      name: 'citations',
    });
  });

  test('events in another order', () => {
    expect(change(({ content: { events } }: { content: { events: object[] } }) => events.reverse())).toMatchObject({
      name: 'event digests',
      failure: expect.stringContaining('out of order'),
    });
  });

  test('a printed number that its event does not hold', () => {
    const failure = change(({ content }: { content: object }) => {
      const facts: { value: number }[] = [];
      JSON.stringify(content, (_, value: { kind?: string; value?: unknown }) => {
        if (value?.kind === 'fact' && value.value === 0.6943) facts.push(value as { value: number });
        return value;
      });
      expect(facts.length).toBeGreaterThan(0);
      facts[0]!.value = 0.8943;
    });
    expect(failure).toMatchObject({
      name: 'quoted values',
      failure: expect.stringMatching(/says 0\.8943 for .* whose bytes say 0\.6943/),
    });
  });

  test('a reason that is not the one whose salted digest the event holds', () => {
    const failure = change(({ content: { disclosures } }: { content: { disclosures: { text?: string }[] } }) => {
      disclosures.find(({ text }) => text !== undefined)!.text = 'another reason';
    });
    expect(failure).toMatchObject({ name: 'salted texts' });
  });

  test('a member that the schema does not know', () => {
    expect(change(({ content }: { content: { extra?: number } }) => void (content.extra = 1))).toMatchObject({
      name: 'schema',
    });
  });
});

describe('what is no dossier', () => {
  test.each([
    ['not JSON', '{'],
    ['not UTF-8', Uint8Array.of(0xff, 0xfe)],
    ['no statement', '{"a":1}'],
    ['null', 'null'],
    ['a byte order mark', '\uFEFF{}'],
  ])('%s', (_, bytes) => {
    expect(() => check(Buffer.from(bytes as string))).toThrow(NotADossier);
  });
});
