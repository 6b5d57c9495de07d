import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeEvent } from '#libs/event-store';
import type { StoredEvent } from '#libs/event-store';
import { createKafka, eventsTopic } from '#libs/messaging';
import type { Messaging } from '#libs/messaging';
import { createPool } from '#libs/postgres';
import type { Pool } from '#libs/postgres';
import { allViews, lineage, livePositions, partitionOf, rebuildView } from '#libs/projections';
import type { Progress } from '#libs/projections';
import { readConfiguration, repositoryRoot } from '#libs/runtime';
import { testStore } from '../../libs/event-store/testing.js';
import type { TestStore } from '../../libs/event-store/testing.js';
import { kafkaMissing, startTestBroker } from '../../libs/messaging/testing.js';
import type { TestBroker } from '../../libs/messaging/testing.js';
import { testDatabase } from '../../libs/postgres/testing.js';
import { compareWithFold, randomHistory } from '../../libs/projections/testing/index.js';
import { startRelay } from '../relay/relay.js';
import type { Relay } from '../relay/relay.js';
import { topicSource } from './topic-source.js';

const suite = kafkaMissing ? describe.skip : describe;
if (kafkaMissing) process.stderr.write(`services/projector: Kafka suite skipped: ${kafkaMissing}\n`);

interface ProjectorProcess {
  readonly child: ChildProcess;
  /** A gauge without labels; undefined while it does not answer. */
  gauge(name: string): Promise<number | undefined>;
}

suite('projectors as processes over a real broker', () => {
  let broker: TestBroker;
  let ledger: TestStore;
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let pool: Pool;
  let messaging: Messaging;
  let relay: Relay;
  const children = new Set<ChildProcess>();
  const topic = eventsTopic(readConfiguration({ KAFKA_PARTITIONS: '6' }));
  const history = randomHistory(41, 900).map(({ stored }) => stored);

  beforeAll(async () => {
    [broker, ledger, database] = await Promise.all([startTestBroker(), testStore(), testDatabase()]);
    pool = createPool(database.url, { max: 6 });
    messaging = createKafka({ brokers: [broker.address], clientId: 'sharing-test' });
    relay = startRelay({ store: ledger.store, messaging, pool, topic, partitionOf });
  }, 180_000);

  afterAll(async () => {
    for (const child of children) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
    await relay?.close();
    await messaging?.close();
    await pool?.end();
    await Promise.all([ledger?.close(), broker?.stop()]);
    await database?.close();
  });

  async function start(settings: Readonly<Record<string, string>> = {}): Promise<ProjectorProcess> {
    const root = repositoryRoot();
    const child = spawn(process.execPath, [join(root, 'dist', 'services', 'projector', 'main.js')], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        ASSAY_PARENT: String(process.pid),
        DATABASE_URL: database.url,
        KAFKA_BROKERS: broker.address,
        KAFKA_PARTITIONS: '6',
        KAFKA_SESSION_MS: '6000',
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.add(child);
    let said = '';
    for await (const part of child.stdout.setEncoding('utf8')) {
      said += part as string;
      if (said.includes('\n')) break;
    }
    const url = /health at (\S+)/.exec(said)![1]!;
    return {
      child,
      async gauge(name) {
        const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
        const text = await answer?.text();
        const value = text && new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
        return value ? Number(value) : undefined;
      },
    };
  }

  async function append(events: readonly StoredEvent[]): Promise<void> {
    for (const { stream, id, type, data, metadata, revision } of events) {
      const expected = revision === 0n ? 'no_stream' : revision - 1n;
      await ledger.store.append(stream, [{ id, type, data, metadata }], expected);
    }
  }

  const share = (projector: ProjectorProcess) => projector.gauge('assay_projector_partitions');

  test('one joins, one dies, one hangs and wakes again: the views stay the fold of the log', async () => {
    // The first is behind from the beginning, and for so long two members in two threads.
    const [before, meanwhile] = [Math.floor(history.length * 0.7), Math.floor(history.length * 0.85)];
    await append(history.slice(0, before));
    const first = await start({ PROJECTOR_BATCH: '10', PROJECTOR_FAR_BEHIND: '20', PROJECTOR_THREADS: '2' });
    await until('two members', async () => (await first.gauge('assay_projector_members')) === 2);
    await reached();
    await expectFold();
    await until('one member again', async () => (await first.gauge('assay_projector_members')) === 1);

    const [second, third] = await Promise.all([start(), start()]);
    await until('three shares', async () => {
      const shares = await Promise.all([first, second, third].map(share));
      return shares.every((count) => count === 2);
    });
    const appending = append(history.slice(before, meanwhile));
    first.child.kill('SIGKILL');
    second.child.kill('SIGSTOP');
    await appending;
    await until('all partitions with the third', async () => (await share(third)) === 6);
    await reached();
    await expectFold();

    const fourth = await start();
    second.child.kill('SIGCONT');
    await append(history.slice(meanwhile));
    await until('three shares again', async () => {
      const shares = await Promise.all([second, third, fourth].map(share));
      return shares.every((count) => count === 2);
    });
    await reached();
    await expectFold();

    // The same topic fills a new generation.
    const source = topicSource({ messaging, pool, topic, store: ledger.store });
    const sources = new Set<string>();
    const progress = ({ phase, source: from }: Progress) => void (phase === 'filling' && sources.add(from));
    const counted = { ...source, batches: countedBatches };
    let events = 0;
    async function* countedBatches(...given: Parameters<typeof source.batches>) {
      for await (const batch of source.batches(...given)) {
        events += batch.events.length;
        yield batch;
      }
    }
    await rebuildView({ pool, view: lineage, store: ledger.store, source: counted, progress });
    expect(sources).toContain(`the topic ${topic.topic}`);
    expect(events).toBeGreaterThanOrEqual(history.length);
    await expectFold();
  }, 300_000);

  async function position(): Promise<bigint> {
    const live = await livePositions(pool);
    return allViews.reduce<bigint>((low, { name }) => {
      const each = live.get(name) ?? -1n;
      return each < low ? each : low;
    }, 2n ** 62n);
  }

  async function reached(): Promise<void> {
    let head = -1n;
    for await (const event of ledger.store.readAll({ backwards: true, maxCount: 1 })) head = event.position;
    await until(`position ${head}`, async () => (await position()) >= head);
  }

  async function expectFold(): Promise<void> {
    const log = [];
    for await (const stored of ledger.store.readAll()) log.push(decodeEvent(stored)!);
    for (const view of allViews)
      for (const { stored, folded } of await compareWithFold(pool, view, log)) expect(stored).toEqual(folded);
  }
});

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; !(await holds());) {
    if (Date.now() > deadline) throw new Error(`${what} did not come within 120 s`);
    await new Promise((wait) => setTimeout(wait, 100));
  }
}
