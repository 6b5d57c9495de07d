import { LessThan, type DataSource } from 'typeorm';
import { canonicalDigest } from '#libs/signing';
import { IdentitySubjectRow, ReauthenticationRow, ServiceKeyRow } from './identity.entities.js';

/** (issuer, subject) ↔ identity id. Never keyed by e-mail; one subject has one identity. */
export interface SubjectStore {
  find(workspace: string, issuer: string, subject: string): Promise<string | undefined>;
  /**
   * Reserves the subject for the identity. Returns the identity that holds it: another id than the one given
   * means that the subject is taken.
   */
  link(workspace: string, issuer: string, subject: string, identityId: string): Promise<string>;
  /**
   * Gives a reservation that no registration followed for half a minute to another identity; false while it is younger,
   * or held by somebody else: a registration that is under way is not robbed of its subject.
   */
  takeOver(
    workspace: string,
    issuer: string,
    subject: string,
    change: { readonly from: string; readonly to: string },
  ): Promise<boolean>;
  erase(workspace: string, identityId: string): Promise<number>;
}

export interface StoredServiceKey {
  readonly identityId: string;
  readonly secretHash: string;
  /** RFC 3339; at most a minute old. */
  readonly lastUsedAt?: string;
}

export interface ServiceKeyStore {
  put(workspace: string, keyId: string, identityId: string, secretHash: string): Promise<void>;
  find(workspace: string, keyId: string): Promise<StoredServiceKey | undefined>;
  touch(workspace: string, keyId: string): Promise<void>;
  remove(workspace: string, keyId: string): Promise<void>;
}

/** Rule 8: a re-authentication is used once. */
export interface ReauthenticationStore {
  /**
   * Uses the token for this command. `false` when another command used it before; the same command may come again
   * (a retry after a lost answer).
   */
  use(workspace: string, issuer: string, tokenId: string, commandId: string): Promise<boolean>;
  /** Forgets uses older than `before` (RFC 3339): tokens that old are refused by their age anyway. */
  forget(before: string): Promise<number>;
}

export interface IdentityStore {
  readonly subjects: SubjectStore;
  readonly keys: ServiceKeyStore;
  readonly reauthentications: ReauthenticationStore;
}

const touchEveryMs = 60_000;
/** Longer than an append may take, the store's own time-out included. */
const abandonedAfterMs = 30_000;

/** Tables `identity_subject`, `service_key` and `reauthentication`. Migrations: `identityMigrations`. */
export function createIdentityStore(dataSource: DataSource, now: () => Date = () => new Date()): IdentityStore {
  const subjects = dataSource.getRepository(IdentitySubjectRow);
  const keys = dataSource.getRepository(ServiceKeyRow);
  const uses = dataSource.getRepository(ReauthenticationRow);
  const touched = new Map<string, number>();

  return {
    subjects: {
      async find(workspace, issuer, subject) {
        return (await subjects.findOneBy({ workspace, issuer, subject }))?.identityId;
      },
      async link(workspace, issuer, subject, identityId) {
        const values = { workspace, issuer, subject, identityId, createdAt: now() };
        await subjects.createQueryBuilder().insert().values(values).orIgnore().execute();
        return (await subjects.findOneByOrFail({ workspace, issuer, subject })).identityId;
      },
      async takeOver(workspace, issuer, subject, { from, to }) {
        const at = now();
        const createdAt = LessThan(new Date(at.getTime() - abandonedAfterMs));
        const row = { workspace, issuer, subject, identityId: from, createdAt };
        return (await subjects.update(row, { identityId: to, createdAt: at })).affected === 1;
      },
      async erase(workspace, identityId) {
        return (await subjects.delete({ workspace, identityId })).affected ?? 0;
      },
    },
    keys: {
      async put(workspace, keyId, identityId, secretHash) {
        const values = { workspace, keyId, identityId, secretHash, createdAt: now(), lastUsedAt: null };
        await keys.createQueryBuilder().insert().values(values).orIgnore().execute();
      },
      async find(workspace, keyId) {
        const row = await keys.findOneBy({ workspace, keyId });
        if (!row) return undefined;
        const { identityId, secretHash, lastUsedAt } = row;
        return { identityId, secretHash, ...(lastUsedAt && { lastUsedAt: lastUsedAt.toISOString() }) };
      },
      async touch(workspace, keyId) {
        const at = now();
        const key = `${workspace}/${keyId}`;
        if (at.getTime() - (touched.get(key) ?? -Infinity) < touchEveryMs) return;
        touched.set(key, at.getTime());
        await keys.update({ workspace, keyId }, { lastUsedAt: at });
      },
      async remove(workspace, keyId) {
        await keys.delete({ workspace, keyId });
      },
    },
    reauthentications: {
      async use(workspace, issuer, tokenId, commandId) {
        const tokenDigest = canonicalDigest({ issuer, tokenId });
        const values = { workspace, tokenDigest, commandId, usedAt: now() };
        await uses.createQueryBuilder().insert().values(values).orIgnore().execute();
        return (await uses.findOneByOrFail({ workspace, tokenDigest })).commandId === commandId;
      },
      async forget(before) {
        return (await uses.delete({ usedAt: LessThan(new Date(before)) })).affected ?? 0;
      },
    },
  };
}
