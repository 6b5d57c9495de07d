import { randomBytes, randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Member } from '#libs/event-store/protocol';
import { gossipService, serverFeaturesService, serverStreamsService } from '#libs/event-store/protocol';
import { ensureDatabase, launchPostgres } from '#libs/postgres';
import { prepareDataFolder } from '#libs/runtime';
import type { LedgerUser } from './access.js';
import { authenticator } from './access.js';
import { bootstrap } from './bootstrap.js';
import { serverCertificate } from './certificates.js';
import { supportedMethods } from './features.js';
import { readable } from './readable-requests.js';
import type { LedgerRefused, LedgerStorage } from './storage/port.js';
import { PostgresStorage } from './storage/postgres.js';
import { StreamStates } from './stream-state.js';
import { streamsImplementation } from './streams-service.js';
import { Tail } from './tail.js';
import { verify } from './verification.js';
import { LedgerWriter } from './writer.js';

export interface LedgerServerOptions {
  /** Where certificates, passwords and (without `databaseUrl`) the embedded Postgres live. */
  readonly dataDirectory?: string;
  /** A Postgres database of the ledger's own. Default: an embedded one in `dataDirectory`. */
  readonly databaseUrl?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** No TLS, and so no credentials: everybody may everything. For probes and tests. */
  readonly insecure?: boolean;
  /** Instead of Postgres; for one bench. */
  readonly storage?: LedgerStorage;
  /** Told after the server has closed itself because the check in the background found damaged events. */
  readonly onDamage?: (error: LedgerRefused) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface LedgerServer {
  readonly port: number;
  /** For the product's own user, who cannot delete. */
  readonly connectionString: string;
  /** For operators. */
  readonly adminConnectionString: string;
  /** Answers what is queued, ends every stream as UNAVAILABLE, and closes what it opened. */
  close(): Promise<void>;
}

/** Serves the ledger. Throws LedgerRefused, PostgresNotStarted or DataFolderInUse. */
export async function startLedgerServer(options: LedgerServerOptions): Promise<LedgerServer> {
  const { dataDirectory, host = '127.0.0.1', insecure = false } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    if (dataDirectory !== undefined) prepareDataFolder(dataDirectory);
    const storage = options.storage ?? (await postgresStorage(options, closers));
    closers.push(() => storage.close());
    const head = await storage.open();
    const stopping = new AbortController();
    // Every open read listens to it.
    setMaxListeners(0, stopping.signal);
    closers.push(async () => stopping.abort());
    const damaged = async (error: LedgerRefused) => {
      await close();
      options.onDamage?.(error);
    };
    await verify(storage, head.nextPosition, stopping.signal, damaged);
    const states = new StreamStates(storage);
    await states.open(head.nextStream);
    const tail = new Tail(head.nextPosition);
    const now = options.now ?? (() => performance.timeOrigin + performance.now());
    const writer = new LedgerWriter(storage, states, tail, head, now);
    writer.remember((await storage.readAll({ from: head.nextPosition, backwards: true, limit: 1_000 })).reverse());
    const users = insecure ? undefined : usersOf(dataDirectory);
    if (head.nextPosition === 0n) await bootstrap(writer, users ?? [{ name: 'admin', role: 'admin' }]);

    const server = new Server({
      'grpc.max_receive_message_length': 20 * 1024 * 1024,
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': 10_000,
    });
    const source = { storage, states, tail, now };
    server.addService(
      readable(serverStreamsService),
      streamsImplementation({ source, writer, authenticate: authenticator(users), stopping: stopping.signal }),
    );
    let member: Member | undefined;
    server.addService(gossipService, { Read: (_call: unknown, reply: Reply<Member>) => reply(null, member) });
    server.addService(serverFeaturesService, {
      GetSupportedMethods: (_call: unknown, reply: Reply<typeof supportedMethods>) => reply(null, supportedMethods),
    });
    const tls = insecure ? undefined : await serverCertificate(join(requireFolder(dataDirectory), 'tls'));
    const credentials = tls
      ? ServerCredentials.createSsl(null, [
          { cert_chain: Buffer.from(tls.certificate), private_key: Buffer.from(tls.key) },
        ])
      : ServerCredentials.createInsecure();
    // TLS sends the name along, and a name may not be an address.
    const named = host === '127.0.0.1' ? 'localhost' : host;
    const port = await bind(server, `${host}:${options.port ?? 0}`, credentials);
    member = { id: randomUUID(), address: insecure ? host : named, port };
    closers.push(async () => {
      await writer.close();
      stopping.abort();
      await stopServer(server);
    });
    const connectionString = (role: LedgerUser['role']) => {
      const user = users?.find((one) => one.role === role);
      return user && tls
        ? `esdb://${user.name}:${user.password}@${named}:${port}?tls=true&tlsCAFile=${encodeURIComponent(tls.authority)}`
        : `esdb://${host}:${port}?tls=false`;
    };
    return {
      port,
      connectionString: connectionString('product'),
      adminConnectionString: connectionString('admin'),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Reply<Message> = (error: null, message?: Message) => void;

function requireFolder(dataDirectory: string | undefined): string {
  if (dataDirectory === undefined) throw new Error('a ledger server with TLS needs dataDirectory for its certificates');
  return dataDirectory;
}

async function postgresStorage(options: LedgerServerOptions, closers: (() => Promise<void>)[]): Promise<LedgerStorage> {
  if (options.databaseUrl !== undefined) return new PostgresStorage(options.databaseUrl);
  const folder = requireFolder(options.dataDirectory);
  const postgres = await launchPostgres({ dataDirectory: join(folder, 'postgres') });
  closers.push(() => postgres.close());
  const password = secret(join(folder, 'database-password'));
  return new PostgresStorage(await ensureDatabase(postgres.url, { database: 'ledger', role: 'ledger', password }));
}

/** Two users with generated passwords, kept in a file that only its owner reads. */
function usersOf(dataDirectory: string | undefined): LedgerUser[] {
  const folder = requireFolder(dataDirectory);
  return [
    { name: 'admin', role: 'admin', password: secret(join(folder, 'admin-password')) },
    { name: 'assay', role: 'product', password: secret(join(folder, 'assay-password')) },
  ];
}

function secret(path: string): string {
  if (!existsSync(path)) {
    writeFileSync(`${path}.new`, randomBytes(24).toString('base64url'), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return readFileSync(path, 'utf8');
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

/** A moment for clients to hear why; then their connections end. */
function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const insist = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, 250);
    server.tryShutdown(() => {
      clearTimeout(insist);
      resolve();
    });
  });
}
