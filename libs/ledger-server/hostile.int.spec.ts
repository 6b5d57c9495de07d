import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { connect, constants } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceError } from '@grpc/grpc-js';
import { credentials, makeGenericClientConstructor, status } from '@grpc/grpc-js';
import { Client } from 'pg';
import { createEventStore } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { AppendFrames, jsonProperties, streamsService } from '#libs/event-store/protocol';
import { testEvent } from '../event-store/testing.js';
import { testDatabase } from '../postgres/testing.js';
import type { TestDatabase } from '../postgres/testing.js';
import type { LedgerServer } from './index.js';
import { startLedgerServer } from './index.js';

let database: TestDatabase;
let server: LedgerServer;
let store: EventStore;
let raw: RawClient;

/** Sends any bytes as a request. */
interface RawClient {
  Read(request: Buffer): NodeJS.ReadableStream & { cancel(): void };
  Delete(request: Buffer, reply: (error: ServiceError | null) => void): void;
  Append(reply: (error: ServiceError | null) => void): NodeJS.WritableStream;
  BatchAppend(): NodeJS.ReadWriteStream & { cancel(): void };
  close(): void;
}

beforeAll(async () => {
  database = await testDatabase();
  server = await startLedgerServer({ databaseUrl: database.url, insecure: true });
  store = createEventStore({ connectionString: server.connectionString });
  const asIs = (bytes: Buffer) => bytes;
  const definition = Object.fromEntries(
    Object.entries(streamsService).map(([name, method]) => [name, { ...method, requestSerialize: asIs }]),
  );
  const RawStreams = makeGenericClientConstructor(definition, 'Streams');
  raw = new RawStreams(`127.0.0.1:${server.port}`, credentials.createInsecure()) as unknown as RawClient;
});
afterAll(async () => {
  raw.close();
  await store.close();
  await server.close();
  await database.close();
});

