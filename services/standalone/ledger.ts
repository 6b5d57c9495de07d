// The ledger server as a child of the standalone product. Its database comes in the environment, never on the command
// line; it tells its parent the connection string over IPC and ends with it.
import { startLedgerServer } from '#libs/ledger-server';

const { ASSAY_LEDGER_DATABASE: databaseUrl, ASSAY_LEDGER_FOLDER: dataDirectory } = process.env;
if (!process.send || !databaseUrl || !dataDirectory) {
  process.stderr.write('services/standalone/ledger: started by the product only\n');
  process.exit(2);
}

try {
  const onDamage = (error: Error) => {
    process.stderr.write(`ledger: ${error.message}\n`);
    process.exit(1);
  };
  const server = await startLedgerServer({ databaseUrl, dataDirectory, onDamage });
  process.send({ connectionString: server.connectionString });
  const stop = () => {
    void server.close().finally(() => process.exit(0));
    // Without its database it may wait for answers that never come.
    setTimeout(() => process.exit(1), 5_000);
  };
  process.once('SIGTERM', stop);
  process.on('SIGINT', () => undefined);
  process.on('disconnect', stop);
} catch (error) {
  process.send({ error: (error as Error).message });
  process.exit(1);
}
