import { expect, test } from '@jest/globals';
import { checkHealth } from './health.js';

test('ready only when every check holds; otherwise each reason is named', async () => {
  const well = { name: 'store', check: async () => undefined };
  expect(await checkHealth([well])).toEqual({ ready: true, reasons: {}, states: {}, alarms: {} });
  const leading = { ...well, name: 'relay', state: () => 'it leads' };
  expect(await checkHealth([leading])).toEqual({ ready: true, reasons: {}, states: { relay: 'it leads' }, alarms: {} });
  const stopped = { ...well, name: 'views', alarm: () => 'lineage is stopped' };
  expect(await checkHealth([{ ...well, alarm: () => undefined }, stopped])).toEqual({
    ready: true,
    reasons: {},
    states: {},
    alarms: { views: 'lineage is stopped' },
  });
  const health = await checkHealth(
    [
      well,
      { name: 'views', check: async () => 'lineage is 12 events behind' },
      { name: 'database', check: () => Promise.reject(new Error('connection refused')) },
      { name: 'hanging', check: () => new Promise<undefined>(() => undefined) },
    ],
    20,
  );
  expect(health).toEqual({
    ready: false,
    reasons: {
      views: 'lineage is 12 events behind',
      database: 'connection refused',
      hanging: 'no answer within 20 ms',
    },
    states: {},
    alarms: {},
  });
});
