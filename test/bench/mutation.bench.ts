import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { generatePassword, signInAs, startLocalIssuer } from '#libs/identity';
import { systemClock } from '#libs/runtime';
import { startBuiltProduct } from './mutation.product.js';

const connections = 32;
const seconds = 10;
const floorPerSecond = 250;
const ceilingMs = 200;

interface Load {
  readonly perSecond: number;
  readonly p99: number;
}

/**
 * GraphQL mutation to durable event on the product as it starts standalone, everything on: sign-in by OIDC token, the
 * schema check of the codec, the limits as they are by default, all views following. 32 connections with one request
 * under way on each; the event is acknowledged by the ledger server before the answer. The clients run on the same
 * machine in a thread of their own. Against `{ __typename }` on the same server, signed in as well.
 */
export async function* bench() {
  // The rate limit is per person and stays as it is: as many people as would make the load.
  const people = Array.from({ length: 8 }, (_, index) => ({
    username: `person-${index}`,
    displayName: `Person ${index}`,
    password: generatePassword(),
  }));
  const admin = { username: 'admin', displayName: 'Admin', password: generatePassword() };
  const issuer = await startLocalIssuer({
    people: [admin, ...people],
    audience: 'assay',
    redirectUris: ['http://127.0.0.1/back'],
    clock: systemClock,
  });
  const product = await startBuiltProduct();
  let load: Worker | undefined;
  try {
    await product.init(issuer.issuer, 'assay', 'admin');
    const adminToken = (await signInAs(issuer, admin)).accessToken;
    for (const { username } of people) {
      const subjectId = randomUUID();
      const person = { identityId: subjectId, issuer: issuer.issuer, subject: username };
      await mutate(product.url, adminToken, 'registerPerson', 'RegisterPersonInput', person);
      const grant = { subjectId, role: 'RISK_OFFICER' };
      await mutate(product.url, adminToken, 'grantAccess', 'GrantAccessInput', grant);
    }
    const tokens = await Promise.all(people.map(async (person) => (await signInAs(issuer, person)).accessToken));
    load = new Worker(new URL('./mutation.load.mjs', import.meta.url), {
      workerData: { port: new URL(product.url).port, tokens, connections },
      execArgv: [],
    });
    const run = async (kind: 'typename' | 'mutation', duration: number): Promise<Load> => {
      load!.postMessage({ kind, seconds: duration });
      const [answer] = (await once(load!, 'message')) as [Load & { readonly error?: string }];
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer;
    };
    await run('typename', 2);
    const empty = await run('typename', 4);
    await run('mutation', 3);
    const measured = await run('mutation', seconds);
    const against = '{ __typename } on the same server';
    yield {
      name: 'mutation',
      value: measured.perSecond,
      unit: 'mutations/s',
      ratio: measured.perSecond / empty.perSecond,
      against,
      floor: floorPerSecond,
      ok: measured.perSecond >= floorPerSecond,
    };
    yield {
      name: 'mutation-p99',
      value: measured.p99,
      unit: 'ms',
      ratio: measured.p99 / empty.p99,
      against,
      floor: ceilingMs,
      ok: measured.p99 < ceilingMs,
    };
  } finally {
    await load?.terminate();
    await product.close();
    await issuer.close();
  }
}

async function mutate(url: string, token: string, name: string, type: string, input: object): Promise<void> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      query: `mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`,
      variables: { input: { commandId: randomUUID(), ...input } },
    }),
  });
  const text = await response.text();
  if (!text.includes('"CommandAccepted"')) throw new Error(`${name}: ${text}`);
}
