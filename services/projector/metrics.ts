import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { KafkaProjector } from './kafka.js';

interface Projecting extends Pick<KafkaProjector, 'status'> {
  /** Members of the group that this process is. */
  readonly members: number;
}

type Values = (projector: Projecting) => readonly (readonly [label: string, value: number])[];

interface Definition {
  readonly name: string;
  readonly help: string;
  readonly label?: 'view' | 'kind';
  readonly values: Values;
}

const definitions: readonly Definition[] = [
  {
    name: 'assay_projection_lag_events',
    help: 'Events and unread records that a view has not folded yet, in the partitions of this process',
    label: 'view',
    values: (projector) => projector.status().views.map(({ view, events }) => [view, events]),
  },
  {
    name: 'assay_projection_lag_seconds',
    help: 'Age of the oldest event that a view has not folded yet, in the partitions of this process',
    label: 'view',
    values: (projector) => projector.status().views.map(({ view, seconds }) => [view, seconds]),
  },
  {
    name: 'assay_projector_records',
    help: 'Records that this process has read, by what became of them',
    label: 'kind',
    values: (projector) => Object.entries(projector.status().records),
  },
  {
    name: 'assay_projector_partitions',
    help: 'Partitions of the topic that this process reads',
    values: (projector) => [['', projector.status().partitions.length]],
  },
  {
    name: 'assay_projector_members',
    help: 'Members of the consumer group that this process is: more than one while it is far behind',
    values: (projector) => [['', projector.members]],
  },
  {
    name: 'assay_projector_gaps',
    help: 'Partitions of this process whose records are not complete in the topic',
    values: (projector) => [['', projector.status().gaps.length]],
  },
  {
    name: 'assay_projector_stops',
    help: 'Partitions of this process that a view has stopped and that wait for a recorded decision',
    label: 'view',
    values: (projector) => {
      const { views, stops } = projector.status();
      return views.map(({ view }) => [view, stops.filter((stop) => stop.view === view).length]);
    },
  },
];

/** The projector's state as gauges, read when they are asked for. */
export function registerMetrics(registry: Registry, projector: Projecting): void {
  for (const { name, help, label, values } of definitions) {
    const gauge: Gauge<'view' | 'kind'> = new Gauge({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [registry],
      collect() {
        for (const [key, value] of values(projector)) gauge.set(label === undefined ? {} : { [label]: key }, value);
      },
    });
  }
}
