import type { DataSource } from 'typeorm';
import { disclosureEntities, disclosureMigrations } from '#libs/disclosure';
import { identityEntities, identityMigrations } from '#libs/identity';
import { createDataSource, whenReachable } from '#libs/postgres';

/** The tables that may change: vault, subjects, key hashes, used re-authentications. Migrated when it resolves. */
export function openMutableTables(databaseUrl: string): Promise<DataSource> {
  return createDataSource(databaseUrl, {
    entities: [...disclosureEntities, ...identityEntities],
    migrations: [...disclosureMigrations, ...identityMigrations],
    migrationsTableName: 'mutable_migrations',
  });
}

/** The same for a process that is started beside Postgres, in any order. @param onWait as of {@link whenReachable} */
export function awaitMutableTables(
  databaseUrl: string,
  onWait: (error: Error, attempt: number) => void,
): Promise<DataSource> {
  return whenReachable(() => openMutableTables(databaseUrl), onWait);
}
