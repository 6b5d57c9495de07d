import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readConfiguration } from '#libs/runtime';
import { serverCertificate } from '../ledger-server/certificates.js';
import { createKafka, kafkaOptions } from './index.js';
import type { Messaging } from './index.js';
import { kafkaMissing, startTestBroker } from './testing.js';
import type { TestBroker } from './testing.js';

const suite = kafkaMissing ? describe.skip : describe;
if (kafkaMissing) process.stderr.write(`libs/messaging: Kafka suites skipped: ${kafkaMissing}\n`);

suite('a broker with TLS and SASL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-secure-kafka-'));
  let broker: TestBroker;
  let environment: Record<string, string>;
  const opened: Messaging[] = [];

  const connect = (change: Record<string, string | undefined> = {}) => {
    const read = readConfiguration({ ...environment, ...change });
    const client = createKafka(kafkaOptions(read, 'secure-test'));
    opened.push(client);
    return client;
  };

  beforeAll(async () => {
    const { certificate, key, authority } = await serverCertificate(folder);
    broker = await startTestBroker({
      'listener.security.protocol.map': 'PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.plaintext.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" password="between" ' +
        'user_broker="between" user_assay="secret";',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.certificate.chain': certificate,
      'ssl.keystore.key': key,
      // The broker is a client of itself.
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': readFileSync(authority, 'utf8'),
    });
    environment = {
      KAFKA_BROKERS: broker.address,
      KAFKA_TLS_CA_FILE: authority,
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: 'assay',
      KAFKA_SASL_PASSWORD: 'secret',
    };
  }, 180_000);

  afterAll(async () => {
    await Promise.all(opened.map((client) => client.close()));
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('takes records from a client that trusts its CA and knows the password', async () => {
    const client = connect();
    await client.ensureTopic({ topic: 'secure', partitions: 1, replicationFactor: 1, configuration: {} });
    await (
      await client.publisher()
    ).publish('secure', [{ partition: 0, key: 'k', value: Buffer.from('v'), headers: {} }]);
    expect(await client.endOffsets('secure')).toEqual(new Map([[0, 1n]]));
  });

  test.each([
    ['a wrong password', { KAFKA_SASL_PASSWORD: 'wrong' }, /SASL|authentication/i],
    ['no TLS', { KAFKA_TLS_CA_FILE: undefined }, /./],
    ['a CA that it does not know', { KAFKA_TLS_CA_FILE: undefined, KAFKA_TLS: 'true' }, /certificate/],
  ])('is refused with %s', async (_, change, message) => {
    await expect(connect(change).ping()).rejects.toThrow(message);
  });
});
