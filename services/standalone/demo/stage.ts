import { createHash } from 'node:crypto';
import { signInAs } from '#libs/identity';
import type { DemoPerson } from '#libs/identity';
import { GraphqlClient } from './graphql-client.js';
import type { MutationAnswer } from './graphql-client.js';
import type { PersonKey } from './people.js';
import { PlayFailed } from './steps.js';

export interface IssuerAddress {
  readonly issuer: string;
  readonly audience: string;
  readonly redirectUris: readonly string[];
}

/** Where the play acts: the product's public doors, as the demo people. Nothing in here reaches behind them. */
export class Stage {
  private written = '0';
  private readonly identities = new Map<PersonKey, string>();
  private readonly clients = new Map<PersonKey, { readonly client: GraphqlClient; readonly token: string }>();

  constructor(
    readonly url: string,
    readonly inferenceUrl: () => string,
    /** Seals the open prediction segments and tells how many: what the inference server does by itself after a while. */
    readonly sealPredictions: () => Promise<number>,
    private readonly issuer: IssuerAddress,
    private readonly accounts: ReadonlyMap<PersonKey, DemoPerson>,
  ) {}

  /** @throws PlayFailed before `knows` has found the person */
  identityOf(person: PersonKey): string {
    const identity = this.identities.get(person);
    if (identity === undefined) throw new PlayFailed(`${person} has not signed in yet`);
    return identity;
  }

  /** Whether the product knows the person: asks it who it takes them for. */
  async knows(person: PersonKey): Promise<boolean> {
    try {
      const { viewer } = await (await this.as(person)).query<{ viewer: { id: string } }>('{ viewer { id } }');
      const id = Buffer.from(viewer.id, 'base64url').toString();
      this.identities.set(person, id.includes(':') ? id.slice(id.indexOf(':') + 1) : viewer.id);
      return true;
    } catch {
      return false;
    }
  }

  /** The newest position of the views. */
  async position(): Promise<string> {
    const client = await this.as('compliance');
    const { timeline } = await client.query<{ timeline: { edges: { node: { position: string } }[] } }>(
      'query ($asOf: AsOfInput) { timeline(first: 1, asOf: $asOf) { edges { node { position } } } }',
      { asOf: this.asOf },
    );
    return timeline.edges[0]!.node.position;
  }

  async as(person: PersonKey): Promise<GraphqlClient> {
    return (await this.signedIn(person)).client;
  }

  async mutate(person: PersonKey, name: string, input: Readonly<Record<string, unknown>>): Promise<MutationAnswer> {
    const answer = await (await this.as(person)).mutate(name, input);
    const last = answer.positions?.at(-1);
    if (last !== undefined && BigInt(last) > BigInt(this.written)) this.written = last;
    return answer;
  }

  /** What a read has to see: everything that the play has written so far. */
  get asOf(): { readonly atLeast: string } {
    return { atLeast: this.written };
  }

  /** Uploads a file under its digest. */
  async upload(person: PersonKey, bytes: Uint8Array): Promise<string> {
    const digest = createHash('sha256').update(bytes).digest('hex');
    const response = await fetch(`${this.url}/content/${digest}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${(await this.signedIn(person)).token}` },
      body: bytes,
    });
    if (response.status !== 201) throw new PlayFailed(`upload answered ${response.status}: ${await response.text()}`);
    return digest;
  }

  async download(person: PersonKey, digest: string): Promise<Buffer> {
    const response = await fetch(`${this.url}/content/${digest}`, {
      headers: { authorization: `Bearer ${(await this.signedIn(person)).token}` },
    });
    if (!response.ok) throw new PlayFailed(`download answered ${response.status}: ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** Signs in anew (`max_age=0`) with what is to be signed as the nonce: a token for one signature. */
  async reauthenticate(person: PersonKey, nonce: string): Promise<string> {
    return (await signInAs(this.issuer, this.account(person), { nonce, maxAge: 0 })).idToken;
  }

  private account(person: PersonKey): DemoPerson {
    const account = this.accounts.get(person);
    if (!account) throw new PlayFailed(`nobody plays ${person}`);
    return account;
  }

  private async signedIn(person: PersonKey): Promise<{ readonly client: GraphqlClient; readonly token: string }> {
    let known = this.clients.get(person);
    if (!known) {
      const { accessToken: token } = await signInAs(this.issuer, this.account(person));
      this.clients.set(person, (known = { client: new GraphqlClient(`${this.url}/graphql`, token), token }));
    }
    return known;
  }
}
