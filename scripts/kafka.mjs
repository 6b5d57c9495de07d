// `npm run kafka -- --port P --data DIR [--properties FILE]`: one Apache Kafka 4.3.0 broker in the foreground (KRaft, one
// node, 127.0.0.1).
// FILE holds further settings of the broker, e.g. TLS and SASL for its listener PLAINTEXT.
// The jars come by Maven into var/kafka, once. Needs Java 17 and Maven; says so when they are missing.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { readArguments, root, withLock } from './lib.mjs';

const version = '4.3.0';
const readyWithinSeconds = 180;

const { values } = readArguments('kafka', {
  options: { port: { type: 'string' }, data: { type: 'string' }, properties: { type: 'string' } },
});
const port = Number(values.port);
if (!Number.isInteger(port) || port < 1 || port > 65_535) fail('--port: a number from 1 to 65535');
if (!values.data) fail('--data: the folder of the broker');
if (values.properties && !existsSync(values.properties)) fail(`--properties: ${values.properties} is not there`);
const jars = join(root, 'var', 'kafka', version);
needs('java');
await withLock(`${jars}.lock`, async () => {
  if (existsSync(jars)) return;
  needs('mvn');
  process.stderr.write(`fetching Apache Kafka ${version}…\n`);
  const fresh = `${jars}.fresh`;
  rmSync(fresh, { recursive: true, force: true });
  const args = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${fresh}`];
  const { status } = spawnSync('mvn', args, { cwd: join(root, 'deploy', 'kafka'), stdio: ['ignore', 2, 2] });
  if (status !== 0) fail('Maven could not fetch the jars');
  renameSync(fresh, jars);
});

// A broker whose owner was killed is being killed by its watchdog: give it a moment to let go of port and folder.
for (let waited = 0; await answers(port); waited += 100) {
  if (waited > 5_000) fail(`port ${port} is in use`);
  await new Promise((wait) => setTimeout(wait, 100));
}
const data = resolve(values.data);
// What the virtual machine is told besides: a short-lived broker compiles less, a large one may have more memory.
const further = (process.env['KAFKA_JVM_OPTIONS'] ?? '').split(' ').filter((option) => option !== '');
const classpath = `${jars}/*`;
const properties = join(data, 'server.properties');
if (!existsSync(join(data, 'log', 'meta.properties'))) await format();
else writeProperties(await freePort());

// A request of half a region or more is an object for itself to this collector, which then marks the heap without end:
// two thirds of the broker's processor. 16 MB is what Kafka's own documentation recommends ("Java Version").
const memory = ['-Xmx512m', '-XX:G1HeapRegionSize=16M'];
const broker = spawn('java', [...memory, ...further, '-cp', classpath, 'kafka.Kafka', properties], {
  stdio: ['ignore', 2, 2],
});
// The pipe closes when this process ends in any way, kill -9 included; then the broker goes too.
const watchdog = spawn('sh', ['-c', `cat >/dev/null; kill -KILL ${broker.pid}`], {
  stdio: ['pipe', 'ignore', 'ignore'],
  detached: true,
});
// Started by a program that says so, it does not outlive that one.
const parent = process.ppid;
if (process.env['ASSAY_PARENT']) setInterval(() => process.ppid === parent || broker.kill('SIGKILL'), 500).unref();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => broker.kill('SIGTERM'));
broker.on('exit', (code, signal) => {
  watchdog.kill('SIGKILL');
  // 143: Java after SIGTERM.
  process.exit(code === 143 || signal === 'SIGTERM' ? 0 : (code ?? 1));
});
const deadline = Date.now() + readyWithinSeconds * 1000;
while (!(await answers(port))) {
  if (Date.now() > deadline) {
    broker.kill('SIGKILL');
    fail(`the broker did not listen within ${readyWithinSeconds} s`);
  }
  await new Promise((wait) => setTimeout(wait, 100));
}
process.stdout.write(`kafka ready on 127.0.0.1:${port}\n`);

/** Starting a tool takes a third of a second: it is asked for only where it is used. */
function needs(tool) {
  if (spawnSync(tool, ['-version'], { stdio: 'ignore' }).error)
    fail(`${tool} was not found: the broker needs Java 17 and Maven`);
}

async function format() {
  mkdirSync(data, { recursive: true });
  writeProperties(await freePort());
  // A Kafka Uuid is 16 bytes as base64url; a leading '-' would be read as a flag.
  let id = '-';
  while (id.startsWith('-')) id = randomBytes(16).toString('base64url');
  const formatted = spawnSync(
    'java',
    [...further, '-cp', classpath, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', properties],
    { stdio: ['ignore', 2, 2] },
  );
  if (formatted.status !== 0) fail(`${data} could not be formatted`);
}

function writeProperties(controllerPort) {
  const lines = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(data, 'log'),
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // As the system sizes them: a publish of 2 MiB is twenty times the broker's own 100 KB.
    'socket.receive.buffer.bytes': -1,
    'socket.send.buffer.bytes': -1,
  };
  const text = Object.entries(lines).map(([key, value]) => `${key}=${value}\n`);
  // Of two lines with one name the later one holds.
  const further = values.properties ? readFileSync(values.properties, 'utf8') : '';
  writeFileSync(properties, `${text.join('')}${further}`, { mode: 0o600 });
}

function freePort() {
  return new Promise((found, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const chosen = server.address().port;
      server.close(() => found(chosen));
    });
  });
}

function answers(target) {
  return new Promise((done) => {
    const socket = connect(target, '127.0.0.1');
    socket.on('connect', () => done(socket.destroy() && true));
    socket.on('error', () => done(false));
  });
}

function fail(message) {
  process.stderr.write(`kafka: ${message}\n`);
  process.exit(2);
}
