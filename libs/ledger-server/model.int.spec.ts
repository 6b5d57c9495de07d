import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { binaryEvent, EventStoreDBClient } from '@eventstore/db-client';
import * as fc from 'fast-check';
import { testDatabase } from '../postgres/testing.js';
import type { TestDatabase } from '../postgres/testing.js';
import type { LedgerServer } from './index.js';
import { startLedgerServer } from './index.js';

let database: TestDatabase;
let server: LedgerServer;
let client: EventStoreDBClient;

beforeAll(async () => {
  database = await testDatabase();
  await start();
});
afterAll(async () => {
  await client.dispose();
  await server.close();
  await database.close();
});

async function start(): Promise<void> {
  server = await startLedgerServer({ databaseUrl: database.url, insecure: true });
  client = EventStoreDBClient.connectionString(server.connectionString);
}

/** What a stream is, in the plainest way: every event ever, and what hides some of them. */
interface ModelStream {
  readonly ids: string[];
  truncateBefore: number;
  maxCount: number;
  isSoftDeleted: boolean;
  isTombstoned: boolean;
  hasMetadata: boolean;
}

type Expected = 'any' | 'no_stream' | 'stream_exists' | 'head' | 'below' | 'above';

type Step =
  | { readonly kind: 'append'; readonly stream: number; readonly count: number; readonly expected: Expected }
  | { readonly kind: 'repeat'; readonly stream: number }
  | {
      readonly kind: 'read';
      readonly stream: number;
      readonly from: number;
      readonly backwards: boolean;
      readonly count: number;
    }
  | { readonly kind: 'delete' | 'tombstone'; readonly stream: number; readonly expected: Expected }
  | { readonly kind: 'metadata'; readonly stream: number; readonly maxCount: number; readonly truncateBefore: number }
  | { readonly kind: 'restart' };

const stream = fc.nat({ max: 2 });
const expected = fc.constantFrom<Expected>(
  'any',
  'any',
  'head',
  'head',
  'no_stream',
  'stream_exists',
  'below',
  'above',
);
// The client writes nonsense for a delete that expects "stream exists".
const deleteExpected = fc.constantFrom<Expected>('any', 'head', 'no_stream', 'below', 'above');
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        stream,
        count: fc.integer({ min: 1, max: 4 }),
        expected,
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), stream }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        stream,
        from: fc.nat({ max: 12 }),
        backwards: fc.boolean(),
        count: fc.integer({ min: 1, max: 20 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), stream, expected: deleteExpected }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('tombstone' as const), stream, expected }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('metadata' as const),
        stream,
        maxCount: fc.integer({ min: 1, max: 5 }),
        truncateBefore: fc.nat({ max: 6 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  ),
  { minLength: 10, maxLength: 40 },
);

test('any order of appends, repetitions, reads, deletes and restarts is as the model says', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const run = randomUUID();
      const model = new Map<number, ModelStream>();
      const last = new Map<number, { ids: string[]; revision: bigint }>();
      for (const step of taken) await take(step, run, model, last);
      for (const number of [0, 1, 2])
        await take({ kind: 'read', stream: number, from: 0, backwards: false, count: 100 }, run, model, last);
    }),
    { numRuns: 25 },
  );
}, 240_000);

function streamOf(model: Map<number, ModelStream>, number: number): ModelStream {
  const known = model.get(number);
  if (known) return known;
  const fresh: ModelStream = {
    ids: [],
    truncateBefore: 0,
    maxCount: Infinity,
    isSoftDeleted: false,
    isTombstoned: false,
    hasMetadata: false,
  };
  model.set(number, fresh);
  return fresh;
}

const event = (id: string) => binaryEvent({ id, type: 'Modelled', data: Buffer.from(id) });

function revisionOf(given: Expected, length: number): 'any' | 'no_stream' | 'stream_exists' | bigint {
  if (given === 'head') return length === 0 ? 'no_stream' : BigInt(length - 1);
  if (given === 'below') return length < 2 ? 'no_stream' : BigInt(length - 2);
  return given === 'above' ? BigInt(length) : given;
}

function admits(state: ModelStream, wanted: 'any' | 'no_stream' | 'stream_exists' | bigint): boolean {
  if (wanted === 'any') return true;
  if (wanted === 'no_stream') return state.ids.length === 0 || state.isSoftDeleted;
  if (wanted === 'stream_exists') return !state.isSoftDeleted && (state.ids.length > 0 || state.hasMetadata);
  return wanted === BigInt(state.ids.length - 1);
}

