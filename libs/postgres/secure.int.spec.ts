import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { serverCertificate } from '../ledger-server/certificates.js';
import { postgresUser } from './system-user.js';
import { createDataSource, createPool, ensureDatabase, launchPostgres, type LaunchedPostgres } from './index.js';

/** Elsewhere a machine has but one loopback address. */
const onLinux = process.platform === 'linux';
let folder: string;
let postgres: LaunchedPostgres;
let plain: string;
let authority: string;
let otherAuthority: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-secure-postgres-'));
  chmodSync(folder, 0o711);
  const made = await serverCertificate(join(folder, 'ours'));
  ({ authority } = made);
  ({ authority: otherAuthority } = await serverCertificate(join(folder, 'theirs')));
  const [certificate, key] = [join(folder, 'postgres.crt'), join(folder, 'postgres.key')];
  writeFileSync(certificate, made.certificate, { mode: 0o644 });
  writeFileSync(key, made.key, { mode: 0o600 });
  const dataDirectory = join(folder, 'data');
  const user = postgresUser(join(dataDirectory, 'cluster'));
  if (user) chownSync(key, user.uid, user.gid);
  const addresses = onLinux ? '127.0.0.1,127.0.0.2' : '127.0.0.1';
  const settings = { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key, listen_addresses: addresses };
  postgres = await launchPostgres({ dataDirectory, settings });
  plain = await ensureDatabase(postgres.url, { database: 'assay', role: 'assay', password: 'secret' });
  // From here on nobody is let in without TLS.
  const rules = join(dataDirectory, 'cluster', 'pg_hba.conf');
  writeFileSync(rules, readFileSync(rules, 'utf8').replaceAll(/^host\b/gm, 'hostssl'));
  const administrator = new Client(postgres.url);
  await administrator.connect();
  await administrator.query('SELECT pg_reload_conf()');
  await administrator.end();
}, 120_000);
afterAll(async () => {
  await postgres?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As docs/operations.md says it. */
const secure = (ca: string, host = '127.0.0.1'): string => {
  const url = new URL(plain);
  url.hostname = host;
  url.searchParams.set('sslmode', 'verify-full');
  url.searchParams.set('sslrootcert', ca);
  return url.href;
};

const isEncrypted = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';

/** Each way in which a service of ours reaches its database. */
const ways: readonly [string, (url: string) => Promise<unknown>][] = [
  [
    'a pool',
    async (url) => {
      const pool = createPool(url);
      try {
        return (await pool.query(isEncrypted)).rows;
      } finally {
        await pool.end();
      }
    },
  ],
  [
    'the mutable tables and their migrations',
    async (url) => {
      const source = await createDataSource(url);
      try {
        return await source.query(isEncrypted);
      } finally {
        await source.destroy();
      }
    },
  ],
  [
    'a single session, as leases and locks have it',
    async (url) => {
      const client = new Client({ connectionString: url });
      try {
        await client.connect();
        return (await client.query(isEncrypted)).rows;
      } finally {
        await client.end();
      }
    },
  ],
];

describe.each(ways)('%s over TLS', (_, ask) => {
  test('is let in where the certificate is of the CA that it was given', async () => {
    expect(await ask(secure(authority))).toEqual([{ ssl: true }]);
  });

  test('refuses a server of another CA, also one of the system’s', async () => {
    await expect(ask(secure(otherAuthority))).rejects.toThrow(/certificate|self-signed/);
    const url = new URL(plain);
    url.searchParams.set('sslmode', 'verify-full');
    await expect(ask(url.href)).rejects.toThrow(/certificate|self-signed/);
  });

  (onLinux ? test : test.skip)('refuses a server of another name', async () => {
    await expect(ask(secure(authority, '127.0.0.2'))).rejects.toThrow(/does not match|altnames|Hostname/i);
  });

  test('is refused without TLS', async () => {
    await expect(ask(plain)).rejects.toThrow(/no pg_hba.conf entry .* no encryption/);
  });
});

test('a CA that is not there is named, and nothing is asked', async () => {
  const absent = join(folder, 'absent.crt');
  for (const [, ask] of ways) await expect((async () => ask(secure(absent)))()).rejects.toThrow(absent);
});