function failure(stream: NodeJS.EventEmitter): Promise<ServiceError> {
  return new Promise((resolve, reject) => {
    stream.on('data', () => undefined);
    stream.once('error', resolve);
    stream.once('end', () => setTimeout(() => reject(new Error('it ended without an error')), 50));
  });
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('a request that cannot be read is refused, and the server goes on', () => {
  test.each([
    ['nothing at all', '', 'options is missing'],
    ['no protobuf', 'ff ff ff ff', 'no protobuf'],
    ['a truncated message', '0a 7f 01', 'message ends before its last field'],
    ['a field number of 0', '00 00', 'field number 0'],
    ['options without a stream', '0a 04 28 01 4a 00', 'stream_option is missing'],
    ['no count and no subscription', '0a 0b 0a 07 0a 03 1a 01 61 1a 00 4a 00', 'count_option is missing'],
    ['no uuid option', '0a 0b 0a 07 0a 03 1a 01 61 1a 00 28 01', 'uuid_option is missing'],
    ['no revision', '0a 0b 0a 05 0a 03 1a 01 61 28 01 4a 00', 'revision_option is missing'],
    ['a stream name that is not UTF-8', '0a 0d 0a 07 0a 03 1a 01 ff 1a 00 28 01 4a 00', 'stream_name is not UTF-8'],
    ['an empty stream name', '0a 0a 0a 04 0a 00 1a 00 28 01 4a 00', 'stream_name is empty'],
    ['a zero byte in the name', '0a 0d 0a 07 0a 03 1a 01 00 1a 00 28 01 4a 00', 'contains a zero byte'],
  ])('%s', async (_what, bytes, says) => {
    const error = await failure(raw.Read(hex(bytes)));
    expect(error.details).toContain(says);
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    await store.ping();
  });

  test('a filter without window multiplier, and one that is no expression', async () => {
    // $all from the start, subscription, uuid string, filter on type {regex}, count window, multiplier 0 / 1
    const filter = (expression: string, multiplier: string) =>
      hex(`0a 13 12 02 12 00 32 00 3a 09 12 03 0a 01 ${expression} 22 00 ${multiplier} 4a 00`);
    const unusable = filter('28', '').subarray();
    expect((await failure(raw.Read(fix(unusable)))).details).toContain('not a regular expression');
    expect((await failure(raw.Read(fix(filter('61', ''))))).details).toContain('checkpointIntervalMultiplier is 0');
    await store.ping();
  });

  test('an append without id, without type, with a short id, and events before options', async () => {
    const append = (...messages: string[]) =>
      new Promise<ServiceError | null>((resolve) => {
        const call = raw.Append(resolve);
        call.on('error', () => undefined);
        for (const message of messages) call.write(hex(message) as never);
        call.end();
      });
    const options = '0a 07 0a 03 1a 01 61 22 00';
    expect((await append(options, '12 00'))?.details).toContain('id of a proposed message is missing');
    expect((await append(options, '12 05 0a 03 12 01 61'))?.details).toContain('id is not a UUID');
    const uuid = '0a 26 12 24 ' + Buffer.from('6a1b1c6e-7f43-4d0c-9a39-0f2d6f3a1b11').toString('hex');
    const untyped = await append(options, `12 28 ${uuid}`);
    expect(untyped?.metadata.get('exception')).toEqual(['missing-required-metadata-property']);
    expect(untyped?.metadata.get('required-metadata-properties')).toEqual(['type,content-type']);
    expect((await append(`12 28 ${uuid}`))?.details).toContain('options come before the first event');
    expect((await append('0a 05 0a 03 1a 01 61'))?.details).toContain('the expected revision is missing');
    await store.ping();
  });

  test('a batch without options, and rubbish in the middle of a batch call', async () => {
    const call = raw.BatchAppend();
    const answer = new Promise<{ outcome: unknown }>((resolve) => call.once('data', resolve as never));
    call.on('error', () => undefined);
    const correlation = '0a 26 12 24 ' + Buffer.from('6a1b1c6e-7f43-4d0c-9a39-0f2d6f3a1b11').toString('hex');
    call.write(hex(`${correlation} 20 01`) as never);
    expect((await answer).outcome).toEqual({ kind: 'invalid', message: 'options come with the first part' });
    const failed = failure(call);
    call.write(hex('ff ff ff') as never);
    expect((await failed).code).toBe(status.INVALID_ARGUMENT);
    await store.ping();
  });

  test('a delete without options, without a stream, without a revision', async () => {
    const refuse = (bytes: string) =>
      new Promise<ServiceError | null>((resolve) => raw.Delete(hex(bytes), (error) => resolve(error)));
    for (const [bytes, says] of [
      ['', 'options is missing'],
      ['0a 02 22 00', 'stream_name is empty'],
      ['0a 05 0a 03 1a 01 61', 'revision'],
      ['0a 7f 01', 'message ends before its last field'],
    ] as const) {
      const error = await refuse(bytes);
      expect([bytes, error?.code, error?.details]).toEqual([
        bytes,
        status.INVALID_ARGUMENT,
        expect.stringContaining(says),
      ]);
    }
    await store.ping();
  });

  test.each([
    ['text', Buffer.from('rubbish that is no frame')],
    ['a frame longer than every limit', hex('00 7f ff ff ff 00')],
    ['a compression that nobody agreed on', hex('01 00 00 00 01 00')],
    ['a frame that is cut in its message', hex('00 00 00 00 10 0a')],
    ['a frame that is cut in its length', hex('00 00 00')],
  ])('frames that are no gRPC: %s', async (_, body) => {
    const session = connect(`http://127.0.0.1:${server.port}`);
    session.on('error', () => undefined);
    const request = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: streamsService.Read.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let answered: string | undefined;
    const note = (headers: Readonly<Record<string, unknown>>): void => {
      if (headers['grpc-status'] !== undefined) answered = String(headers['grpc-status']);
    };
    request.on('response', note);
    request.on('trailers', note);
    request.on('error', () => undefined);
    let data = 0;
    request.on('data', (part: Buffer) => (data += part.length));
    const ended = new Promise((resolve) => request.once('close', resolve));
    request.end(body);
    await ended;
    // A status that says no, or the end of the stream: never an answer.
    expect({ data, refused: answered === undefined ? request.rstCode !== 0 : answered !== '0' }).toEqual({
      data: 0,
      refused: true,
    });
    session.destroy();
    await store.ping();
  });
});

test('many appends in one piece of the connection are answered in one, wherever the piece is cut', async () => {
  const session = connect(`http://127.0.0.1:${server.port}`);
  const request = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: streamsService.BatchAppend.path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const frames = new AppendFrames();
  for (let n = 0; n < 50; n += 1) {
    const options = { stream: `hostile-test.piece-${n}`, expected: 'no_stream' as const };
    const { id, type, data, metadata } = testEvent();
    frames.add({
      correlation: randomUUID(),
      options,
      events: [{ id, properties: jsonProperties(type), data, metadata }],
      isFinal: true,
    });
  }
  const bytes = Buffer.alloc(frames.byteLength + 5);
  frames.copy(bytes, 5);
  const pieces: number[] = [];
  const answered = new Promise<void>((resolve) => {
    request.on('data', (part: Buffer) => {
      pieces.push(part.length);
      if (pieces.reduce((sum, length) => sum + length, 0) > 50 * 80) resolve();
    });
  });
  const cut = bytes.length - 7;
  request.write(bytes.subarray(0, cut));
  await sleep(50);
  request.write(bytes.subarray(cut));
  await answered;
  // One by one they would be fifty.
  expect(pieces.length).toBeLessThanOrEqual(5);
  session.destroy();
  await store.ping();
});

/** Sets the lengths of the filter message and the options around it to what they are. */
function fix(bytes: Buffer): Buffer {
  const body = bytes.subarray(2);
  const at = body.indexOf(0x3a);
  const uuid = body.subarray(body.length - 2);
  const filter = body.subarray(at + 2, body.length - 2);
  const options = Buffer.concat([body.subarray(0, at), Buffer.of(0x3a, filter.length), filter, uuid]);
  return Buffer.concat([Buffer.of(0x0a, options.length), options]);
}

test('a subscriber that does not read holds up nobody, and gets everything when it does', async () => {
  const stream = 'hostile-test.slow';
  const start = await store.append(stream, [testEvent('Start')], 'any');
  const stop = new AbortController();
  const revisions: bigint[] = [];
  const reading = (async () => {
    for await (const item of store.subscribeAll({ after: start.position, signal: stop.signal })) {
      if (item.kind === 'event' && item.event.stream === stream) {
        if (revisions.length === 0) await sleep(1_500);
        revisions.push(item.event.revision);
        if (item.event.type === 'Last') stop.abort();
      }
    }
  })();
  const fill = 'x'.repeat(2_000);
  const quick = performance.now();
  for (let n = 0; n < 40; n += 1)
    await store.append(
      stream,
      Array.from({ length: 200 }, () => testEvent('Many', { fill })),
      'any',
    );
  await store.append(stream, [testEvent('Last')], 'any');
  expect(performance.now() - quick).toBeLessThan(120_000);
  await reading;
  expect(revisions).toEqual(Array.from({ length: 8_001 }, (_, n) => BigInt(n + 1)));
});

test('Postgres ends the writer’s connection: the append may be repeated, and is there once', async () => {
  const stream = 'hostile-test.outage';
  const admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  const ids: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    const terminating = admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'assay-ledger%' and datname = $1",
      [new URL(database.url).pathname.slice(1)],
    );
    const events = Array.from({ length: 20 }, () => testEvent());
    ids.push(...events.map(({ id }) => id));
    await Promise.all(
      events.map(async (event) => {
        for (let attempt = 0; ; attempt += 1)
          try {
            return await store.append(stream, [event], 'any');
          } catch (error) {
            if (attempt > 50 || (error as Error).name !== 'StoreUnavailable') throw error;
            await sleep(50);
          }
      }),
    );
    await terminating;
  }
  await admin.end();
  const stored: string[] = [];
  for await (const { id } of store.readStream(stream)) stored.push(id);
  expect(stored.sort()).toEqual(ids.sort());
});
