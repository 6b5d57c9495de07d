import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { testApi } from '../../services/api/testing.js';
import { defaultLimits } from '#services/api';

const connections = 32;
const seconds = 8;
const floorPerSecond = 250;
const ceilingMs = 200;

/**
 * GraphQL mutation to durable event: 32 connections, each with one request under way, signed in, the schema checked,
 * the limits on as they are by default. The event is acknowledged by the ledger server before the answer. Clients,
 * API, application, projector, ledger server and Postgres share this machine. Against `{ __typename }` on the same
 * server, signed in as well.
 */
export async function* bench() {
  // As many tokens as people would use: the rate limit is per actor and stays as it is by default.
  const stage = await testApi({
    ratePerSecond: defaultLimits.ratePerSecond,
    rateBurst: defaultLimits.rateBurst,
  });
  const { port } = new URL(stage.api.url);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  try {
    const people = await Promise.all(Array.from({ length: 8 }, () => stage.person(['data-steward'])));
    const tokens = await Promise.all(people.map((person) => stage.token(person)));
    const post = (token: string, body: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const sent = request(
          {
            port,
            agent,
            method: 'POST',
            path: '/graphql',
            headers: {
              'content-type': 'application/json',
              authorization: `Bearer ${token}`,
              'content-length': Buffer.byteLength(body),
            },
          },
          (response) => {
            let text = '';
            response.setEncoding('utf8');
            response.on('data', (chunk: string) => (text += chunk));
            response.on('end', () => resolve(text));
            response.on('error', reject);
          },
        );
        sent.on('error', reject);
        sent.end(body);
      });
    const query =
      'mutation ($input: RegisterDatasetInput!) { registerDataset(input: $input) { __typename ... on CommandAccepted { position } } }';
    const mutate = async (token: string): Promise<void> => {
      const input = {
        commandId: randomUUID(),
        name: `bench-${randomUUID()}`,
        purpose: 'measuring',
        legalBasis: 'contract',
      };
      const answer = await post(token, JSON.stringify({ query, variables: { input } }));
      if (!answer.includes('"__typename":"CommandAccepted"')) throw new Error(answer);
    };
    const typename = async (token: string): Promise<void> => {
      const answer = await post(token, '{"query":"{ __typename }"}');
      if (!answer.includes('"Query"')) throw new Error(answer);
    };

    await load(tokens, typename, 1);
    const empty = await load(tokens, typename, 3);
    await load(tokens, mutate, 2);
    const measured = await load(tokens, mutate, seconds);
    const ratio = measured.perSecond / empty.perSecond;
    yield {
      name: 'mutation',
      value: measured.perSecond,
      unit: 'mutations/s',
      ratio,
      against: '{ __typename } on the same server',
      floor: floorPerSecond,
      ok: measured.perSecond >= floorPerSecond,
    };
    yield {
      name: 'mutation-p99',
      value: measured.p99,
      unit: 'ms',
      ratio: measured.p99 / empty.p99,
      against: '{ __typename } on the same server',
      floor: ceilingMs,
      ok: measured.p99 < ceilingMs,
    };
  } finally {
    agent.destroy();
    await stage.close();
  }
}

/** Keeps one request under way on each connection for so long. */
async function load(
  tokens: readonly string[],
  once: (token: string) => Promise<void>,
  duration: number,
): Promise<{ readonly perSecond: number; readonly p99: number }> {
  const times: number[] = [];
  const started = performance.now();
  const end = started + duration * 1000;
  const worker = async (index: number): Promise<void> => {
    while (performance.now() < end) {
      const sent = performance.now();
      await once(tokens[index % tokens.length]!);
      times.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => worker(index)));
  const elapsed = (performance.now() - started) / 1000;
  times.sort((left, right) => left - right);
  return { perSecond: times.length / elapsed, p99: times[Math.floor(times.length * 0.99)]! };
}
