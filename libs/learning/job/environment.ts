import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { canonicalDigest, sha256 } from '#libs/signing';

/** What a run stood on. The same signature and seed give the same model bytes. */
export interface Environment {
  readonly assay: string;
  readonly node: string;
  readonly v8: string;
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly processor: string;
  readonly processors: number;
  readonly memoryBytes: number;
  /** Driver version where one is loaded, else `none`; nothing of ours computes on it. */
  readonly gpu: string;
  readonly lockfile: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly threads: number;
  readonly seed: number;
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
  const driver = '/proc/driver/nvidia/version';
  const lockfile = join(root, 'package-lock.json');
  const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const environment: Environment = {
    assay: assayVersion(),
    node: process.versions.node,
    v8: process.versions.v8,
    operatingSystem: `${type()} ${release()}`,
    architecture: arch(),
    processor: cpus()[0]?.model ?? 'unknown',
    processors: cpus().length,
    memoryBytes: totalmem(),
    gpu: existsSync(driver) ? (readFileSync(driver, 'utf8').split('\n')[0] ?? 'unknown') : 'none',
    lockfile: existsSync(lockfile) ? sha256(readFileSync(lockfile)) : 'none',
    versions: { 'onnxruntime-node': version('onnxruntime-node'), protobufjs: version('protobufjs') },
    threads: 1,
    seed,
    locale,
    timezone: timeZone,
  };
  return { ...environment, digest: canonicalDigest(environment) };
}

export function assayVersion(): string {
  return (JSON.parse(readFileSync(join(repositoryRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}
