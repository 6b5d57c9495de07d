import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets between the parts of one installation; made once, 0600, never printed. */
export interface Secrets {
  /** Of the product's role in the embedded Postgres. */
  readonly databasePassword: string;
  /** Of the ledger's role. */
  readonly ledgerPassword: string;
  /** Inference servers show it when they ask for a lease. */
  readonly leaseToken: string;
  /** Opens the internal routes of the inference server. */
  readonly inferenceToken: string;
}

const names = ['databasePassword', 'ledgerPassword', 'leaseToken', 'inferenceToken'] as const;

/** Reads the installation's secrets and makes those that are not there yet. */
export function readSecrets(dataDirectory: string): Secrets {
  const path = join(dataDirectory, 'secrets.json');
  const known = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Partial<Secrets>) : {};
  if (names.every((name) => known[name])) return known as Secrets;
  const made = names.map((name) => [name, known[name] ?? randomBytes(24).toString('hex')]);
  const secrets = Object.fromEntries(made) as unknown as Secrets;
  writeSecret(path, secrets);
  return secrets;
}

/** Whole or not at all, and readable by its owner only. */
export function writeSecret(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
