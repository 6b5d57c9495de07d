// `node scripts/run.mjs NAME [arguments]`: the lines behind `npm test`, `npm start` and the others.
// `--help` prints the first comment of the program's file. Otherwise installs and builds what is missing, then hands
// over. Dependency-free up to that point.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, ensureTools, firstComment, foreground, readArguments, root } from './lib.mjs';

const jest = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
];

/** Services that can be processes of their own, each with its configuration in its main.ts. */
const services = ['api', 'exporter', 'inference', 'ledger', 'process-manager', 'projector', 'relay', 'trainer'];
const startLines = services.map((service) => [
  `start:${service}`,
  {
    built: true,
    help: `services/${service}/main.ts`,
    args: (rest) => [`dist/services/${service}/main.js`, ...rest],
  },
]);

/** Each line: what it needs built, the program it becomes, and the file or the text that tells how it is called. */
const lines = {
  bench: { built: true, help: 'scripts/bench.mjs', args: (rest) => ['scripts/bench.mjs', ...rest] },
  check: { built: false, help: 'scripts/check.mjs', args: (rest) => ['scripts/check.mjs', ...rest] },
  demo: {
    built: true,
    help: 'services/standalone/demo/main.ts',
    args: (rest) => ['dist/services/standalone/demo/main.js', ...rest],
  },
  kafka: { built: false, help: 'scripts/kafka.mjs', args: (rest) => ['scripts/kafka.mjs', ...rest] },
  ledger: { built: true, help: 'services/ledger/main.ts', args: (rest) => ['dist/services/ledger/main.js', ...rest] },
  ...Object.fromEntries(startLines),
  start: {
    built: true,
    help: 'services/standalone/main.ts',
    args: (rest) => ['dist/services/standalone/main.js', ...rest],
  },
  test: { built: true, tools: ['strace'], args: (rest) => [...jest, ...rest] },
  'test:crash': {
    built: true,
    help: '`npm run test:crash [-- --seed N --kills N]`: processes killed and held at random moments; 200 kills unless told\notherwise. The seed that a failure prints plays the same faults again.',
    args: () => [...jest, 'test/crash'],
    env: crashEnvironment,
  },
  'test:outage': {
    built: true,
    help: '`npm run test:outage [-- --seconds N]`: broker, Postgres and event store away, 600 s each unless told otherwise.',
    args: () => [...jest, 'test/outage'],
    env: outageEnvironment,
  },
};

/** `-- --seed N --kills N`; 200 kills unless told otherwise. */
function crashEnvironment(rest) {
  const { seed, kills } = numbers(rest, ['seed', 'kills']);
  return { ASSAY_CRASH_KILLS: kills ?? '200', ...(seed && { ASSAY_CRASH_SEED: seed }) };
}

/** `-- --seconds N`; ten minutes for each outage unless told otherwise. */
function outageEnvironment(rest) {
  return { ASSAY_OUTAGE_SECONDS: numbers(rest, ['seconds']).seconds ?? '600' };
}

function numbers(rest, names) {
  const options = Object.fromEntries(names.map((option) => [option, { type: 'string' }]));
  const { values } = readArguments(name, { args: rest, options });
  for (const [option, value] of Object.entries(values))
    if (!/^[1-9]\d{0,9}$/.test(value)) refuse(`npm run ${name}: --${option}: a whole number above 0, not "${value}"`);
  return values;
}

const [name, ...rest] = process.argv.slice(2);
const line = Object.hasOwn(lines, name ?? '') ? lines[name] : undefined;
if (!line) refuse(`unknown line ${JSON.stringify(name)}; known: ${Object.keys(lines).join(', ')}`);
if (line.help && (rest.includes('--help') || rest.includes('-h'))) {
  const text = line.help.includes(' ') ? line.help : firstComment(readFileSync(join(root, line.help), 'utf8'));
  process.stdout.write(`${text}\n`);
  process.exit(0);
}
const environment = line.env?.(rest);
ensureInstalled();
if (line.tools) ensureTools(line.tools);
if (line.built) await ensureBuilt();
const args = line.args(rest);
if (args[0].startsWith('dist/') && !existsSync(join(root, args[0])))
  refuse(`npm run ${name}: ${args[0]} does not exist in this revision`);
foreground(
  name,
  args.map((part, index) => (index === 0 && !part.startsWith('-') ? join(root, part) : part)),
  environment ?? (args[0].startsWith('dist/') ? youngGeneration() : undefined),
);

/**
 * A request leaves a few hundred kilobytes behind that die with it. In Node's usual young generation of 16 MB they
 * outlive two collections and are copied: with 64 MB a product under load answers a fifth more commands. Who has set
 * it keeps what they have set.
 */
function youngGeneration() {
  const given = process.env.NODE_OPTIONS ?? '';
  if (given.includes('semi-space')) return undefined;
  return { NODE_OPTIONS: `${given} --max-semi-space-size=64`.trim() };
}

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
