import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedAssayEvent } from '#libs/event-store';
import type { Doors } from './load.js';

/** One question to the permit gate, in milliseconds since the epoch. */
export interface Probe {
  readonly endpoint: string;
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly status: number;
}

export interface Watched {
  readonly endpoint: string;
  readonly permitId: string;
  readonly approvalId: string;
}

/** From when to when the gate's own process was down, or something was held back with SIGSTOP. */
export interface Disturbance {
  readonly from: number;
  to: number;
}

/** The promise: a revocation closes the gate within this time while its process runs. */
export const revocationMilliseconds = 5_000;

/** Asks the gate all the time, and holds what it answered to what the log says. */
export class Gate {
  readonly probes: Probe[] = [];
  readonly disturbances: Disturbance[] = [];
  /** When the gate's process was started: it begins closed, and what was revoked before that stays closed. */
  readonly starts: number[] = [];
  readonly #watched: Watched[] = [];
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(readonly doors: Doors) {
    this.#running = this.#ask();
  }

  /** `opened` resolves when it was served once, or `until` aborts. */
  watch(watched: Watched): { opened(until: AbortSignal): Promise<void> } {
    this.#watched.push(watched);
    const isOpen = () => this.probes.some(({ endpoint, status }) => endpoint === watched.endpoint && status === 200);
    return {
      opened: async (until) => {
        while (!isOpen() && !until.aborted) await sleep(20);
      },
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** What was served although it could not have been proved open; empty when all is well. */
  violations(events: readonly RecordedAssayEvent[]): readonly string[] {
    const facts = permitFacts(events);
    return this.probes.flatMap(({ endpoint, askedAt, answeredAt, status }) => {
      if (status !== 200) return [];
      const { permitId, approvalId } = this.#watched.find((one) => one.endpoint === endpoint)!;
      const issued = facts.issued.get(permitId);
      if (issued === undefined || issued > answeredAt) return [`${endpoint} was served before its permit was issued`];
      const revoked = facts.closed.get(permitId) ?? Infinity;
      if (this.starts.some((start) => revoked < start && start <= askedAt))
        return [`${endpoint} was served by a gate that was started after its permit was revoked`];
      const closed = Math.min(revoked, facts.closed.get(approvalId) ?? Infinity);
      const late = askedAt - closed - this.#disturbed(closed, askedAt);
      return late > revocationMilliseconds ? [`${endpoint} was served ${late} ms after its revocation`] : [];
    });
  }

  /** Milliseconds between two moments in which something was away. */
  #disturbed(from: number, to: number): number {
    return this.disturbances.reduce(
      (sum, one) => sum + Math.max(0, Math.min(one.to, to) - Math.max(one.from, from)),
      0,
    );
  }

  async #ask(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      // The first, and the newest: the one that is led to its opening, and those that were closed last.
      for (const { endpoint } of new Set([...this.#watched.slice(0, 1), ...this.#watched.slice(-4)])) {
        const url = this.doors.inference;
        if (url === undefined) continue;
        const askedAt = Date.now();
        const status = await infer(url, endpoint).catch(() => undefined);
        if (status !== undefined) this.probes.push({ endpoint, askedAt, answeredAt: Date.now(), status });
      }
      await sleep(50);
    }
  }
}

async function infer(url: string, endpoint: string): Promise<number> {
  const response = await fetch(`${url}/v2/models/${endpoint}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 2], data: [1, -0.5] }] }),
    signal: AbortSignal.timeout(15_000),
  });
  await response.arrayBuffer();
  return response.status;
}

function permitFacts(events: readonly RecordedAssayEvent[]) {
  const issued = new Map<string, number>();
  const closed = new Map<string, number>();
  for (const event of events) {
    const at = Date.parse(event.recordedAt);
    if (event.type === 'PermitIssued') issued.set(event.data.permit.permitId, at);
    else if (event.type === 'PermitRevoked' || event.type === 'PermitSuspended' || event.type === 'PermitExpired')
      closed.set(event.data.permitId, at);
    else if (event.type === 'ApprovalRevoked') closed.set(event.data.approvalId, at);
  }
  return { issued, closed };
}
