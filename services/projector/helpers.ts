import type { Helper } from './helper.js';
import type { KafkaProjector, KafkaProjectorStatus } from './kafka.js';

export interface HelpersOptions {
  readonly projector: Pick<KafkaProjector, 'status'>;
  /** Most helpers at once; 0: none ever. */
  readonly most: number;
  readonly start: () => Helper;
  /** A helper has ended without being asked to: the group goes on without it. */
  readonly onFault: (message: string) => void;
  /** Events and unread records from which on helpers are started. Default {@link farBehind}. */
  readonly farBehind?: number;
  /** Milliseconds between two looks. Default 250. */
  readonly everyMs?: number;
  /** Milliseconds for which nobody may be behind before the helpers go. Default 5,000. */
  readonly calmMs?: number;
}

/** Events and unread records from which on sharing out the partitions anew costs less than it brings. */
export const farBehind = 30_000;
/** So few are no backlog: what is under way at any moment of a busy day. */
const underWay = 2_000;
/** Looks that are passed over after a helper has ended by itself. */
const restAfterFault = 120;

/**
 * A projector that is far behind takes helpers into its group, which share its partitions until nobody is behind any
 * more: one event loop folds no faster than one processor. What several projectors may do to one view they may do
 * in one process as well; a helper that dies is a member that dies.
 */
export class Helpers {
  #helpers: readonly Helper[] = [];
  #calmSince: number | undefined;
  #rest = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly options: HelpersOptions) {
    this.#timer = setInterval(() => this.#look(), options.everyMs ?? 250);
    this.#timer.unref();
  }

  /** The projector's and its helpers' states as one: the trouble of any, the sum of what they have. */
  status(): KafkaProjectorStatus {
    const own = this.options.projector.status();
    const others = this.#helpers.flatMap((helper) => helper.status() ?? []);
    return others.length === 0 ? own : merged(own, others);
  }

  /** Members of the group that this process is. */
  get members(): number {
    return 1 + this.#helpers.length;
  }

  #look(): void {
    const { projector, most, start, farBehind: far = farBehind, calmMs = 5_000 } = this.options;
    if (this.#rest > 0) this.#rest -= 1;
    if (this.#helpers.length > 0) {
      const isCalm = behind(this.status()) < Math.min(underWay, far);
      if (!isCalm) this.#calmSince = undefined;
      else if (this.#calmSince === undefined) this.#calmSince = performance.now();
      else if (performance.now() - this.#calmSince >= calmMs) for (const helper of this.#helpers) helper.stop();
      return;
    }
    const status = projector.status();
    if (status.status !== 'running' || this.#rest > 0 || behind(status) < far) return;
    const wanted = Math.min(most, status.partitions.length - 1);
    for (let count = 0; count < wanted; count += 1) this.#add(start());
  }

  #add(helper: Helper): void {
    this.#helpers = [...this.#helpers, helper];
    this.#calmSince = undefined;
    void helper.ended.then((fault) => {
      this.#helpers = this.#helpers.filter((each) => each !== helper);
      if (fault === undefined) return;
      this.#rest = restAfterFault;
      this.options.onFault(fault);
    });
  }

  /** Resolves when all are gone. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const helper of this.#helpers) helper.stop();
    await Promise.all(this.#helpers.map(({ ended }) => ended));
  }
}

/** By how much the slowest view is. */
function behind({ views }: KafkaProjectorStatus): number {
  return Math.max(0, ...views.map(({ events }) => events));
}

function merged(own: KafkaProjectorStatus, others: readonly KafkaProjectorStatus[]): KafkaProjectorStatus {
  const all = [own, ...others];
  return {
    status: own.status,
    trouble: all.find(({ trouble }) => trouble !== undefined)?.trouble,
    partitions: all.flatMap(({ partitions }) => partitions).sort((a, b) => a - b),
    gaps: all.flatMap(({ gaps }) => gaps),
    stops: all.flatMap(({ stops }) => stops),
    views: own.views.map((view) => {
      const each = all.flatMap(({ views }) => views.filter((other) => other.view === view.view));
      return {
        ...view,
        trouble: each.find(({ trouble }) => trouble !== undefined)?.trouble,
        events: each.reduce((sum, { events }) => sum + events, 0),
        seconds: Math.max(...each.map(({ seconds }) => seconds)),
      };
    }),
    records: Object.fromEntries(
      Object.keys(own.records).map((kind) => [
        kind,
        all.reduce((sum, { records }) => sum + records[kind as keyof typeof records], 0),
      ]),
    ) as KafkaProjectorStatus['records'],
  };
}
