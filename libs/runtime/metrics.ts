import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  /** Seconds from a command's arrival to its answer, by command and outcome. */
  readonly commandSeconds: Histogram<'command' | 'outcome'>;
  /** Refusals by rule. */
  readonly denials: Counter<'rule'>;
  /** How far a view is behind the event store. */
  readonly projectionLagEvents: Gauge<'view'>;
  readonly projectionLagSeconds: Gauge<'view'>;
  stop(): void;
}

/** The process's metrics: Node's own, the event loop's delay (99th percentile since the last reading), and Assay's. */
export function createMetrics(
  options: {
    /** Asked whenever the metrics are read. */
    readonly lags?: () => readonly { readonly view: string; readonly events: number; readonly seconds: number }[];
    /** Events that no decision can read. */
    readonly unreadable?: () => number;
  } = {},
): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const loop = new Gauge({
    name: 'assay_event_loop_delay_seconds',
    help: 'Event loop delay, 99th percentile since the last reading',
    registers: [registry],
    collect() {
      const seconds = delay.percentile(99) / 1e9;
      loop.set(Number.isFinite(seconds) ? seconds : 0);
      delay.reset();
    },
  });
  const projectionLagEvents: Gauge<'view'> = new Gauge({
    name: 'assay_projection_lag_events',
    help: 'Events that a view has not folded yet',
    labelNames: ['view'],
    registers: [registry],
    collect() {
      for (const { view, events } of options.lags?.() ?? []) projectionLagEvents.set({ view }, events);
    },
  });
  const projectionLagSeconds: Gauge<'view'> = new Gauge({
    name: 'assay_projection_lag_seconds',
    help: 'Age of the oldest event that a view has not folded yet',
    labelNames: ['view'],
    registers: [registry],
    collect() {
      for (const { view, seconds } of options.lags?.() ?? []) projectionLagSeconds.set({ view }, seconds);
    },
  });
  const unreadable: Gauge = new Gauge({
    name: 'assay_unreadable_events',
    help: 'Events that no decision can read and that wait to be passed by',
    registers: [registry],
    collect() {
      unreadable.set(options.unreadable?.() ?? 0);
    },
  });
  return {
    registry,
    commandSeconds: new Histogram({
      name: 'assay_command_seconds',
      help: 'Seconds from the arrival of a command to its answer',
      labelNames: ['command', 'outcome'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5],
      registers: [registry],
    }),
    denials: new Counter({
      name: 'assay_denials_total',
      help: 'Refusals, by rule',
      labelNames: ['rule'],
      registers: [registry],
    }),
    projectionLagEvents,
    projectionLagSeconds,
    stop() {
      delay.disable();
    },
  };
}
