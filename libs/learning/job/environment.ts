import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { canonicalDigest, sha256 } from '#libs/signing';
import { Generator } from '#libs/statistics';

/** What a run stood on. The same signature and seed give the same model bytes. */
export interface Environment {
  readonly assay: string;
  readonly node: string;
  readonly v8: string;
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly processor: string;
  /** SHA-256 of the processor's features as Linux lists them, else `unknown`: arithmetic may depend on them. */
  readonly processorFlags: string;
  readonly processors: number;
  readonly memoryBytes: number;
  /** Driver version where one is loaded, else `none`; nothing of ours computes on it. */
  readonly gpu: string;
  readonly lockfile: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly threads: number;
  readonly seed: number;
  /** What draws from the seed: folds and shares of rows, everything else. */
  readonly generators: readonly string[];
  /** Options of the runtime itself. */
  readonly runtimeOptions: readonly string[];
  readonly locale: string;
  readonly timezone: string;
}

export interface EnvironmentSignature extends Environment {
  /** SHA-256 over the canonical JSON of the rest. */
  readonly digest: string;
}

export function environmentSignature(seed: number): EnvironmentSignature {
  const root = repositoryRoot();
  const require = createRequire(import.meta.url);
  const version = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;
  const lockfile = join(root, 'package-lock.json');
  const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const environment: Environment = {
    assay: assayVersion(),
    node: process.versions.node,
    v8: process.versions.v8,
    operatingSystem: `${type()} ${release()}`,
    architecture: arch(),
    processor: cpus()[0]?.model ?? 'unknown',
    processorFlags: processorFlags(),
    processors: cpus().length,
    memoryBytes: totalmem(),
    gpu: graphics(),
    lockfile: existsSync(lockfile) ? sha256(readFileSync(lockfile)) : 'none',
    versions: { 'onnxruntime-node': version('onnxruntime-node'), protobufjs: version('protobufjs') },
    threads: 1,
    seed,
    generators: ['MT19937', Generator.algorithm],
    // How the sources are loaded tells nothing of what is computed.
    runtimeOptions: [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].filter((own) =>
      /^--(?!import|loader|test|conditions|experimental-vm|disable-warning|expose)/.test(own),
    ),
    locale,
    timezone: timeZone,
  };
  return { ...environment, digest: canonicalDigest(environment) };
}

/** Graphics processors by their driver: NVIDIA's version, AMD's compute driver, Apple's of the chip. */
function graphics(): string {
  const nvidia = '/proc/driver/nvidia/version';
  if (existsSync(nvidia)) return readFileSync(nvidia, 'utf8').split('\n')[0] ?? 'unknown';
  if (existsSync('/dev/kfd')) return 'amd (kfd)';
  return type() === 'Darwin' && arch() === 'arm64' ? 'apple' : 'none';
}

function processorFlags(): string {
  try {
    const line = readFileSync('/proc/cpuinfo', 'utf8')
      .split('\n')
      .find((own) => /^(flags|Features)\s*:/.test(own));
    return line === undefined ? 'unknown' : sha256(Buffer.from(line.split(':')[1]!.trim()));
  } catch {
    return 'unknown';
  }
}

export function assayVersion(): string {
  return (JSON.parse(readFileSync(join(repositoryRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}
