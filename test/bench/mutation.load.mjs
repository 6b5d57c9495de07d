// One load generator in a thread of its own: keeps one request under way on each connection, and answers with times.
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { port, tokens, connections } = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: connections });

const bodies = {
  typename: () => '{"query":"{ __typename }"}',
  mutation: () =>
    JSON.stringify({
      query:
        'mutation ($input: OpenIncidentInput!) { openIncident(input: $input) { __typename ... on Accepted { position } } }',
      variables: { input: { commandId: randomUUID(), kind: 'REPORTED', awareAt: new Date().toISOString() } },
    }),
};
const expected = { typename: '"Query"', mutation: '"CommandAccepted"' };

parentPort.on('message', async ({ kind, seconds }) => {
  const times = [];
  const started = performance.now();
  const end = started + seconds * 1000;
  const worker = async (index) => {
    while (performance.now() < end) {
      const sent = performance.now();
      const answer = await post(tokens[index % tokens.length], bodies[kind]());
      if (!answer.includes(expected[kind])) throw new Error(answer);
      times.push(performance.now() - sent);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, (_, index) => worker(index)));
    times.sort((left, right) => left - right);
    parentPort.postMessage({
      perSecond: (times.length / (performance.now() - started)) * 1000,
      p99: times[Math.floor(times.length * 0.99)],
    });
  } catch (error) {
    parentPort.postMessage({ error: String(error) });
  }
});

function post(token, body) {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      authorization: `Bearer ${token}`,
    };
    const sent = request({ port, agent, method: 'POST', path: '/graphql', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
