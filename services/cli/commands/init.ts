import { createPostgresVault } from '#libs/disclosure';
import { createIdentityStore } from '#libs/identity';
import { Directory, openMutableTables, openWorkspace, type OpenedWorkspace } from '#libs/application';
import { systemClock } from '#libs/runtime';
import { joinStores } from '../joined-stores.js';
import { BadInput, readOptions } from '../options.js';
import type { CommandContext } from '../registry.js';

const usage = `assay init --data DIR --issuer URL --audience A --admin SUBJECT [--admin-name NAME] [--workspace NAME] [--json]

Opens the workspace of the product over DIR, whether the product is running or not, and prints one service key.

  --data DIR         data folder, as in npm start -- --data DIR
  --issuer URL       OpenID issuer of the people who sign in (https, or http on loopback)
  --audience A       audience that their tokens must have
  --admin SUBJECT    sub claim of the first administrator
  --admin-name NAME  how that person is called in what people read
  --workspace NAME   1 to 63 of a-z, 0-9, underscore; main when left out
  --json             the result as JSON

DATABASE_URL and EVENTSTORE_URL name stores outside of DIR, as they do for npm start.
Exit code 0: opened. 2: it is open already, or something is wrong.
`;

/** `assay init`: see the usage text. */
export async function init(args: readonly string[], { stdout }: CommandContext): Promise<number> {
  const values = parse(args);
  if (values.help) {
    stdout.write(usage);
    return 0;
  }
  const wanted = (name: 'data' | 'issuer' | 'audience' | 'admin'): string => {
    const value = values[name];
    if (value === undefined || value === '') throw new BadInput(`--${name} is wanted; see assay init --help`);
    return value;
  };
  const [data, issuer, audience, adminSubject] = [
    wanted('data'),
    wanted('issuer'),
    wanted('audience'),
    wanted('admin'),
  ];
  const stores = await joinStores(data, 'any');
  try {
    const source = await openMutableTables(stores.databaseUrl);
    try {
      const ports = {
        store: stores.store,
        vault: createPostgresVault(source),
        identities: createIdentityStore(source),
        clock: systemClock,
        directory: new Directory(),
      };
      const workspace = values.workspace === undefined ? {} : { workspace: values.workspace };
      const named = values['admin-name'] === undefined ? {} : { adminName: values['admin-name'] };
      const opened = await openWorkspace(ports, { issuer, audience, adminSubject, ...named, ...workspace });
      stdout.write(values.json ? `${JSON.stringify(opened)}\n` : readable(opened));
    } finally {
      await source.destroy();
    }
  } finally {
    await stores.close();
  }
  return 0;
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    data: text,
    issuer: text,
    audience: text,
    admin: text,
    'admin-name': text,
    workspace: text,
    json: flag,
  };
  return readOptions('init', { args: [...args], options: { ...options, help: { type: 'boolean', short: 'h' } } })
    .values;
}

function readable({ workspaceId, administratorId, serviceKey, serviceKeyExpiresAt }: OpenedWorkspace): string {
  return `workspace      ${workspaceId}
administrator  ${administratorId}
service key    ${serviceKey}

The key is shown this once; only its hash is stored. It acts as an administrator until ${serviceKeyExpiresAt}:
send it as "Authorization: Bearer ${serviceKey.slice(0, 12)}…" and give further grants by mutation.
`;
}
