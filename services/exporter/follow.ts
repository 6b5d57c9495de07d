import { WaitingJobs } from '#libs/application';
import { type StoredEvent, type SubscriptionItem, decodeEvent } from '#libs/event-store';
import type { Id } from '#libs/lifecycle';
import { type ExportRequest, type Exporter, ExportRefused } from './exporter.js';

export interface FollowOptions {
  /** $all, from the process's fan-out. */
  readonly subscribe: (options: {
    readonly after?: bigint;
    readonly signal: AbortSignal;
  }) => AsyncIterable<SubscriptionItem>;
  readonly onFault?: (what: 'PoisonEvent' | 'WillRetry' | 'Stopped', detail: unknown) => void;
}

export interface RunningExporter {
  /** Resolves when everything in the store has been folded for the first time. */
  readonly ready: Promise<void>;
  /** Requests that are neither built nor failed nor held up by an event that cannot be read, oldest first. */
  open(): readonly Id[];
  close(): Promise<void>;
}

const shortestRetry = 250;
const longestRetry = 10_000;
const handled = new Set(['ExportRequested', 'ExportBuilt', 'ExportFailed', 'PartitionSkipped', 'PartitionRetried']);

/**
 * Answers each requested export, one after the other, oldest first. At least once: what a killed exporter left open is
 * open in the fold of the next one, and the same position gives the same bytes and the same command id.
 */
export function followExports(exporter: Exporter, { subscribe, onFault }: FollowOptions): RunningExporter {
  const ended = new AbortController();
  const { signal } = ended;
  const open = new Map<Id, ExportRequest>();
  const waiting = new WaitingJobs('export', (error) => onFault?.('PoisonEvent', error));
  let caughtUp = false;
  let working: Promise<void> | undefined;
  let markReady: () => void;
  const ready = new Promise<void>((resolve) => (markReady = resolve));

  async function follow(): Promise<void> {
    for await (const item of subscribe({ signal })) {
      if (item.kind === 'event') {
        const event = read(item.event);
        if (event) waiting.apply(event);
        if (event?.type === 'ExportRequested') {
          const { exportId, modelVersionId, asOf } = event.data;
          const { workspace, correlationId } = event.metadata;
          open.set(exportId, {
            exportId,
            workspace,
            modelVersionId,
            asOf: BigInt(asOf),
            correlationId,
            causationId: event.id,
          });
        } else if (event?.type === 'ExportBuilt' || event?.type === 'ExportFailed') open.delete(event.data.exportId);
      } else if (item.kind === 'caught-up') {
        caughtUp = true;
        waiting.tell();
        markReady();
      }
      if (caughtUp) work();
    }
  }

  /** An export with an event that cannot be read is left alone until that has been passed by; the others go on. */
  function read(stored: StoredEvent): ReturnType<typeof decodeEvent> {
    try {
      return decodeEvent(stored, handled);
    } catch (error) {
      waiting.add(stored, error);
      if (caughtUp) waiting.tell();
      return undefined;
    }
  }

  function work(): void {
    const next = [...open.values()].find(({ exportId }) => !waiting.has(exportId));
    if (working || !next || signal.aborted) return;
    working = answer(next).finally(() => {
      working = undefined;
      work();
    });
  }

  async function answer(request: ExportRequest): Promise<void> {
    const { decisions } = waiting;
    for (let wait = shortestRetry; !signal.aborted; wait = Math.min(wait * 2, longestRetry)) {
      if (!open.has(request.exportId)) return;
      try {
        await exporter.build(request, signal);
        open.delete(request.exportId);
        return;
      } catch (error) {
        if (signal.aborted) return;
        onFault?.('WillRetry', error);
        if (error instanceof ExportRefused && error.code === 'StreamUnreadable')
          return waiting.refused(request.exportId, decisions);
        await pause(wait, signal);
      }
    }
  }

  const following = follow().catch((error: unknown) => {
    if (!signal.aborted) onFault?.('Stopped', error);
  });

  return {
    ready,
    open: () => [...open.keys()].filter((id) => !waiting.has(id)),
    async close() {
      ended.abort();
      await Promise.allSettled([following, working]);
    },
  };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
