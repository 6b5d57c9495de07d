import { readFileSync } from 'node:fs';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDisclosure1764000000000 implements MigrationInterface {
  readonly name = 'CreateDisclosure1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(readFileSync(new URL('./create-disclosure.sql', import.meta.url), 'utf8'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE disclosure');
  }
}
