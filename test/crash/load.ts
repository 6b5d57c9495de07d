import { setTimeout as sleep } from 'node:timers/promises';

/** One mutation, with everything that it takes to send it once more. */
export interface Sent {
  readonly mutation: string;
  readonly input: Readonly<Record<string, string>>;
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
}

/** Sends one mutation. Resolves with what the product answered; throws when it did not answer with a result. */
export async function send(url: string, key: string, { mutation, input }: Sent): Promise<Answer> {
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) {
    __typename ... on CommandAccepted { id positions repeated } } }`;
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables: { input } }),
    signal: AbortSignal.timeout(15_000),
  });
  const body = (await response.json()) as { data?: Record<string, Answer | null>; errors?: unknown };
  const answer = body.data?.[mutation];
  if (!answer) throw new Error(`${mutation} was not answered: ${JSON.stringify(body.errors ?? body)}`);
  return answer;
}

export interface Load {
  readonly acknowledged: readonly Acknowledged[];
  /** No result came: it may be on the ledger or not. */
  readonly unanswered: readonly Sent[];
  /** Answered, but not accepted: there must be none. */
  readonly refused: readonly { readonly sent: Sent; readonly answer: Answer }[];
  /** Sends nothing more and waits for what is under way. */
  stop(): Promise<void>;
}

/** Mutations without pause from as many clients at once, each the next of `commands`, until it is stopped. */
export function startLoad(url: string, key: string, clients: number, commands: () => Sent): Load {
  const load = {
    acknowledged: [] as Acknowledged[],
    unanswered: [] as Sent[],
    refused: [] as Load['refused'][number][],
  };
  const stopping = new AbortController();
  const client = async () => {
    while (!stopping.signal.aborted) {
      const sent = commands();
      try {
        const answer = await send(url, key, sent);
        if (answer.__typename === 'CommandAccepted') load.acknowledged.push({ ...sent, ...answer });
        else load.refused.push({ sent, answer });
      } catch {
        load.unanswered.push(sent);
        // Nobody is there: what follows would only fill the list.
        await sleep(100);
      }
    }
  };
  const working = Promise.all(Array.from({ length: clients }, client));
  return {
    ...load,
    stop: async () => {
      stopping.abort();
      await working;
    },
  };
}