/** Runs one step against the server and the model, and compares what they say. */
async function take(
  step: Step,
  run: string,
  model: Map<number, ModelStream>,
  last: Map<number, { ids: string[]; revision: bigint }>,
): Promise<void> {
  if (step.kind === 'restart') {
    await client.dispose();
    await server.close();
    await start();
    return;
  }
  const name = `model-test.${run}-${step.stream}`;
  const state = streamOf(model, step.stream);
  const wanted = 'expected' in step ? revisionOf(step.expected, state.ids.length) : 'any';
  const outcome = await attempt(step, name, wanted, state, last);
  if (step.kind === 'read') return expect(outcome).toEqual(readable(state, step));
  if (state.isTombstoned) return expect(outcome).toBe('stream-deleted');
  if (step.kind === 'repeat') {
    const before = last.get(step.stream);
    return expect(outcome).toBe(before ? before.revision : undefined);
  }
  const exists = state.ids.length > 0 || state.hasMetadata;
  const isRefused = step.kind !== 'metadata' && (!admits(state, wanted) || (step.kind === 'delete' && !exists));
  if (isRefused) return expect(outcome).toBe('wrong-expected-version');
  if (step.kind === 'append') appended(step, state, outcome, last);
  else if (step.kind === 'tombstone') state.isTombstoned = true;
  else if (step.kind === 'delete') Object.assign(state, { isSoftDeleted: true, hasMetadata: true, maxCount: Infinity });
  else if (step.kind === 'metadata') {
    const { maxCount, truncateBefore } = step;
    Object.assign(state, { maxCount, truncateBefore, isSoftDeleted: false, hasMetadata: true });
  }
}

let pending: string[] = [];

function appended(
  step: Step & { kind: 'append' },
  state: ModelStream,
  outcome: unknown,
  last: Map<number, { ids: string[]; revision: bigint }>,
): void {
  if (state.isSoftDeleted) Object.assign(state, { isSoftDeleted: false, truncateBefore: state.ids.length });
  state.ids.push(...pending);
  expect(outcome).toBe(BigInt(state.ids.length - 1));
  last.set(step.stream, { ids: pending, revision: BigInt(state.ids.length - 1) });
}

function readable(state: ModelStream, step: Step & { kind: 'read' }): unknown {
  if (state.isTombstoned) return 'stream-deleted';
  if (state.ids.length === 0 || state.isSoftDeleted) return 'stream-not-found';
  const first = Math.max(state.truncateBefore, state.ids.length - state.maxCount);
  const all = state.ids.map((id, revision) => ({ id, revision })).filter(({ revision }) => revision >= first);
  const wanted = step.backwards
    ? all.filter(({ revision }) => revision <= step.from).reverse()
    : all.filter(({ revision }) => revision >= step.from);
  return wanted.slice(0, step.count);
}

/** What the server says: a revision, events, or the type of its error. */
async function attempt(
  step: Exclude<Step, { kind: 'restart' }>,
  name: string,
  wanted: 'any' | 'no_stream' | 'stream_exists' | bigint,
  state: ModelStream,
  last: Map<number, { ids: string[]; revision: bigint }>,
): Promise<unknown> {
  try {
    switch (step.kind) {
      case 'append':
        pending = Array.from({ length: step.count }, () => randomUUID());
        return (await client.appendToStream(name, pending.map(event), { expectedRevision: wanted }))
          .nextExpectedRevision;
      case 'repeat': {
        const before = last.get(step.stream);
        if (!before) return state.isTombstoned ? 'stream-deleted' : undefined;
        return (await client.appendToStream(name, before.ids.map(event), { expectedRevision: 'any' }))
          .nextExpectedRevision;
      }
      case 'read': {
        const events: unknown[] = [];
        const options = {
          direction: step.backwards ? ('backwards' as const) : ('forwards' as const),
          fromRevision: BigInt(step.from),
          maxCount: step.count,
        };
        for await (const { event: found } of client.readStream(name, options))
          events.push({ id: Buffer.from(found!.data as Uint8Array).toString(), revision: Number(found!.revision) });
        return events;
      }
      case 'delete':
        return void (await client.deleteStream(name, { expectedRevision: wanted as bigint }));
      case 'tombstone':
        return void (await client.tombstoneStream(name, { expectedRevision: wanted as bigint }));
      case 'metadata':
        return void (await client.setStreamMetadata(name, {
          maxCount: step.maxCount,
          truncateBefore: step.truncateBefore,
        }));
      default:
        return step satisfies never;
    }
  } catch (error) {
    return (error as { type?: string }).type ?? error;
  }
}
