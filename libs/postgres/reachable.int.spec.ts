import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, connect } from 'node:net';
import { freePort } from '#libs/runtime';
import { createDataSource } from './data-source.js';
import { whenReachable } from './reachable.js';
import { testDatabase, type TestDatabase } from './testing.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

test('what starts before Postgres waits for it and says so; then it goes on', async () => {
  const port = await freePort();
  const real = new URL(database.url);
  const url = new URL(database.url);
  [url.hostname, url.port] = ['127.0.0.1', String(port)];
  const doors = createServer((socket) => {
    const inside = connect(Number(real.port), real.hostname);
    socket.on('error', () => inside.destroy());
    inside.on('error', () => socket.destroy());
    socket.pipe(inside).pipe(socket);
  });
  const waits: string[] = [];
  const source = await whenReachable(
    () => createDataSource(url.href),
    (error, attempt) => {
      waits.push(`${attempt} ${(error as Error & { code?: string }).code}`);
      if (attempt === 2) doors.listen(port, '127.0.0.1');
    },
  );
  expect(await source.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(waits.slice(0, 2)).toEqual(['1 ECONNREFUSED', '2 ECONNREFUSED']);
  await source.destroy();
  await new Promise((closed) => doors.close(closed));
});

test.each([
  ['password', (url: URL) => (url.password = 'wrong'), '28P01'],
  ['database', (url: URL) => (url.pathname = '/nowhere'), '3D000'],
])('a wrong %s is not waited for', async (_, change, code) => {
  const url = new URL(database.url);
  change(url);
  const waits: Error[] = [];
  await expect(
    whenReachable(
      () => createDataSource(url.href),
      (error) => waits.push(error),
    ),
  ).rejects.toMatchObject({
    code,
  });
  expect(waits).toEqual([]);
});
