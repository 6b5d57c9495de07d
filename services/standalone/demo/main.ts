// `npm run demo [-- --exit] [--fresh] [--port P] [--kafka]`: the whole product on embedded stores, and the play on it.
// With --kafka the views are filled over a real broker by processes of their own, and compared with a fold of the log.
// It stays up until Ctrl-C, or with --exit ends with the play (exit code 0, or 1 when a step was not as the script
// expects). Its data are in var/demo; --fresh begins anew, otherwise the next play adds another model. Port: a free one.
import '../../../libs/runtime/production.js';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { generatePassword, startLocalIssuer } from '#libs/identity';
import type { DemoPerson } from '#libs/identity';
import { createLog, repositoryRoot, systemClock } from '#libs/runtime';
import { startProduct } from '../product.js';
import { issuerPort } from './issuer-port.js';
import { kafkaMissing, startKafkaWay } from './kafka-way.js';
import { people } from './people.js';
import type { PersonKey } from './people.js';
import { play } from './play.js';
import { Stage } from './stage.js';
import { PlayFailed, Steps } from './steps.js';
import { summaryFaults } from './summary.js';
import { compareWithStandaloneFold } from './view-digests.js';

const audience = 'assay-demo';
const options = readArguments();

const folder = join(repositoryRoot(), 'var', 'demo');
const dataDirectory = join(folder, 'data');
const say = (line: string) => process.stdout.write(`${line}\n`);

const missing = options.kafka ? kafkaMissing() : undefined;
if (missing) {
  process.stderr.write(`The play over Kafka cannot be played on this machine: ${missing}\n`);
  process.exit(2);
}
if (options.fresh) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true, mode: 0o711 });

const accounts = new Map<PersonKey, DemoPerson>(
  people.map(({ key, username, displayName }) => [key, { username, displayName, password: generatePassword() }]),
);
say('Starting Postgres, the ledger, the api and the workers…');
const started = performance.now();
const product = await startProduct({
  dataDirectory,
  port: options.port,
  projection: options.kafka ? 'elsewhere' : 'here',
  onLost: (what) => {
    say(`The demo ends: ${what}`);
    process.exit(1);
  },
  log: createLog('assay', {
    level: 'warn',
    destination: pino.destination({ dest: join(folder, 'product.log'), sync: true }),
  }),
});
let failed = false;
const kafka = options.kafka
  ? await startKafkaWay(join(folder, 'kafka'), product, (what) => {
      say(`The demo ends: ${what}`);
      process.exit(1);
    }).catch(async (error: unknown) => {
      say(`Kafka did not start: ${(error as Error).message}; see ${relative(repositoryRoot(), folder)}/kafka`);
      await product.close();
      process.exit(1);
    })
  : undefined;
for (const line of kafka?.lines ?? []) say(line);
const stop = async (code: number) => {
  await kafka?.close();
  await issuer.close();
  await product.close();
  process.exit(code);
};
const issuer = await startLocalIssuer({
  people: [...accounts.values()],
  audience,
  redirectUris: ['http://127.0.0.1/signed-in'],
  clock: systemClock,
  port: await issuerPort(dataDirectory, product.directory),
}).catch(async (error: NodeJS.ErrnoException) => {
  // The workspace trusts the issuer by its name, which holds the port.
  const advice = error.code === 'EADDRINUSE' ? ': free the port, or begin anew with --fresh' : '';
  say(`The demonstration's issuer did not start, ${error.message}${advice}`);
  await kafka?.close();
  await product.close();
  process.exit(1);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void stop(failed ? 1 : 0));
say(`Ready after ${((performance.now() - started) / 1000).toFixed(1)} s at ${product.api.url}\n`);

const steps = new Steps(say);
const files: string[] = [];
const save = (name: string, bytes: Uint8Array | string) => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const shown = relative(repositoryRoot(), path);
  if (!files.includes(shown)) files.push(shown);
};
try {
  if (!product.directory.access.workspace) {
    await product.openWorkspace({
      issuer: issuer.issuer,
      audience,
      adminSubject: people[0].username,
      adminName: people[0].displayName,
    });
  }
  const workers = await product.opened;
  const stage = new Stage(
    product.api.url,
    () => workers.inferenceUrl,
    async () => (await workers.inference.sealSegments()).length,
    issuer,
    accounts,
  );
  say('The play: a mortgage model from data to retirement');
  const { dossiers } = await play(stage, steps, issuer.issuer);
  for (const { name, pdf, twin } of dossiers) {
    save(`${name}.pdf`, pdf);
    save(`${name}.json`, twin);
  }
  save('dossier-key.pem', product.signingKey.publicKeyPem);
  if (kafka) {
    await steps.accepted('views-over-kafka', async () => {
      const { position, views } = await compareWithStandaloneFold(product.pool, product.ports.store);
      const other = Object.entries(views).find(([, { filled, folded }]) => filled !== folded);
      if (other)
        throw new PlayFailed(`view ${other[0]} over Kafka is not the fold of the log: ${JSON.stringify(other[1])}`);
      return {
        digests: Object.fromEntries(Object.entries(views).map(([view, { filled }]) => [view, filled])),
        numbers: { views: Object.keys(views).length },
        positions: [position.toString()],
        line: `${Object.keys(views).length} views are the fold of the log to position ${position}`,
      };
    });
  }
} catch (error) {
  failed = true;
  say(`\nThe play stopped: ${error instanceof PlayFailed ? error.message : String((error as Error).stack)}`);
}
save('summary.json', '');
const summary = { steps: steps.records, files };
save('summary.json', `${JSON.stringify(summary, undefined, 2)}\n`);
const wrong = summaryFaults(summary);
if (wrong) {
  failed = true;
  say(`\nvar/demo/summary.json is not what its schema says: ${wrong}`);
}

say(`\n${failed ? 'The play FAILED.' : `The play is over: ${steps.records.length} steps as the script expects.`}`);
say(`  files       ${files.join('\n              ')}`);
if (!failed) say('  check one   npm exec assay -- verify var/demo/dossier-2.json --key var/demo/dossier-key.pem');
if (options.exit) await stop(failed ? 1 : 0);
say(`  GraphQL     ${product.api.url}/graphql`);
say(`  models      ${product.workers()?.inferenceUrl ?? '(none)'}/v2`);
say(`  sign in at  ${issuer.issuer} (OpenID Connect, client id ${audience}), as`);
for (const { username, displayName, password } of accounts.values()) {
  say(`              ${username.padEnd(8)} ${password}   ${displayName}`);
}
say('Ctrl-C stops everything.');

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        exit: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        kafka: { type: 'boolean', default: false },
        port: { type: 'string', default: '0' },
      },
    });
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port <= 65_535)) throw new Error(`--port: a number from 0 to 65535, not "${values.port}"`);
    return { ...values, port };
  } catch (error) {
    process.stderr.write(`npm run demo: ${(error as Error).message} (npm run demo -- --help tells what there is)\n`);
    process.exit(2);
  }
}
