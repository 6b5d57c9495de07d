import type { Clock, Timer } from '#libs/runtime';
import {
  type GateFault,
  type GateState,
  type GateVerdict,
  type HeldLease,
  type IssuerMessage,
  type Moment,
  type SignedLease,
  aliveMilliseconds,
  checkGate,
  closedGate,
  evolveGate,
  isAlive,
  newNonce,
  renewMilliseconds,
} from '#libs/serving';
import type { VerifyingKey } from '#libs/signing';

export interface LeaseClientOptions {
  /** Where the issuer listens, e.g. `http://127.0.0.1:7000`. */
  readonly url: string;
  readonly token: string;
  readonly workspace: string;
  readonly environment: string;
  readonly server: string;
  readonly trusted: readonly VerifyingKey[];
  readonly clock: Clock;
  /** Told of each answer or push that was not taken, and of a lost issuer. */
  readonly onFault?: (fault: GateFault | 'IssuerAway') => void;
  /** Told after each new lease, before `waitFor` resolves. */
  readonly onLease?: (lease: HeldLease) => Promise<void> | void;
}

/** Keeps the permit gate's lease alive: asks every 4 s, listens for pushes in between, and asks at once when told to. */
export interface LeaseClient {
  check(version: { readonly modelVersionId: string; readonly artifactDigest: string }): GateVerdict;
  /** The lease, while it lives. */
  lease(): HeldLease | undefined;
  /** The newest lease, alive or over: what there was to serve when the issuer was last heard. */
  lastLease(): HeldLease | undefined;
  /** Resolves true when a lease stands at or beyond the position and its models are loaded, false when the time is over. */
  waitFor(position: bigint, milliseconds: number): Promise<boolean>;
  close(): void;
}

const answerMilliseconds = 3_000;
const retryMilliseconds = 500;
/** A stream that is silent for so long is a dead one. */
const silenceMilliseconds = 4 * aliveMilliseconds;
const lineLimit = 64 * 1024;

export function startLeaseClient(options: LeaseClientOptions): LeaseClient {
  const { clock } = options;
  const ended = new AbortController();
  const waiting = new Set<() => void>();
  let state: GateState = closedGate(options);
  let renewing = false;
  let renewAgain = false;
  let timer: Timer | undefined;
  /** Position of the newest lease whose models are loaded, or have failed to load. */
  let prepared: bigint | undefined;

  const now = (): Moment => ({ monotonic: clock.monotonic(), wall: clock.now().getTime() });
  const headers = { authorization: `Bearer ${options.token}`, 'content-type': 'application/json' };

  const take = (event: Parameters<typeof evolveGate>[1]): boolean => {
    const next = evolveGate(state, event, now());
    state = next.state;
    if (next.fault) options.onFault?.(next.fault);
    return next.fault === undefined;
  };

  async function ask(): Promise<boolean> {
    const nonce = newNonce();
    const { workspace, environment, server } = options;
    take({ type: 'asked', nonce });
    const response = await fetch(new URL('/leases', options.url), {
      method: 'POST',
      headers,
      body: JSON.stringify({ workspace, environment, server, nonce }),
      signal: AbortSignal.any([ended.signal, AbortSignal.timeout(answerMilliseconds)]),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return false;
    }
    const taken = take({ type: 'answered', signed: (await response.json()) as SignedLease });
    if (taken && state.lease) void prepare(state.lease);
    return taken;
  }

  /** Never awaited by the renewal: an artifact that does not load must not cost the lease of the others. */
  async function prepare(lease: HeldLease): Promise<void> {
    await Promise.resolve(options.onLease?.(lease)).catch(() => undefined);
    prepared = prepared === undefined || lease.position > prepared ? lease.position : prepared;
    for (const look of waiting) look();
  }

  async function renew(): Promise<void> {
    timer?.cancel();
    if (renewing) {
      renewAgain = true;
      return;
    }
    renewing = true;
    let taken = false;
    try {
      taken = await ask();
    } catch {
      if (!ended.signal.aborted) options.onFault?.('IssuerAway');
    } finally {
      renewing = false;
    }
    if (ended.signal.aborted) return;
    const wait = renewAgain ? 0 : taken ? renewMilliseconds : retryMilliseconds;
    renewAgain = false;
    timer?.cancel();
    timer = clock.after(wait, () => void renew());
  }

  function receive(message: IssuerMessage): void {
    if (message.type === 'closing') take({ type: 'closed', signed: message });
    if (message.type !== 'alive') void renew();
  }

  async function listen(): Promise<void> {
    const silence = new AbortController();
    const query = new URLSearchParams({ workspace: options.workspace, environment: options.environment });
    const response = await fetch(new URL(`/leases/stream?${query}`, options.url), {
      headers,
      signal: AbortSignal.any([ended.signal, silence.signal]),
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      return;
    }
    void renew(); // Whatever was pushed while nobody listened is in the next lease.
    const decoder = new TextDecoder();
    let rest = '';
    let watchdog = setTimeout(() => silence.abort(), silenceMilliseconds);
    try {
      for await (const chunk of response.body) {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => silence.abort(), silenceMilliseconds);
        watchdog.unref();
        rest += decoder.decode(chunk as Uint8Array, { stream: true });
        const lines = rest.split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > lineLimit) throw new Error('a line beyond its limit');
        for (const line of lines) if (line !== '') receive(JSON.parse(line) as IssuerMessage);
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  async function keepListening(): Promise<void> {
    while (!ended.signal.aborted) {
      try {
        await listen();
      } catch {
        // Away, silent or talking nonsense: the lease decides, and the next attempt asks anew.
      }
      if (ended.signal.aborted) return;
      void renew();
      await new Promise((resolve) => setTimeout(resolve, retryMilliseconds).unref());
    }
  }

  void renew();
  void keepListening();

  return {
    check: (version) => checkGate(state, version, now()),
    lease: () => (state.lease && isAlive(state.lease, now()) ? state.lease : undefined),
    lastLease: () => state.lease,
    waitFor: (position, milliseconds) =>
      new Promise((resolve) => {
        const reached = (): boolean => prepared !== undefined && prepared >= position;
        const settle = (value: boolean): void => {
          clearTimeout(deadline);
          waiting.delete(look);
          resolve(value);
        };
        const look = (): void => {
          if (reached()) settle(true);
        };
        const deadline = setTimeout(() => settle(reached()), milliseconds);
        waiting.add(look);
        look();
        if (!reached()) void renew();
      }),
    close() {
      ended.abort();
      timer?.cancel();
    },
  };
}
