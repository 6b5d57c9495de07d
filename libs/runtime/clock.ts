/** The one clock. Wall time for what is written, monotonic time for what is measured; both can be driven by a test. */
export interface Clock {
  /** Wall-clock time. May jump in both directions. */
  now(): Date;
  /** Milliseconds from an arbitrary origin; never goes backwards, may stand still while the machine sleeps. */
  monotonic(): number;
  /** Calls `action` once, at the earliest after `milliseconds` of monotonic time. Does not keep the process alive. */
  after(milliseconds: number, action: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

/** The longest delay that one Node timer holds; longer ones are chained. */
const longestTimer = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  after(milliseconds, action) {
    let handle: NodeJS.Timeout;
    const arm = (rest: number): void => {
      handle = setTimeout(
        () => (rest > longestTimer ? arm(rest - longestTimer) : action()),
        Math.min(Math.max(rest, 0), longestTimer),
      );
      handle.unref();
    };
    arm(milliseconds);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** A clock that only moves when told to. `advance` moves both times and fires what is due, `jump` the wall time only. */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  #timers: { readonly due: number; readonly action: () => void }[] = [];

  constructor(start: string | Date = '2026-01-01T00:00:00.000Z') {
    this.#wall = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.#wall);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(milliseconds: number, action: () => void): Timer {
    const timer = { due: this.#monotonic + Math.max(milliseconds, 0), action };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Moves wall and monotonic time on, firing timers in the order in which they are due. */
  advance(milliseconds: number): void {
    const target = this.#monotonic + milliseconds;
    for (;;) {
      const next = this.#timers.filter(({ due }) => due <= target).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#move(next.due - this.#monotonic);
      next.action();
    }
    this.#move(target - this.#monotonic);
  }

  /** Sets the wall clock off by so much, as an administrator or a bad time server does. */
  jump(milliseconds: number): void {
    this.#wall += milliseconds;
  }

  #move(milliseconds: number): void {
    this.#monotonic += milliseconds;
    this.#wall += milliseconds;
  }
}
