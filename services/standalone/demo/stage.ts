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

export interface Account extends DemoPerson {
  readonly identityId: string;
}

/** Where the play acts: the product's public doors, as the demo people. Nothing in here reaches behind them. */
export class Stage {
  private readonly clients = new Map<PersonKey, { readonly client: GraphqlClient; readonly token: string }>();

  constructor(
    readonly url: string,
    readonly inferenceUrl: () => string,
    private readonly issuer: IssuerAddress,
    private readonly accounts: ReadonlyMap<PersonKey, Account>,
  ) {}

  identityOf(person: PersonKey): string {
    return this.account(person).identityId;
  }

  async as(person: PersonKey): Promise<GraphqlClient> {
    return (await this.signedIn(person)).client;
  }

  async mutate(person: PersonKey, name: string, input: Readonly<Record<string, unknown>>): Promise<MutationAnswer> {
    return (await this.as(person)).mutate(name, input);
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

  private account(person: PersonKey): Account {
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
