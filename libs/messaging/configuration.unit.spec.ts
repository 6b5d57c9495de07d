import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { InvalidConfiguration, readConfiguration } from '#libs/runtime';
import { eventsTopic, kafkaOptions } from './configuration.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-kafka-configuration-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const options = (environment: Record<string, string>) => kafkaOptions(readConfiguration(environment), 'test');

test('brokers alone: no TLS, no sign-in', () => {
  expect(options({ KAFKA_BROKERS: 'a:9092, [::1]:9093' })).toEqual({
    brokers: ['a:9092', '[::1]:9093'],
    clientId: 'test',
  });
});

test('TLS with a CA and a certificate from files, and SASL with a password from a file', () => {
  const path = (name: string, text: string) => {
    writeFileSync(join(folder, name), `${text}\n`);
    return join(folder, name);
  };
  expect(
    options({
      KAFKA_BROKERS: 'a:9092',
      KAFKA_TLS_CA_FILE: path('ca', 'CA'),
      KAFKA_TLS_CERT_FILE: path('cert', 'CERT'),
      KAFKA_TLS_KEY_FILE: path('key', 'KEY'),
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: 'relay',
      KAFKA_SASL_PASSWORD_FILE: path('password', 'secret'),
    }),
  ).toMatchObject({
    tls: { ca: 'CA', cert: 'CERT', key: 'KEY' },
    sasl: { mechanism: 'scram-sha-512', username: 'relay', password: 'secret' },
  });
  expect(options({ KAFKA_BROKERS: 'a:1', KAFKA_TLS: 'true' }).tls).toEqual({});
});

test.each([
  ['KAFKA_BROKERS', {}],
  ['KAFKA_BROKERS', { KAFKA_BROKERS: 'a:9092,b' }],
  ['KAFKA_TLS', { KAFKA_BROKERS: 'a:1', KAFKA_TLS: 'yes' }],
  ['KAFKA_TLS', { KAFKA_BROKERS: 'a:1', KAFKA_TLS: 'false', KAFKA_TLS_CA: 'CA' }],
  ['KAFKA_TLS_CERT', { KAFKA_BROKERS: 'a:1', KAFKA_TLS_CERT: 'CERT' }],
  ['KAFKA_SASL_MECHANISM', { KAFKA_BROKERS: 'a:1', KAFKA_SASL_MECHANISM: 'gssapi' }],
  ['KAFKA_SASL_PASSWORD', { KAFKA_BROKERS: 'a:1', KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u' }],
])('%s is refused by name: %o', (variable, environment) => {
  expect(() => options(environment as Record<string, string>)).toThrow(
    expect.objectContaining({ name: 'InvalidConfiguration', variable }),
  );
});

test('the topic is kept for ever, and an acknowledged record is on all replicas in sync', () => {
  expect(eventsTopic(readConfiguration({ KAFKA_REPLICATION: '3' }))).toMatchObject({
    topic: 'assay-events',
    partitions: 8,
    replicationFactor: 3,
    configuration: { 'retention.ms': '-1', 'retention.bytes': '-1', 'min.insync.replicas': '2' },
  });
  expect(() => eventsTopic(readConfiguration({ KAFKA_TOPIC: 'no topic' }))).toThrow(InvalidConfiguration);
  expect(() => eventsTopic(readConfiguration({ KAFKA_PARTITIONS: '0' }))).toThrow(InvalidConfiguration);
});
