import { expect, test } from '@jest/globals';
import { connect } from 'node:http2';
import type { Settings } from 'node:http2';
import { testStore } from '../event-store/testing.js';

test('who appends may send a megabyte ahead', async () => {
  const store = await testStore();
  const session = connect(`http://${/esdb:\/\/([^?]+)/.exec(store.connectionString)![1]!}`);
  const window = new Promise<number>((resolve, reject) => {
    session.once('error', reject);
    session.on('remoteSettings', ({ initialWindowSize = 0 }: Settings) => {
      if (initialWindowSize > 65_535) resolve(initialWindowSize);
    });
  });
  const call = session.request({
    ':method': 'POST',
    ':path': '/event_store.client.streams.Streams/BatchAppend',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  call.on('error', () => undefined);
  expect(await window).toBe(1024 * 1024);
  // Of the connection, of which each call has its share.
  while ((session.state.remoteWindowSize ?? 0) < 1024 * 1024) await new Promise(setImmediate);
  session.destroy();
  await store.close();
});
