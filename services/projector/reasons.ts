import type { Messaging } from '#libs/messaging';
import type { Pool } from '#libs/postgres';
import type { HealthCheck } from '#libs/runtime';
import type { KafkaProjector } from './kafka.js';

/** What must hold before a projector over Kafka is ready: its neighbours answer. A stop is an alarm. */
export function reasonsOf(
  projector: Pick<KafkaProjector, 'status'>,
  pool: Pool,
  messaging: Pick<Messaging, 'ping'>,
): readonly HealthCheck[] {
  let pinging: Promise<void> | undefined;
  return [
    {
      name: 'database',
      check: async () => {
        await pool.query('SELECT 1');
        return undefined;
      },
    },
    {
      name: 'broker',
      check: async () => {
        pinging ??= messaging.ping().finally(() => (pinging = undefined));
        await pinging;
        return undefined;
      },
    },
    {
      name: 'projector',
      check: async () => {
        const { status, trouble } = projector.status();
        return status === 'running' ? undefined : `${status}${trouble === undefined ? '' : `: ${trouble}`}`;
      },
    },
    {
      name: 'topic',
      check: async () => projector.status().gaps[0]?.message,
    },
    {
      name: 'views',
      check: async () => {
        const troubled = projector.status().views.find(({ trouble }) => trouble !== undefined);
        return troubled && `${troubled.view}: ${troubled.trouble}`;
      },
      alarm: () => {
        const [stop] = projector.status().stops;
        return stop && `${stop.view} is stopped in partition ${stop.partition} at event ${stop.eventId}: ${stop.error}`;
      },
    },
  ];
}
