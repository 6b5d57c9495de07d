// The ledger server as a child of the standalone product: its parent tells it over IPC which database is its own (so
// that the password stands neither on a command line nor in an environment), it answers with the connection string,
// and it ends with its parent.
import { once } from 'node:events';
import { startLedgerServer } from '#libs/ledger-server';

export interface LedgerOrder {
  readonly databaseUrl: string;
  readonly dataDirectory: string;
}

export type LedgerAnswer = { readonly connectionString: string } | { readonly error: string };

if (!process.send) {
  process.stderr.write('services/standalone/ledger: started by the product only\n');
  process.exit(2);
}
const answer = (said: LedgerAnswer, sent: () => void = () => undefined) => process.send?.(said, sent);
const leave = () => process.exit(0);
process.once('disconnect', leave);
process.on('SIGINT', () => undefined);

const [order] = (await once(process, 'message')) as [LedgerOrder];
const onDamage = (error: Error) => {
  process.stderr.write(`ledger: ${error.message}\n`);
  process.exit(1);
};
try {
  const server = await startLedgerServer({ ...order, onDamage });
  const stop = () => {
    void server.close().finally(() => process.exit(0));
    // Without its database it may wait for answers that never come.
    setTimeout(() => process.exit(1), 5_000);
  };
  process.off('disconnect', leave);
  process.once('disconnect', stop);
  process.once('SIGTERM', stop);
  answer({ connectionString: server.connectionString });
} catch (error) {
  answer({ error: (error as Error).message }, () => process.exit(1));
}
