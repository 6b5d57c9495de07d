// `node deploy/secrets.mjs --stores DIR --leases DIR --signing DIR`: what the services of one installation share, each
// in a file of its own, made once and never printed. Three folders, for three circles of readers:
//   stores    postgres-password, database-url, eventstore-url     every service
//   leases    lease-token, permit-public-key                      process manager and inference
//   signing   permit-key.pem, dossier-key.pem                     process manager and exporter
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: Object.fromEntries(['stores', 'leases', 'signing'].map((name) => [name, { type: 'string' }])),
});
const missing = ['stores', 'leases', 'signing'].filter((name) => !values[name]);
if (missing.length > 0) {
  process.stderr.write(`secrets: --${missing[0]} DIR is missing\n`);
  process.exit(2);
}

/** Whole or not at all; a file that is there stays. */
function once(folder, name, make, mode = 0o600) {
  const path = join(folder, name);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, make(), { mode });
    renameSync(`${path}.new`, path);
  }
  return readFileSync(path, 'utf8');
}

const random = () => randomBytes(24).toString('hex');
const password = once(values.stores, 'postgres-password', random);
once(values.stores, 'database-url', () => `postgres://assay:${password}@postgres:5432/assay`);
once(values.stores, 'eventstore-url', () => 'esdb://kurrentdb:2113?tls=false');
once(values.leases, 'lease-token', random);
const newKey = () => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
once(values.signing, 'dossier-key.pem', newKey);
const key = once(values.signing, 'permit-key.pem', newKey);
// The last 32 bytes of an Ed25519 key's SubjectPublicKeyInfo are the key itself (RFC 8410).
const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
once(values.leases, 'permit-public-key', () => publicKey);
