import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { describeUnreadable } from '#libs/application';
import type { HealthCheck } from '#libs/runtime';
import type { ProcessManager } from './manager.js';

const says = {
  leading: 'this process manager acts and issues the permits',
  'standing-by': 'standing by: another process manager acts and issues the permits; this one issues none, and leases',
  unknown: 'nobody has said yet who issues the permits: this process manager issues none',
} as const;

/** Ready is who knows the newest events, whether it leads or stands by: beside whether the stores answer. */
export function healthOf(manager: Pick<ProcessManager, 'status'>): readonly HealthCheck[] {
  return [
    {
      name: 'events',
      check: async () => {
        return manager.status().caughtUp ? undefined : 'the newest events are not known: nothing is leased';
      },
    },
    {
      name: 'permits',
      check: async () => undefined,
      state: () => says[manager.status().leadership],
    },
    {
      name: 'decisions',
      check: async () => undefined,
      alarm: () => {
        const [first] = manager.status().unreadable;
        return first && describeUnreadable(first);
      },
    },
  ];
}

/** What it does and what waits, read when they are asked for. */
export function registerMetrics(registry: Registry, manager: Pick<ProcessManager, 'status'>): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name: `assay_process_manager_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  gauge('leading', '1 while this process is the one that acts', () => (manager.status().leading ? 1 : 0));
  gauge('standing_by', '1 while another process is the one that acts', () =>
    manager.status().leadership === 'standing-by' ? 1 : 0,
  );
  gauge('caught_up', '1 while it knows the newest events and may lease', () => (manager.status().caughtUp ? 1 : 0));
  gauge(
    'waiting',
    'Commands that the ledger asks for and that are not carried out yet',
    () => manager.status().waiting,
  );
  gauge('unreadable', 'Events that it cannot read', () => manager.status().unreadable.length);
  gauge('position', 'Position up to which it has read', () => Number(manager.status().position ?? -1n));
}
