import { readFileSync } from 'node:fs';

const swc = { ...JSON.parse(readFileSync(new URL('./.swcrc', import.meta.url), 'utf8')), sourceMaps: 'inline' };

// A broker of a test lives for seconds: the first compiler is enough for it, and a quarter less of the two cores.
process.env['KAFKA_JVM_OPTIONS'] ??= '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

// Native code sees the real environment, not a suite's own (libs/runtime/no-telemetry.ts).
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';

const common = {
  testEnvironment: '<rootDir>/scripts/jest-environment.mjs',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/var/'],
};

const withPostgres = {
  globalSetup: '<rootDir>/scripts/jest-postgres.mjs',
  globalTeardown: '<rootDir>/scripts/jest-postgres-end.mjs',
};

// Three sizes of test; the level is in the file name.
export default {
  testSequencer: '<rootDir>/scripts/jest-sequencer.mjs',
  // One more than the two cores: the suites of outages, kills and brokers mostly wait.
  maxWorkers: 3,
  testTimeout: 240_000,
  projects: [
    { ...common, ...withPostgres, displayName: 'e2e', testMatch: ['<rootDir>/test/**/*.e2e.spec.ts'] },
    { ...common, ...withPostgres, displayName: 'int', testMatch: ['<rootDir>/{libs,services}/**/*.int.spec.ts'] },
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/{libs,services,schemas,test}/**/*.unit.spec.ts'] },
  ],
};
