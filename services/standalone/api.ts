import { describeUnreadable } from '#libs/application';
import { abilityFor } from '#libs/authorization';
import { createIdentification } from '#libs/identity';
import type { Identified } from '#libs/identity';
import { createMetrics, systemClock } from '#libs/runtime';
import type { HealthCheck } from '#libs/runtime';
import { createApi, modelInspector } from '#services/api';
import type { Product } from './product.js';
import { readModelsOf } from './read-models.js';
import type { Workers } from './workers.js';

/** What an api stands on, in the product's process or in one of its own. */
export type ApiParts = Pick<
  Product,
  'application' | 'content' | 'directory' | 'fanOut' | 'lag' | 'log' | 'pool' | 'ports' | 'projector'
>;

/** What it asks of the workers beside it; elsewhere the process manager looks after itself. */
export interface Beside {
  readonly trainer: Pick<Workers['trainer'], 'evaluate'>;
  readonly manager?: Pick<Workers['manager'], 'status'>;
}

export interface RunningApi {
  readonly url: string;
  close(): Promise<void>;
}

/** A view that is further behind than this is not ready to be read. */
const readyLagEvents = 10_000;

export async function startApi(
  product: ApiParts,
  { port, host }: { readonly port: number; readonly host?: string },
  workers: () => Beside | undefined,
): Promise<RunningApi> {
  const { application, content, directory, log, pool, ports, projector } = product;
  const metrics = createMetrics({
    lags: () => product.lag.lags(),
    unreadable: () => directory.unreadable.waiting().length,
  });
  const identification = createIdentification({
    index: directory.access,
    store: ports.identities,
    clock: systemClock,
    refresh: () => application.catchUp(),
  });
  const api = await createApi({
    application,
    evidenceOf: (workspace, modelVersionId) => application.evidenceOf(workspace, modelVersionId),
    identification,
    abilityOf: (caller: Identified) =>
      abilityFor(caller.actor, caller.grants, [...(directory.access.identity(caller.actor.id)?.linked ?? [])]),
    content,
    readModels: readModelsOf(pool, projector),
    lags: () => product.lag.lags(),
    vault: ports.vault,
    measure: (modelVersionId) => {
      const running = workers();
      if (!running) throw Object.assign(new Error('the trainer is starting'), { name: 'JobRefused', code: 'NotReady' });
      return running.trainer.evaluate(modelVersionId, directory.position);
    },
    inspectModel: modelInspector(content),
    clock: systemClock,
    log,
    metrics,
    health: healthChecks(product, workers),
    countDenial: ({ actor, rule, action, details }) => {
      const workspace = directory.access.workspace?.workspace;
      if (workspace) void application.countDenial({ workspace, actor, rule, action, details });
    },
  });
  await api.listen(port, host);
  return {
    url: api.url,
    async close() {
      await api.close();
      metrics.stop();
    },
  };
}

function healthChecks(
  { pool, ports, projector, lag, fanOut, directory }: ApiParts,
  workers: () => Beside | undefined,
): readonly HealthCheck[] {
  return [
    {
      name: 'event-store',
      check: async () => {
        await ports.store.ping();
        return fanOut.state.live ? undefined : (fanOut.state.failure ?? 'the subscription is catching up');
      },
    },
    {
      name: 'database',
      check: async () => {
        await pool.query('SELECT 1');
        return undefined;
      },
    },
    {
      name: 'views',
      check: async () => {
        if (projector.trouble !== undefined) return projector.trouble;
        // What lies behind a stopped partition counts as well: the alarm says why, and the other views go on.
        const stopped = new Set(projector.alarms().map(({ view }) => view));
        const behind = lag.lags().find(({ view, events }) => events > readyLagEvents && !stopped.has(view));
        return behind && `${behind.view} is ${behind.events} events behind`;
      },
      alarm: () => {
        const [stop] = projector.alarms();
        return stop && `${stop.view} is stopped at event ${stop.eventId}: ${stop.error}`;
      },
    },
    {
      name: 'process-manager',
      check: async () => {
        // Before a workspace is open there is nothing to manage.
        if (!directory.access.workspace) return undefined;
        const running = workers();
        if (running === undefined) return 'it is starting';
        return undefined;
      },
    },
    {
      name: 'decisions',
      check: async () => undefined,
      alarm: () => {
        const [first] = directory.unreadable.waiting();
        return first && describeUnreadable(first);
      },
    },
  ];
}
