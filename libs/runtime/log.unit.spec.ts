import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createLog, detailText } from './log.js';

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

test('what a fault is told with is said in words', () => {
  expect(detailText(new TypeError('not there'))).toBe('TypeError: not there');
  expect(detailText({ code: 'StreamUnreadable', position: 12n })).toBe('{"code":"StreamUnreadable","position":"12"}');
  expect([detailText('away'), detailText(undefined), detailText(null)]).toEqual(['away', 'undefined', 'null']);
});
