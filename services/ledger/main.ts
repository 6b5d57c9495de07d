// `npm run ledger -- --port P --data DIR [--host ADDRESS] [--insecure]`: the ledger server alone, over an embedded
// Postgres in DIR, where it leaves its connection strings. Port 2113 and host 127.0.0.1 unless told otherwise; --insecure
// is without TLS and passwords, for probes only. `npm run start:ledger` is the same.
import { renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startLedgerServer } from '#libs/ledger-server';
import { endWithParent } from '#libs/runtime';

const usage = 'usage: npm run ledger -- --port P --data DIR [--host ADDRESS] [--insecure]';

function readArguments() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      data: { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      insecure: { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port ?? '2113');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port} is not a port`);
  if (values.data === undefined || values.data === '') throw new Error('--data DIR is missing');
  return { port, dataDirectory: resolve(values.data), host: values.host, insecure: values.insecure };
}

/** Only its owner reads it: it holds a password. */
function writeSecret(path: string, text: string): void {
  writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

let options: ReturnType<typeof readArguments>;
try {
  options = readArguments();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${usage}\n`);
  process.exit(2);
}

try {
  const server = await startLedgerServer({ ...options, onDamage: fail });
  const path = (name: string) => join(options.dataDirectory, name);
  writeSecret(path('connection-string'), server.connectionString);
  writeSecret(path('admin-connection-string'), server.adminConnectionString);
  const hint = options.insecure
    ? `insecure, for probes only: ${server.connectionString}`
    : `TLS; connection strings with passwords in ${path('connection-string')} (product) and ${path('admin-connection-string')} (operator)`;
  process.stdout.write(`ledger ready on ${options.host}:${server.port} (${hint})\n`);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  endWithParent(stop);
} catch (error) {
  fail(error as Error);
}

function fail(error: Error): void {
  process.stderr.write(`the ledger cannot be served: ${error.message}\n`);
  process.exit(1);
}
