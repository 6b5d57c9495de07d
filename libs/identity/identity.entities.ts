import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which person stands behind an identity id. Personal data: outside the events, erased with the identity. */
@Entity({ name: 'identity_subject' })
export class IdentitySubjectRow {
  @PrimaryColumn('text')
  workspace: string;

  @PrimaryColumn('text')
  issuer: string;

  @PrimaryColumn('text')
  subject: string;

  @Column('text', { name: 'identity_id' })
  identityId: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;
}

/** The hash of a service key. Scopes, expiry and revocation are events; a row without its event opens nothing. */
@Entity({ name: 'service_key' })
export class ServiceKeyRow {
  @PrimaryColumn('text')
  workspace: string;

  @PrimaryColumn('text', { name: 'key_id' })
  keyId: string;

  @Column('text', { name: 'identity_id' })
  identityId: string;

  @Column('text', { name: 'secret_hash' })
  secretHash: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt: Date | null;
}

/** A re-authentication that has been used, and by which command (rule 8: used once). */
@Entity({ name: 'reauthentication' })
export class ReauthenticationRow {
  @PrimaryColumn('text')
  workspace: string;

  /** SHA-256 of {issuer, token id}: the registry needs no token. */
  @PrimaryColumn('text', { name: 'token_digest' })
  tokenDigest: string;

  @Column('text', { name: 'command_id' })
  commandId: string;

  @Column('timestamptz', { name: 'used_at' })
  usedAt: Date;
}
