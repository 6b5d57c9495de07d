import type { GraphqlClient } from './graphql-client.js';
import { PlayFailed } from './steps.js';

/** Milliseconds between two looks at something that another process of the product brings about. */
const lookEvery = 50;

/** Asks again until the answer is there; what is waited for has a time limit and a name. */
export async function until<Found>(
  what: string,
  seconds: number,
  look: () => Promise<Found | undefined>,
): Promise<Found> {
  for (const deadline = Date.now() + seconds * 1000; ;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new PlayFailed(`${what} did not come about within ${seconds} s`);
    await new Promise((wait) => setTimeout(wait, lookEvery));
  }
}

export interface Measured {
  readonly definition: string;
  readonly value: number | null;
  readonly group: readonly { readonly attribute: string; readonly value: string }[] | null;
  readonly interval: { readonly low: number | null; readonly high: number | null } | null;
}

/** One node's fields, read at or after a position. */
export async function node<Fields>(
  client: GraphqlClient,
  type: string,
  id: string,
  fields: string,
  atLeast?: string,
): Promise<Fields> {
  const { node: found } = await client.query<{ node: Fields | null }>(
    `query ($id: ID!, $asOf: AsOfInput) { node(id: $id, asOf: $asOf) { ... on ${type} { ${fields} } } }`,
    { id: Buffer.from(`${type}:${id}`).toString('base64url'), ...(atLeast !== undefined && { asOf: { atLeast } }) },
  );
  if (!found) throw new PlayFailed(`${type} ${id} cannot be read`);
  return found;
}
