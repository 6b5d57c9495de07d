import { createEventStore } from '#libs/event-store';
import { createKafka, eventsTopic, kafkaOptions } from '#libs/messaging';
import type { Messaging } from '#libs/messaging';
import { createPool } from '#libs/postgres';
import type { Pool } from '#libs/postgres';
import { allViews, readSkipped, type Stop } from '#libs/projections';
import type { Configuration } from '#libs/runtime';
import { startKafkaProjector, type KafkaProjector } from './kafka.js';

/** What is said while it runs; everything of it can be sent from thread to thread. */
export type Told =
  | { readonly kind: 'client'; readonly level: 'warn' | 'error'; readonly message: string }
  | { readonly kind: 'trouble'; readonly where: string; readonly attempt: number; readonly error: string }
  | { readonly kind: 'alarm'; readonly stop: Stop }
  | { readonly kind: 'refused'; readonly partition: number; readonly offset: string; readonly error: string };

/** One member of the group, with connections of its own. */
export interface Member {
  readonly projector: KafkaProjector;
  readonly pool: Pool;
  readonly messaging: Messaging;
  readonly topic: string;
  /** Ends after what is being written. */
  close(): Promise<void>;
}

/** The projector that the environment describes (main.ts). @throws InvalidConfiguration */
export function startMember(read: Configuration, tell: (told: Told) => void): Member {
  const databaseUrl = read.required('DATABASE_URL', 'PostgreSQL of the product');
  const kafka = kafkaOptions(read, 'assay-projector');
  const topic = eventsTopic(read);
  const eventStoreUrl = read.optional('EVENTSTORE_URL');
  const group = read.optional('KAFKA_GROUP');
  const sessionTimeout = read.integer('KAFKA_SESSION_MS', 10_000, 6_000, 300_000);
  const batchSize = read.integer('PROJECTOR_BATCH', 4_000, 1, 100_000);

  const messaging = createKafka({ ...kafka, onLog: (level, message) => tell({ kind: 'client', level, message }) });
  const pool = createPool(databaseUrl, { max: 10, name: 'assay-projector' });
  const releases = eventStoreUrl === undefined ? undefined : () => decisions(eventStoreUrl);
  const projector = startKafkaProjector({
    pool,
    messaging,
    topic,
    batchSize,
    sessionTimeout,
    ...(releases && { releases }),
    ...(group !== undefined && { group }),
    onTrouble: ({ where, error, attempt }) => tell({ kind: 'trouble', where, attempt, error: String(error) }),
    onAlarm: (stop) => tell({ kind: 'alarm', stop }),
    onRefused: ({ partition, offset, error }) =>
      tell({ kind: 'refused', partition, offset: offset.toString(), error: error.message }),
  });
  return {
    projector,
    pool,
    messaging,
    topic: topic.topic,
    async close() {
      await projector.stop();
      await messaging.close();
      await pool.end();
    },
  };
}

async function decisions(connectionString: string) {
  const store = createEventStore({ connectionString });
  try {
    return await readSkipped(
      store,
      allViews.map(({ name }) => name),
    );
  } finally {
    await store.close();
  }
}
