import type { ContentReference } from '../../lifecycle/values.js';
import type { Role } from '../../lifecycle/roles.js';
import { itemOf, sql } from '../core/item.js';
import { listAll, listPage, listTotal, utc, type Page, type PageArguments, type Reader } from '../core/reader.js';

/** Columns that access rules may ask about: of identities, grants, keys and denials… */
export const identityAccess = { identityId: 'access_identity_id' } as const;
/** …and of exports and evidence accesses. */
export const exportAccess = { modelId: 'access_model_id' } as const;

export interface IdentityItem {
  readonly identityId: string;
  readonly kind: 'person' | 'service';
  readonly status: 'registered' | 'erased';
  /** Of a service. */
  readonly ownerId?: string;
  /** Digests of disclosures. */
  readonly subject?: string;
  readonly displayName?: string;
  readonly registeredAt?: string;
  readonly erasedAt?: string;
  readonly linkedIds: readonly string[];
  readonly position: bigint;
}

export interface GrantItem {
  readonly grantId: string;
  readonly kind: 'grant' | 'delegation';
  readonly status: 'granted' | 'revoked' | 'expired' | 'ended';
  readonly subjectId?: string;
  readonly delegatorId?: string;
  readonly role?: Role;
  /** A model's id; absent for the whole workspace. */
  readonly scope?: string;
  readonly validFrom?: string;
  readonly validUntil?: string;
  readonly grantedBy?: string;
  readonly endedAt?: string;
  readonly endedBy?: string;
  readonly endReason?: string;
  readonly position: bigint;
}

export interface ServiceKeyItem {
  readonly identityId: string;
  readonly keyId: string;
  readonly status: 'issued' | 'revoked';
  readonly scopes?: readonly string[];
  readonly issuedAt?: string;
  readonly expiresAt?: string;
  readonly endedAt?: string;
  readonly position: bigint;
}

export interface DenialItem {
  readonly actorId: string;
  readonly rule: string;
  readonly action: string;
  /** Stream that it was about. */
  readonly subject?: string;
  readonly minute: string;
  readonly count: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly eventId: string;
  readonly digest: string;
  readonly position: bigint;
}

export interface ExportItem {
  readonly exportId: string;
  readonly status: 'requested' | 'built' | 'failed';
  readonly kind?: 'dossier';
  readonly modelVersionId?: string;
  readonly modelId?: string;
  readonly asOf?: string;
  readonly requesterId?: string;
  readonly requestedAt?: string;
  readonly files?: readonly ContentReference[];
  readonly endedAt?: string;
  readonly failure?: string;
  readonly position: bigint;
}

export interface EvidenceAccessItem {
  readonly exportId: string;
  readonly modelVersionId?: string;
  readonly modelId?: string;
  readonly readerId: string;
  readonly what: string;
  readonly at: string;
  readonly eventId: string;
  readonly digest: string;
  readonly position: bigint;
}

const identitiesSql = sql(import.meta.url, 'queries/identities.sql');
const grantsSql = sql(import.meta.url, 'queries/grants.sql');
const keysSql = sql(import.meta.url, 'queries/keys.sql');
const denialsSql = sql(import.meta.url, 'queries/denials.sql');
const exportsSql = sql(import.meta.url, 'queries/exports.sql');
const evidenceAccessesSql = sql(import.meta.url, 'queries/evidence-accesses.sql');

const identityItem = itemOf<IdentityItem>();
const grantItem = itemOf<GrantItem>();
const keyItem = itemOf<ServiceKeyItem>();
const denialItem = itemOf<DenialItem>({ numbers: ['count'] });
const exportItem = itemOf<ExportItem>();
const evidenceAccessItem = itemOf<EvidenceAccessItem>();

/** Identities, last changed first. Names are joined by whoever may reveal them. */
export function identities(
  reader: Reader,
  page: PageArguments & { readonly kind?: IdentityItem['kind'] },
): Promise<Page<IdentityItem>> {
  return listPage(reader, identitiesSql, [null, page.kind ?? null], page, identityItem);
}
export function identitiesById(reader: Reader, ids: readonly string[]): Promise<readonly IdentityItem[]> {
  return listAll(reader, identitiesSql, [ids, null], identityItem);
}

export interface GrantFilter {
  readonly subjectId?: string;
  readonly role?: Role;
  /** In force at this time (RFC 3339). */
  readonly at?: string;
}
function grantValues({ subjectId, role, at }: GrantFilter): unknown[] {
  return [null, subjectId ?? null, role ?? null, utc('at', at) ?? null];
}
/** Grants and delegations, last changed first. */
export function grants(reader: Reader, page: PageArguments & GrantFilter): Promise<Page<GrantItem>> {
  return listPage(reader, grantsSql, grantValues(page), page, grantItem);
}
export function grantTotal(reader: Reader, filter: GrantFilter = {}): Promise<number> {
  return listTotal(reader, grantsSql, grantValues(filter));
}
export function grantsById(reader: Reader, ids: readonly string[]): Promise<readonly GrantItem[]> {
  return listAll(reader, grantsSql, [ids, null, null, null], grantItem);
}

export function serviceKeysOf(reader: Reader, identityIds: readonly string[]): Promise<readonly ServiceKeyItem[]> {
  return listAll(reader, keysSql, [identityIds], keyItem);
}

export interface DenialFilter {
  readonly actorId?: string;
  readonly rule?: string;
  /** Streams that it was about. */
  readonly subjects?: readonly string[];
}
function denialValues({ actorId, rule, subjects }: DenialFilter): unknown[] {
  return [actorId ?? null, rule ?? null, subjects ?? null];
}
/** Refusals, newest first. */
export function denials(reader: Reader, page: PageArguments & DenialFilter): Promise<Page<DenialItem>> {
  return listPage(reader, denialsSql, denialValues(page), page, denialItem);
}
export function denialTotal(reader: Reader, filter: DenialFilter = {}): Promise<number> {
  return listTotal(reader, denialsSql, denialValues(filter));
}
/** All refusals about these streams, in order. */
export function denialsAbout(reader: Reader, subjects: readonly string[]): Promise<readonly DenialItem[]> {
  return listAll(reader, denialsSql, [null, null, subjects], denialItem);
}

/** Exports, last changed first. */
export function exportRequests(
  reader: Reader,
  page: PageArguments & { readonly modelVersionId?: string },
): Promise<Page<ExportItem>> {
  return listPage(reader, exportsSql, [null, page.modelVersionId ?? null], page, exportItem);
}
export function exportsById(reader: Reader, ids: readonly string[]): Promise<readonly ExportItem[]> {
  return listAll(reader, exportsSql, [ids, null], exportItem);
}

/** Who read which evidence, newest first (rule 26). */
export function evidenceAccesses(
  reader: Reader,
  page: PageArguments & { readonly exportId?: string; readonly readerId?: string; readonly modelVersionId?: string },
): Promise<Page<EvidenceAccessItem>> {
  const { exportId, readerId, modelVersionId } = page;
  const values = [exportId ?? null, readerId ?? null, modelVersionId ?? null];
  return listPage(reader, evidenceAccessesSql, values, page, evidenceAccessItem);
}
