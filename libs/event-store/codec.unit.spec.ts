import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { AssayEvent, EventOf, EventType } from '../lifecycle/events.js';
import { boston, contentExample, digestOf, example, exampleEvents, id, time } from '../lifecycle/examples.js';
import type { CommandContext } from '../lifecycle/kernel.js';
import { streamName } from '../lifecycle/streams.js';
import { repositoryRoot } from '../runtime/root.js';
import { canonicalBytes, sha256 } from '../signing/canonical.js';
import { catalogue } from './catalogue.js';
import { decodeEvent, encodeEvent, eventDigest, eventMetadata, maximumEventBytes } from './codec.js';
import type { EventMetadata } from './envelope.js';
import { InvalidEvent } from './invalid-event.js';
import type { EventToAppend, StoredEvent } from './port.js';
import { validator } from './schemas.js';

const context: CommandContext = {
  workspace: boston,
  actor: {
    id: id('ana'),
    kind: 'person',
    roles: ['model-developer'],
    groups: [],
    authentication: { method: 'oidc', acr: 'urn:assay:acr:password', amr: ['pwd'], time: time(-10) },
  },
  commandId: id('command'),
  correlationId: id('correlation'),
  now: time(0),
};

function metadataOf(event: AssayEvent, changes: Partial<EventMetadata> = {}): EventMetadata {
  const stream = streamName(catalogue[event.type].aggregate, boston, id('stream'));
  return {
    ...eventMetadata(event, { id: id('event'), stream, context, commandDigest: digestOf('command') }),
    ...changes,
  };
}

function stored(event: EventToAppend, changes: Partial<StoredEvent> = {}): StoredEvent {
  const { stream } = JSON.parse(Buffer.from(event.metadata).toString()) as EventMetadata;
  return { ...event, stream, revision: 3n, position: 2n ** 63n, recordedAt: time(1), ...changes };
}

