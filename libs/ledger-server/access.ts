import { createHash, timingSafeEqual } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';
import { isSystemStream } from './stream-state.js';

/** `admin` may everything; `product` reads, and appends to domain streams. */
export type Role = 'admin' | 'product';

export interface LedgerUser {
  readonly name: string;
  readonly password: string;
  readonly role: Role;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Who calls: undefined is nobody we know. Without TLS there are no credentials on the wire, and everybody is admin. */
export function authenticator(users: readonly LedgerUser[] | undefined): (metadata: Metadata) => Role | undefined {
  if (!users) return () => 'admin';
  const known = users.map(({ name, password, role }) => ({ digest: digest(`${name}:${password}`), role }));
  return (metadata) => {
    const [header] = metadata.get('authorization');
    if (typeof header !== 'string' || !header.startsWith('Basic ')) return undefined;
    const given = digest(Buffer.from(header.slice(6), 'base64').toString('utf8'));
    return known.find((user) => timingSafeEqual(user.digest, given))?.role;
  };
}

/**
 * Whether the role may write so: domain streams are append-only for the product, and system streams with all
 * metadata belong to the administrator.
 */
export function mayWrite(role: Role, kind: 'append' | 'delete' | 'tombstone', stream: string): boolean {
  return role === 'admin' || (kind === 'append' && !isSystemStream(stream));
}
