import { itemOf, sql } from '../core/item.js';
import { listAll, listPage, listTotal, utc, type Page, type PageArguments, type Reader } from '../core/reader.js';
import type {
  ApprovalActItem,
  ApprovalActName,
  ApprovalItem,
  ApprovalStatus,
  ConditionItem,
  EvidenceItem,
  OverrideItem,
} from './items.js';

/** Columns of these lists that access rules may ask about. */
export const approvalsAccess = {
  modelId: 'access_model_id',
  requesterId: 'access_requester_id',
  contributorIds: { array: 'access_contributor_ids' },
} as const;

const approvalsSql = sql(import.meta.url, 'queries/approvals.sql');
const inboxSql = sql(import.meta.url, 'queries/inbox.sql');
const evidenceSql = sql(import.meta.url, 'queries/evidence.sql');
const actsSql = sql(import.meta.url, 'queries/acts.sql');
const conditionsSql = sql(import.meta.url, 'queries/conditions.sql');
const overridesSql = sql(import.meta.url, 'queries/overrides.sql');

const approvalItem = itemOf<ApprovalItem>({ numbers: ['model_version_number', 'policy_version'] });
const evidenceItem = itemOf<EvidenceItem>();
const actItem = itemOf<ApprovalActItem>();
const conditionItem = itemOf<ConditionItem>();
const overrideItem = itemOf<OverrideItem>();

export interface ApprovalFilter {
  readonly modelVersionId?: string;
  readonly modelId?: string;
  readonly status?: ApprovalStatus;
}

function approvalValues({ modelVersionId, modelId, status }: ApprovalFilter): unknown[] {
  return [null, modelVersionId === undefined ? null : [modelVersionId], modelId ?? null, status ?? null];
}

/** Approvals, last changed first. */
export function approvalRequests(reader: Reader, page: PageArguments & ApprovalFilter): Promise<Page<ApprovalItem>> {
  return listPage(reader, approvalsSql, approvalValues(page), page, approvalItem);
}
export function approvalTotal(reader: Reader, filter: ApprovalFilter = {}): Promise<number> {
  return listTotal(reader, approvalsSql, approvalValues(filter));
}
export function approvalsById(reader: Reader, ids: readonly string[]): Promise<readonly ApprovalItem[]> {
  return listAll(reader, approvalsSql, [ids, null, null, null], approvalItem);
}
export function approvalsOfVersions(
  reader: Reader,
  modelVersionIds: readonly string[],
): Promise<readonly ApprovalItem[]> {
  return listAll(reader, approvalsSql, [null, modelVersionIds, null, null], approvalItem);
}

/**
 * What waits for somebody who holds these roles, the nearest deadline first. Whether they themselves may sign is
 * `obstaclesFor` (standing.ts): who is excluded sees the approval too, with the path.
 */
export function inbox(
  reader: Reader,
  page: PageArguments & { readonly roles: readonly string[] },
): Promise<Page<ApprovalItem>> {
  return listPage(reader, inboxSql, [page.roles], page, approvalItem);
}
export function inboxTotal(reader: Reader, roles: readonly string[]): Promise<number> {
  return listTotal(reader, inboxSql, [roles]);
}

/** The pinned evidence of these approvals beside where it stands at this position. */
export function evidenceOf(reader: Reader, approvalIds: readonly string[]): Promise<readonly EvidenceItem[]> {
  return listAll(reader, evidenceSql, [approvalIds], evidenceItem);
}

export interface ActFilter {
  readonly approvalId?: string;
  readonly actorId?: string;
  readonly acts?: readonly ApprovalActName[];
  /** RFC 3339; `from` inclusive, `to` exclusive. */
  readonly from?: string;
  readonly to?: string;
}

function actValues({ approvalId, actorId, acts, from, to }: ActFilter): unknown[] {
  const ids = approvalId === undefined ? null : [approvalId];
  return [ids, actorId ?? null, acts ?? null, utc('from', from) ?? null, utc('to', to) ?? null];
}

/** The ledger: every act on approvals and overrides, in the order of the store. */
export function approvalActs(reader: Reader, page: PageArguments & ActFilter): Promise<Page<ApprovalActItem>> {
  return listPage(reader, actsSql, actValues(page), page, actItem, 'ascending');
}
export function approvalActTotal(reader: Reader, filter: ActFilter = {}): Promise<number> {
  return listTotal(reader, actsSql, actValues(filter));
}
/** All acts on these approvals and overrides. */
export function actsOf(reader: Reader, approvalIds: readonly string[]): Promise<readonly ApprovalActItem[]> {
  return listAll(reader, actsSql, [approvalIds, null, null, null, null], actItem);
}

export interface ConditionFilter {
  readonly approvalId?: string;
  readonly status?: ConditionItem['status'];
  /** Only those lapsed, or open and due before this time (RFC 3339). */
  readonly overdueAt?: string;
}

function conditionValues({ approvalId, status, overdueAt }: ConditionFilter): unknown[] {
  return [approvalId === undefined ? null : [approvalId], status ?? null, utc('overdueAt', overdueAt) ?? null];
}

/** Conditions: open ones first, the earliest due first, so that overdue ones lead. */
export function conditions(reader: Reader, page: PageArguments & ConditionFilter): Promise<Page<ConditionItem>> {
  return listPage(reader, conditionsSql, conditionValues(page), page, conditionItem, 'ascending');
}
export function conditionsOf(reader: Reader, approvalIds: readonly string[]): Promise<readonly ConditionItem[]> {
  return listAll(reader, conditionsSql, [approvalIds, null, null], conditionItem);
}

export interface OverrideFilter {
  readonly modelVersionId?: string;
  readonly status?: OverrideItem['status'];
}

/** Overrides, last changed first, with their reviews. */
export function overrides(reader: Reader, page: PageArguments & OverrideFilter): Promise<Page<OverrideItem>> {
  const { modelVersionId, status } = page;
  const versions = modelVersionId === undefined ? null : [modelVersionId];
  return listPage(reader, overridesSql, [null, versions, status ?? null], page, overrideItem);
}
export function overridesById(reader: Reader, ids: readonly string[]): Promise<readonly OverrideItem[]> {
  return listAll(reader, overridesSql, [ids, null, null], overrideItem);
}
export function overridesOfVersions(
  reader: Reader,
  modelVersionIds: readonly string[],
): Promise<readonly OverrideItem[]> {
  return listAll(reader, overridesSql, [null, modelVersionIds, null], overrideItem);
}
