import { expect, test } from '@jest/globals';
import { array, assert, constantFrom, nat, oneof, property, record, string } from 'fast-check';
import { canonicalBytes, canonicalJson } from '../signing/canonical.js';
import { plainEnvelope } from './plain-envelope.js';
import { validator } from './schemas.js';
import { parseCanonical } from './strict-json.js';

const id = '73b1bbe7-746e-4b0c-8ce3-3ccdd2c90001';
const digest = '62effbf11a02a6f8757e925bd687627a4f98cc7687a92175d8efc893eb8ef39c';
const plain = {
  actor: {
    authentication: {
      acr: 'urn:x',
      amr: ['pwd', 'otp'],
      method: 'oidc',
      nonce: 'n',
      time: '2026-03-31T23:59:59.123+05:30',
      tokenId: 't',
    },
    groups: ['Kredit 7', ''],
    id,
    kind: 'person',
    roles: ['validator', 'approver'],
  },
  causationId: id,
  commandDigest: digest,
  commandId: id,
  content: [
    { bytes: 12, digest, mediaType: 'application/json' },
    { bytes: 0, digest, mediaType: 'a/b' },
  ],
  correlationId: id,
  evidenceGrade: 'attested',
  id,
  occurredAt: '2024-02-28T00:00:00Z',
  onBehalfOf: id,
  policy: `${id}@3`,
  retentionClass: 'log',
  schemaVersion: 1,
  stream: `identity-alpha.${id}`,
  type: 'IdentityLinked',
  workspace: 'alpha',
};
const { causationId: _, onBehalfOf: __, policy: ___, ...least } = { ...plain, content: [] };
const bare = {
  ...least,
  actor: {
    authentication: { method: 'none', time: '2026-12-01T00:00:00Z' },
    groups: [],
    id: 'anonymous',
    kind: 'anonymous',
    roles: [],
  },
};

const isAllowed = (bytes: Uint8Array): unknown => {
  try {
    const value = parseCanonical(bytes);
    return validator('envelope.v1')!(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

test('an envelope as our codec writes it is plain, with everything that it may hold and with nothing of that', () => {
  for (const envelope of [plain, bare]) {
    expect(isAllowed(canonicalBytes(envelope))).toEqual(envelope);
    expect(plainEnvelope(canonicalBytes(envelope))).toEqual(envelope);
  }
});

test.each([
  ['a day that does not exist', { occurredAt: '2026-02-29T00:00:00Z' }],
  ['an hour that does not exist', { occurredAt: '2026-02-01T24:00:00Z' }],
  ['no offset', { occurredAt: '2026-02-01T23:00:00' }],
  ['an id in capitals', { id: id.toUpperCase() }],
  ['a version of nought', { schemaVersion: 0 }],
  ['a fraction of a version', { schemaVersion: 1.5 }],
  ['a grade that is none', { evidenceGrade: 'said' }],
  ['an unknown field', { zone: 'x' }],
  ['a stream without a workspace', { stream: `identity.${id}` }],
  ['content that is none', { content: [{ bytes: -1, digest, mediaType: 'a/b' }] }],
  ['an escape', { stream: 'identity-alpha.a"b' }],
  ['an actor of no kind', { actor: { ...plain.actor, kind: 'robot' } }],
])('%s is not plain', (_name, change) => {
  expect(plainEnvelope(canonicalBytes({ ...plain, ...change }))).toBeUndefined();
});

test('whatever is plain is canonical and keeps every rule of the schema, to the same value', () => {
  const text = canonicalJson(plain);
  const edit = record({
    at: nat(text.length - 1),
    cut: nat(3),
    put: oneof(
      constantFrom(
        '',
        '"',
        '\\',
        '\\u0041',
        ',',
        '[]',
        '{}',
        ' ',
        '0',
        '9',
        '31',
        '29',
        'Z',
        'é',
        '\u0000',
        '\n',
        '-',
        '.',
      ),
      string({ unit: 'binary-ascii', maxLength: 2 }),
    ),
  });
  assert(
    property(array(edit, { minLength: 1, maxLength: 2 }), (edits) => {
      const changed = edits.reduce((now, { at, cut, put }) => now.slice(0, at) + put + now.slice(at + cut), text);
      const bytes = Buffer.from(changed, 'utf8');
      const found = plainEnvelope(bytes);
      if (found !== undefined) expect(isAllowed(bytes)).toEqual(found);
    }),
    { numRuns: 2_000 },
  );
});
