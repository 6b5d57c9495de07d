import { setTimeout as sleep } from 'node:timers/promises';
import { createSequence } from './sequence.js';

/** One mutation, with everything that it takes to send it once more. */
export interface Sent {
  readonly mutation: string;
  readonly input: Readonly<Record<string, unknown>> & { readonly commandId: string };
}

export interface Acknowledged extends Sent {
  readonly id: string;
  readonly positions: readonly string[];
}

export interface Answer {
  readonly __typename: string;
  readonly id: string;
  readonly positions: readonly string[];
  readonly repeated: boolean;
  readonly code?: string;
  readonly message?: string;
}

/** Where the product answers now; undefined while it is down. */
export interface Doors {
  api: string | undefined;
  inference: string | undefined;
}

/** Sends one document. Resolves with the data that the product answered; throws when it did not answer with a result. */
export async function ask<Data>(url: string, token: string, query: string, variables: object): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(15_000),
  });
  const body = (await response.json()) as { data?: Record<string, unknown> | null; errors?: unknown };
  if (!body.data || Object.values(body.data).includes(null))
    throw new NoAnswer(`not answered: ${JSON.stringify(body.errors ?? body)}`);
  return body.data as Data;
}

/** The product answered, but with a fault instead of a result. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** Sends one mutation, as {@link ask}. */
export async function send(url: string, token: string, { mutation, input }: Sent): Promise<Answer> {
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) {
    __typename ... on CommandAccepted { id positions repeated } ... on Error { code message } } }`;
  return (await ask<Record<string, Answer>>(url, token, query, { input }))[mutation]!;
}

/** The load was stopped while somebody waited for an answer. */
export class LoadStopped extends Error {
  override readonly name = 'LoadStopped';
}

/**
 * Clients that go on over every crash: what was not answered is sent again, with the same command id, until it is.
 * Whatever was acknowledged is written down.
 */
export class Load {
  readonly acknowledged: Acknowledged[] = [];
  /** Who sent what twice, with the position of the first: a repetition must answer with the same. */
  readonly stopping = new AbortController();
  readonly faults: Error[] = [];
  #paused = false;
  #underWay = 0;
  readonly #changed = createSequence();
  readonly #working: Promise<void>[] = [];

  /** @param pauseMs between two requests of one client; 0 keeps the machine as busy as it can be */
  constructor(
    readonly doors: Doors,
    private readonly pauseMs = 0,
  ) {}

  /** Adds a client: `work` runs until the load is stopped. What it throws fails the round that it happened in. */
  add(work: () => Promise<void>): void {
    const guarded = work().catch((error: unknown) => {
      if (!(error instanceof LoadStopped)) this.faults.push(error as Error);
    });
    this.#working.push(guarded);
  }

  /** Sends it until it is answered. Refusals are answers too. @throws LoadStopped */
  async command(token: () => Promise<string>, sent: Sent): Promise<Answer> {
    const answer = await this.untilAnswered(async (url) => send(url, await token(), sent));
    if (answer.__typename === 'CommandAccepted') this.acknowledged.push({ ...sent, ...answer });
    return answer;
  }

  /** Runs `act` against the product until it answers, wherever it is by then. @throws LoadStopped */
  async untilAnswered<Result>(act: (url: string) => Promise<Result>): Promise<Result> {
    for (;;) {
      if (this.pauseMs > 0) await sleep(this.pauseMs);
      const url = await this.#door();
      this.#underWay += 1;
      try {
        return await act(url);
      } catch {
        // Down, or on its way down or up.
        await sleep(20);
      } finally {
        this.#underWay -= 1;
        this.#changed.next();
      }
    }
  }

  /** Sends nothing more, and resolves when nothing is under way. */
  async pause(): Promise<void> {
    this.#paused = true;
    while (this.#underWay > 0) await this.#changed.wait();
  }

  resume(): void {
    this.#paused = false;
    this.#changed.next();
  }

  /** Call after a change of `doors`. */
  moved(): void {
    this.#changed.next();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.#changed.next();
    await Promise.all(this.#working);
  }

  async #door(): Promise<string> {
    for (;;) {
      if (this.stopping.signal.aborted) throw new LoadStopped('the load was stopped');
      if (!this.#paused && this.doors.api !== undefined) return this.doors.api;
      await this.#changed.wait();
    }
  }
}
