import { readFileSync } from 'node:fs';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateIdentity1764000000001 implements MigrationInterface {
  readonly name = 'CreateIdentity1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(readFileSync(new URL('./create-identity.sql', import.meta.url), 'utf8'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE reauthentication, service_key, identity_subject');
  }
}