function failure(action: () => unknown): InvalidEvent {
  try {
    action();
  } catch (error) {
    if (error instanceof InvalidEvent) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** An event with data that no type would allow. */
function odd<Type extends EventType>(type: Type, data: Record<string, unknown>): EventOf<Type> {
  return { type, data: { ...example(type).data, ...data } } as unknown as EventOf<Type>;
}

const encode = (event: AssayEvent) => encodeEvent(event, metadataOf(event));

/** Stored bytes as somebody else might have put them. */
function forged(data: string | Uint8Array, type: EventType = 'ModelAliasMoved'): StoredEvent {
  const event = encode(example(type));
  return stored({ ...event, data: typeof data === 'string' ? Buffer.from(data) : data });
}

describe('every event type of the domain', () => {
  test.each(exampleEvents.map((event) => [event.type, event] as const))('%s comes back as it went in', (_, event) => {
    const recorded = decodeEvent(stored(encode(event)));
    expect(recorded).toMatchObject({ type: event.type, data: event.data, revision: 3n, position: 2n ** 63n });
    expect(recorded?.metadata).toEqual(metadataOf(event));
  });

  test('has a schema of its newest version, and the catalogue names every type that has an example', () => {
    expect(exampleEvents.map((event) => event.type).sort()).toEqual(Object.keys(catalogue).sort());
    for (const [type, { version }] of Object.entries(catalogue)) {
      expect([type, validator(`${type}.v${version}`) !== undefined]).toEqual([type, true]);
      expect([type, validator(`${type}.v${version + 1}`)]).toEqual([type, undefined]);
    }
  });
});

describe('what is stored', () => {
  test('is RFC 8785 bytes, and the digest is over data ‖ 0x00 ‖ metadata', () => {
    const event = example('ModelAliasMoved');
    const metadata = metadataOf(event);
    const encoded = encodeEvent(event, metadata);
    expect(encoded.data).toEqual(canonicalBytes(event.data));
    expect(encoded.metadata).toEqual(canonicalBytes(metadata));
    expect(eventDigest(encoded)).toBe(
      sha256(Buffer.concat([canonicalBytes(event.data), Uint8Array.of(0), canonicalBytes(metadata)])),
    );
  });

  test('names in its envelope the content, the grade and the retention class', () => {
    const metadata = metadataOf(example('TrainingRunCompleted'));
    expect(metadata.content).toEqual([
      contentExample('model.onnx', 'application/octet-stream'),
      contentExample('run.json', 'application/json'),
    ]);
    expect(metadataOf(example('EvaluationRecorded', { grade: 'imported' })).evidenceGrade).toBe('imported');
    expect(metadataOf(example('GateDecided')).evidenceGrade).toBe('measured');
    expect(metadata.retentionClass).toBe('record');
  });
});

describe('strict on write', () => {
  test('an unknown type is refused', () => {
    const event = { type: 'ModelBlessed', data: {} } as unknown as AssayEvent;
    expect(failure(() => encodeEvent(event, metadataOf(example('ModelAliasMoved'))))).toMatchObject({
      code: 'UnknownType',
      type: 'ModelBlessed',
    });
    const inherited = { type: 'constructor', data: {} } as unknown as AssayEvent;
    expect(failure(() => encodeEvent(inherited, metadataOf(example('ModelAliasMoved')))).code).toBe('UnknownType');
  });

  test.each([
    ['an unknown field', odd('ModelAliasMoved', { note: 'x' }), 'UnknownField', '/data/note'],
    ['a missing field', odd('ModelAliasMoved', { alias: undefined }), 'InvalidField', '/data/alias'],
    ['an id that is no UUID', odd('ModelAliasMoved', { modelId: 'mortgage' }), 'InvalidField', '/data/modelId'],
    ['a fraction of a row', odd('DatasetVersionSealed', { rows: 0.5 }), 'InvalidField', '/data/rows'],
    [
      'a time without offset',
      odd('IncidentOpened', { awareAt: '2026-11-22T12:00:00' }),
      'InvalidField',
      '/data/awareAt',
    ],
    [
      'a day that does not exist',
      odd('IncidentOpened', { awareAt: '2026-02-30T12:00:00Z' }),
      'InvalidField',
      '/data/awareAt',
    ],
    ['a role that does not exist', odd('AccessGranted', { role: 'root' }), 'InvalidField', '/data/role'],
    [
      'a share above the whole',
      odd('TrafficShifted', { arms: [{ ...example('TrafficShifted').data.arms[0], weight: 10_001 }] }),
      'InvalidField',
      '/data/arms/0/weight',
    ],
    [
      'an unknown field deep inside',
      odd('GateDecided', { measurement: { ...example('GateDecided').data.measurement, sure: true } }),
      'UnknownField',
      '/data/measurement/sure',
    ],
    [
      'an e-mail address as a purpose',
      odd('DatasetRegistered', { purpose: 'ask ana@example.org' }),
      'InvalidField',
      '/data/purpose',
    ],
    [
      'a comment as a purpose',
      odd('DatasetRegistered', { purpose: 'first line\nsecond line' }),
      'InvalidField',
      '/data/purpose',
    ],
    ['a reason in plain text', odd('IncidentClosed', { reason: 'it was nothing' }), 'InvalidField', '/data/reason'],
  ] as const)('%s is refused with its field', (_, event, code, field) => {
    expect(failure(() => encode(event))).toMatchObject({ code, field, type: event.type });
  });

  test.each([
    ['a control character', 'mort\u0000gage'],
    ['a line break', 'mort\ngage'],
    ['an escape sequence', '\u001b[31mmortgage'],
    ['a bidirectional override', 'mortgage\u202egpj.exe'],
    ['a zero-width space', 'mort\u200bgage'],
    ['a lone surrogate', 'mortgage\ud800'],
    ['a private use character', 'mort\ue000gage'],
    ['white space at its end', 'mortgage '],
    ['no NFC', 'cafe\u0301'],
    ['no character', ''],
    ['201 characters', 'x'.repeat(201)],
  ])('a name with %s is refused', (_, name) => {
    const refused = failure(() => encode(odd('ModelRegistered', { name })));
    expect(refused).toMatchObject({ code: 'InvalidField', field: '/data/name' });
    expect(refused.message).not.toContain('gpj');
  });

  test('names of other scripts are names', () => {
    for (const name of ['hypothèque', '住宅ローン', 'ипотека', 'x'.repeat(200)])
      expect(encode(odd('ModelRegistered', { name })).type).toBe('ModelRegistered');
  });

  test.each([NaN, Infinity, -Infinity, 10n])('the number %p is refused', (value) => {
    const interval = { method: 'wilson@assay', level: 0.95, low: value, high: 1 };
    const event = odd('GateDecided', { measurement: { ...example('GateDecided').data.measurement, interval } });
    expect(failure(() => encode(event))).toMatchObject({
      code: 'InvalidField',
      field: '/data/measurement/interval/low',
    });
    expect(failure(() => encode(odd('DenialCounted', { details: { value } }))).code).toMatch(/InvalidField|NotJson/);
  });

  test('a lone surrogate in a refusal detail is refused', () => {
    expect(failure(() => encode(odd('DenialCounted', { details: { path: '\udc00' } }))).code).toBe('InvalidField');
  });

  test('only the newest version is written', () => {
    const event = example('ModelRegistered');
    for (const schemaVersion of [1, 3])
      expect(failure(() => encodeEvent(event, metadataOf(event, { schemaVersion })))).toMatchObject({
        code: 'UnknownVersion',
        field: '/metadata/schemaVersion',
      });
  });

  test('metadata that disagrees with the event is refused', () => {
    const event = example('ModelAliasMoved');
    const wrong = (changes: Partial<EventMetadata>) => failure(() => encodeEvent(event, metadataOf(event, changes)));
    expect(wrong({ type: 'ModelRegistered' })).toMatchObject({ code: 'MetadataMismatch', field: '/metadata/type' });
    expect(wrong({ stream: streamName('permit', boston, id('x')) }).field).toBe('/metadata/stream');
    expect(wrong({ workspace: 'other' })).toMatchObject({ code: 'MetadataMismatch', field: '/metadata/workspace' });
    expect(wrong({ note: 'x' } as Partial<EventMetadata>)).toMatchObject({
      code: 'UnknownField',
      field: '/metadata/note',
    });
    expect(wrong({ actor: { ...context.actor, name: 'Ana' } as typeof context.actor }).field).toBe(
      '/metadata/actor/name',
    );
  });

  test('an event of 256 KiB goes in, one byte more does not', () => {
    const row = '0123456789'.repeat(20);
    const event = (features: readonly string[]) => example('ModelVersionRegistered', { features });
    const size = (features: readonly string[]) => {
      const { data, metadata } = encode(event(features));
      return data.length + metadata.length;
    };
    const features = Array.from(
      { length: Math.floor((maximumEventBytes - size([])) / (row.length + 3)) - 1 },
      () => row,
    );
    const rest = maximumEventBytes - size([...features, '', '']);
    const full = [...features, 'x'.repeat(Math.floor(rest / 2)), 'x'.repeat(Math.ceil(rest / 2))];
    expect(size(full)).toBe(maximumEventBytes);
    expect(failure(() => encode(event([...full.slice(0, -1), `${full.at(-1)}x`]))).code).toBe('TooLarge');
  });

  test('a bomb of nesting is refused before anything walks into it', () => {
    let bomb: unknown = 1;
    for (let depth = 0; depth < 20_000; depth += 1) bomb = [bomb];
    expect(failure(() => encode(odd('DenialCounted', { details: { bomb } }))).code).toBe('TooDeep');
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(failure(() => encode(odd('DenialCounted', { details: { cycle } }))).code).toBe('TooDeep');
  });
});

describe('reading', () => {
  const moved = example('ModelAliasMoved');

  test('an event type that nobody knows is left to be ignored', () => {
    expect(decodeEvent({ ...stored(encode(moved)), type: 'ModelBlessed', data: Buffer.from('?') })).toBeUndefined();
  });

  test('a type that the view does not handle is ignored, whatever its version', () => {
    const event = stored({ ...encode(moved), metadata: canonicalBytes(metadataOf(moved, { schemaVersion: 9 })) });
    expect(decodeEvent(event, new Set(['ModelRegistered']))).toBeUndefined();
    expect(failure(() => decodeEvent(event, new Set(['ModelAliasMoved'])))).toMatchObject({
      code: 'UnknownVersion',
      field: '/metadata/schemaVersion',
    });
    expect(failure(() => decodeEvent(event)).code).toBe('UnknownVersion');
  });

  test('the first version of ModelRegistered is read as the newest, its bytes and digest untouched', () => {
    const { jurisdictions, prohibitedUses: _, ...rest } = example('ModelRegistered').data;
    const data = canonicalBytes({ ...rest, jurisdiction: jurisdictions[0] });
    const metadata = canonicalBytes(metadataOf(example('ModelRegistered'), { schemaVersion: 1 }));
    const event = stored({ id: id('event'), type: 'ModelRegistered', data, metadata });
    const before = Buffer.from(event.data).toString('hex');
    const recorded = decodeEvent(event);
    expect(recorded?.data).toEqual({ ...rest, jurisdictions: ['US-MA'], prohibitedUses: [] });
    expect(recorded?.metadata.schemaVersion).toBe(1);
    expect(recorded?.digest).toBe(sha256(Buffer.concat([data, Uint8Array.of(0), metadata])));
    expect(Buffer.from(event.data).toString('hex')).toBe(before);
  });

  test('data of the first version under the newest version is refused', () => {
    const { jurisdictions, prohibitedUses: _, ...rest } = example('ModelRegistered').data;
    const data = canonicalBytes({ ...rest, jurisdiction: jurisdictions[0] });
    expect(failure(() => decodeEvent(stored({ ...encode(example('ModelRegistered')), data }))).code).toBe(
      'InvalidField',
    );
  });

  test.each([
    ['a key that stands twice', '{"alias":"a","alias":"b"}', 'DuplicateKey', '/data/alias'],
    ['a key that stands twice, escaped', '{"alias":"a","\\u0061lias":"b"}', 'DuplicateKey', '/data/alias'],
    ['a key that stands twice inside', '{"a":[0,{"b":{},"b":1}]}', 'DuplicateKey', '/data/a/1/b'],
    ['a number beyond doubles', '{"alias":1e999}', 'NotCanonical', '/data'],
    ['NaN', '{"alias":NaN}', 'NotJson', '/data'],
    ['members out of order', '{"b":1,"a":2}', 'NotCanonical', '/data'],
    ['white space', '{ "alias":"a"}', 'NotCanonical', '/data'],
    ['a lone surrogate', '{"alias":"\\ud800"}', 'NotCanonical', '/data'],
    ['a byte order mark', '\ufeff{"alias":"a"}', 'NotJson', '/data'],
    ['something after the end', '{"alias":"a"}x', 'NotJson', '/data'],
    ['an array', '["alias"]', 'NotJson', '/data'],
    ['nothing', '', 'NotJson', '/data'],
    ['a bomb of arrays', `{"alias":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'TooDeep', '/data'],
    ['a bomb that is never closed', `{"alias":${'['.repeat(200_000)}`, 'TooDeep', '/data'],
    ['too many bytes', `{"alias":"${'x'.repeat(maximumEventBytes)}"}`, 'TooLarge', ''],
  ] as const)('%s is refused', (_, data, code, field) => {
    expect(failure(() => decodeEvent(forged(data)))).toMatchObject({ code, field });
  });

  test('bytes that are not UTF-8 are refused', () => {
    expect(failure(() => decodeEvent(forged(Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x7d]))))).toMatchObject({
      code: 'NotUtf8',
      field: '/data',
    });
    const metadata = Buffer.from('{"id":"\xff"}', 'latin1');
    expect(failure(() => decodeEvent({ ...forged('{}'), metadata }))).toMatchObject({
      code: 'NotUtf8',
      field: '/metadata',
    });
  });

  test('an event that lies in another stream, or under another id, than it says is refused', () => {
    const event = stored(encode(moved));
    expect(failure(() => decodeEvent({ ...event, stream: streamName('model', boston, id('other')) })).field).toBe(
      '/metadata/stream',
    );
    expect(failure(() => decodeEvent({ ...event, id: id('other') })).field).toBe('/metadata/id');
    expect(failure(() => decodeEvent({ ...event, type: 'ModelRegistered' })).field).toBe('/metadata/type');
  });

  test('`__proto__` as a member pollutes nothing', () => {
    expect(failure(() => decodeEvent(forged('{"__proto__":{"admin":true}}'))).code).toBe('InvalidField');
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});

test('encoding the largest of the common events costs a write well under 0.3 ms', () => {
  const event = example('ApprovalRequested');
  const metadata = metadataOf(event);
  // Processor time, not wall time: the machine that runs this may be busy with something else.
  const spent = () => (process.cpuUsage().user + process.cpuUsage().system) / 1000;
  let best = Infinity;
  for (let batch = 0; batch < 20; batch += 1) {
    const started = spent();
    for (let turn = 0; turn < 50; turn += 1) encodeEvent(event, metadata);
    best = Math.min(best, (spent() - started) / 50);
  }
  expect(best).toBeLessThan(0.3);
});

test('every published schema is a valid schema of draft 2020-12, in strict mode', () => {
  const folder = join(repositoryRoot(), 'schemas', 'events');
  const ajv = new Ajv2020({ strict: true, strictTypes: false });
  addFormats.default(ajv, ['date-time']);
  ajv.addFormat('nfc', true);
  const files = readdirSync(folder).filter((name) => /\.v\d+\.json$/.test(name));
  expect(files.length).toBeGreaterThan(Object.keys(catalogue).length);
  for (const name of files)
    expect([name, ajv.validateSchema(JSON.parse(readFileSync(join(folder, name), 'utf8')))]).toEqual([name, true]);
});
