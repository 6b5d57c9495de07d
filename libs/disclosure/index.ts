import { DisclosureRow } from './disclosure.entity.js';
import { CreateDisclosure1764000000000 } from './migrations.js';

export { disclose, maximumTextBytes, saltBytes, verifyDisclosure } from './salted.js';
export type { Disclosure } from './salted.js';
export { sweepOrphans } from './vault.js';
export type { Revealed, UnconfirmedEntry, Vault, VaultEntry } from './vault.js';
export { createPostgresVault } from './postgres-vault.js';

/** For the process's TypeORM data source. */
export const disclosureEntities = [DisclosureRow] as const;
export const disclosureMigrations = [CreateDisclosure1764000000000] as const;
