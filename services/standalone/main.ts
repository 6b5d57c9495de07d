// `npm start -- --port P --data DIR [--host ADDRESS]`: the product in the foreground, all in one process tree. Port 4000 and
// host 127.0.0.1 unless told otherwise. DATABASE_URL (PostgreSQL) and EVENTSTORE_URL (EventStoreDB, KurrentDB) name stores
// of your own instead of the embedded ones.
import '../../libs/runtime/production.js';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createLog, endWithParent, readConfiguration } from '#libs/runtime';
import { openStores } from './stores.js';

const usage = 'usage: npm start -- --port P --data DIR [--host ADDRESS]';

function readArguments() {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, data: { type: 'string' }, host: { type: 'string', default: '127.0.0.1' } },
  });
  const port = Number(values.port ?? '4000');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port} is not a port`);
  if (values.data === undefined || values.data === '') throw new Error('--data DIR is missing');
  const read = readConfiguration();
  const [databaseUrl, eventStoreUrl] = [read.optional('DATABASE_URL'), read.optional('EVENTSTORE_URL')];
  return {
    port,
    dataDirectory: resolve(values.data),
    host: values.host,
    ...(databaseUrl && { databaseUrl }),
    ...(eventStoreUrl && { eventStoreUrl }),
  };
}

let options: ReturnType<typeof readArguments>;
try {
  options = readArguments();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${usage}\n`);
  process.exit(2);
}

let stopping = false;
try {
  const given = {
    ...options,
    log: createLog('assay'),
    // Half a product would answer nothing but errors. What was acknowledged is on disk, and the children end with us.
    onLost: (what: string) => {
      // A service manager may tell our children to stop together with us.
      if (stopping) return;
      process.stderr.write(`assay ends: ${what} has ended. Start it again over the same folder; nothing is lost.\n`);
      process.exit(1);
    },
  };
  const stores = openStores(given);
  stores.catch(() => undefined);
  // Most of the program is loaded while the stores start.
  const { startProduct } = await import('./product.js');
  const product = await startProduct({ ...given, stores });
  process.stdout.write(`assay ready on ${product.api.url} (GraphQL at ${product.api.url}/graphql)\n`);
  void product.application.catchUp().then(
    () => {
      if (product.directory.access.workspace) return;
      process.stdout.write(
        `No workspace is open yet. Open it in another terminal:\n` +
          `  npm exec assay -- init --data ${options.dataDirectory} --issuer URL --audience A --admin SUBJECT\n`,
      );
    },
    // A store that cannot be read shows in /health/ready.
    () => undefined,
  );
  void product.opened.then(({ workspace, inferenceUrl }) =>
    process.stdout.write(`workspace ${workspace} is open; models are served at ${inferenceUrl}/v2\n`),
  );
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void product.close().finally(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  endWithParent(stop);
} catch (error) {
  process.stderr.write(`assay did not start: ${(error as Error).message}\n`);
  process.exit(1);
}
