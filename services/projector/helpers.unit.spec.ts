import { afterEach, expect, test } from '@jest/globals';
import type { Helper } from './helper.js';
import { farBehind, Helpers } from './helpers.js';
import type { KafkaProjectorStatus } from './kafka.js';

const idle = { waiting: 0, duplicate: 0, zombie: 0, batch: 0, foreign: 0, gap: 0 };
const statusOf = (events: number, changes: Partial<KafkaProjectorStatus> = {}): KafkaProjectorStatus => ({
  status: 'running',
  trouble: undefined,
  partitions: [0, 1, 2, 3],
  gaps: [],
  stops: [],
  views: ['lineage', 'timeline'].map((view) => ({ view, generation: 1, trouble: undefined, events, seconds: 0 })),
  records: idle,
  ...changes,
});

class StandIn implements Helper {
  now: KafkaProjectorStatus | undefined;
  isAsked = false;
  end: (fault?: string) => void = () => undefined;
  readonly ended = new Promise<string | undefined>((resolve) => (this.end = resolve));
  status = () => this.now;
  stop() {
    this.isAsked = true;
    this.end();
  }
}

let own = statusOf(0);
let started: StandIn[] = [];
let faults: string[] = [];
let helpers: Helpers;

function begin(most: number, events: number, changes: Partial<KafkaProjectorStatus> = {}): Helpers {
  own = statusOf(events, changes);
  started = [];
  faults = [];
  return (helpers = new Helpers({
    projector: { status: () => own },
    most,
    start: () => started[started.push(new StandIn()) - 1]!,
    onFault: (message) => faults.push(message),
    everyMs: 1,
    calmMs: 20,
  }));
}

afterEach(() => helpers.close());

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 120_000; !holds();) {
    if (Date.now() > deadline) throw new Error('it did not come true');
    await new Promise((wait) => setTimeout(wait, 1));
  }
}
const looks = (count: number) => new Promise((wait) => setTimeout(wait, 3 * count));

test('one that is far behind takes helpers, once, and no more than there are partitions for', async () => {
  begin(9, farBehind);
  await until(() => started.length > 0);
  await looks(10);
  expect(started.length).toBe(3);
});

test.each([
  ['is not far behind', 3, statusOf(farBehind - 1)],
  ['waits for its neighbours', 3, statusOf(farBehind, { status: 'waiting' })],
  ['has one partition only', 3, statusOf(farBehind, { partitions: [2] })],
  ['may have none', 0, statusOf(farBehind)],
])('one that %s takes none', async (_, most, status) => {
  begin(most, 0);
  own = status;
  await looks(10);
  expect(started).toEqual([]);
});

test('helpers go when nobody has been behind for a while, not before', async () => {
  begin(1, farBehind);
  await until(() => started.length === 1);
  started[0]!.now = statusOf(20_000, { partitions: [2, 3] });
  own = statusOf(0, { partitions: [0, 1] });
  await looks(15);
  expect(started[0]!.isAsked).toBe(false);
  started[0]!.now = statusOf(0, { partitions: [2, 3] });
  await until(() => started[0]!.isAsked);
  await helpers.close();
  expect(faults).toEqual([]);
});

test('one that ends by itself is named, and not followed by another at once', async () => {
  begin(1, farBehind);
  await until(() => started.length === 1);
  started[0]!.end('out of memory');
  await until(() => faults.length === 1);
  await looks(10);
  expect([faults, started.length]).toEqual([['out of memory'], 1]);
});

test('the state of all is one state', async () => {
  begin(1, farBehind, { partitions: [0, 1], records: { ...idle, batch: 3 } });
  await until(() => started.length === 1);
  expect(helpers.status()).toEqual(own);
  started[0]!.now = statusOf(7, { partitions: [2, 3], trouble: 'no database', records: { ...idle, batch: 4, gap: 1 } });
  expect(helpers.status()).toMatchObject({
    status: 'running',
    trouble: 'no database',
    partitions: [0, 1, 2, 3],
    views: [
      { view: 'lineage', events: farBehind + 7 },
      { view: 'timeline', events: farBehind + 7 },
    ],
    records: { batch: 7, gap: 1 },
  });
});
