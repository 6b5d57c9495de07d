import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createLog, withRequestId } from './log.js';

function lines() {
  const written: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  return { written, destination };
}

test('secrets never reach the log, wherever they stand', () => {
  const { written, destination } = lines();
  const log = createLog('test', { destination });
  log.info({ authorization: 'Bearer s3cr3t', request: { headers: { authorization: 'Bearer s3cr3t' } } }, 'in');
  log.warn({ input: { secret: 's3cr3t', reauthentication: 's3cr3t' } }, 'refused');
  expect(written).toHaveLength(2);
  expect(written.join('')).not.toContain('s3cr3t');
  expect(JSON.parse(written[0]!)).toMatchObject({ level: 'info', name: 'test', authorization: '[redacted]' });
});

test('every line within a request carries its id', async () => {
  const { written, destination } = lines();
  const log = createLog('test', { destination });
  await withRequestId('r-1', async () => {
    await Promise.resolve();
    log.info('within');
  });
  log.info('without');
  expect(written.map((line) => JSON.parse(line).requestId)).toEqual(['r-1', undefined]);
});
