import type { Arm } from '../../lifecycle/deployment/events.js';
import type { ContentReference } from '../../lifecycle/values.js';
import type { SignatureRow } from '../approvals/stages.js';
import { itemOf, sql } from '../core/item.js';
import {
  InvalidArgument,
  listAll,
  listPage,
  listTotal,
  utc,
  withoutAccess,
  type Page,
  type PageArguments,
  type Reader,
} from '../core/reader.js';

/** Columns of these lists that access rules may ask about. */
export const deploymentsAccess = { modelId: 'access_model_id' } as const;

export interface DeploymentItem {
  readonly deploymentId: string;
  readonly status: 'started' | 'promoted' | 'rolled-back' | 'stopped';
  readonly endpoint?: string;
  readonly environment?: string;
  readonly modelId?: string;
  /** The version that the last start, promotion or roll-back was about. */
  readonly modelVersionId?: string;
  readonly strategy?: 'blue-green' | 'canary';
  readonly salt?: string;
  readonly arms: readonly Arm[];
  readonly startedAt?: string;
  readonly startedBy?: string;
  readonly changedAt: string;
  readonly changedBy: string;
  readonly cause?: string;
  readonly reason?: string;
  readonly position: bigint;
}

export interface DeploymentChangeItem {
  readonly deploymentId: string;
  readonly endpoint?: string;
  readonly environment?: string;
  readonly modelId?: string;
  readonly act: 'started' | 'traffic-shifted' | 'promoted' | 'rolled-back' | 'stopped';
  readonly modelVersionId?: string;
  /** The whole split after the change. */
  readonly arms: readonly Arm[];
  readonly cause?: string;
  readonly reason?: string;
  readonly actorId: string;
  readonly onBehalfOf?: string;
  readonly at: string;
  /** For each arm the permit and the approval (with who signed) or override (with who used it) behind it. */
  readonly basis?: readonly {
    readonly modelVersionId: string;
    readonly permitId: string;
    readonly kind: 'approval' | 'override';
    readonly id: string;
    readonly signatures: readonly SignatureRow[];
    readonly operatorId: string | null;
  }[];
  readonly eventId: string;
  readonly digest: string;
  readonly position: bigint;
}

export type PermitStatus = 'valid' | 'suspended' | 'revoked' | 'expired';

export interface PermitItem {
  readonly permitId: string;
  readonly status: PermitStatus;
  readonly modelVersionId?: string;
  readonly modelId?: string;
  readonly artifactDigest?: string;
  readonly environment?: string;
  readonly basisKind?: 'approval' | 'override';
  readonly basisId?: string;
  readonly issuedAt?: string;
  readonly validUntil?: string;
  readonly keyId?: string;
  readonly changedAt: string;
  readonly cause?: string;
  readonly eventId: string;
  readonly position: bigint;
}

export interface PermitStateItem {
  readonly permitId: string;
  readonly status: PermitStatus;
  readonly cause?: string;
  readonly changedAt: string;
  readonly eventId: string;
  readonly position: bigint;
}

export interface SegmentItem {
  readonly segmentId: string;
  readonly deploymentId: string;
  readonly modelId?: string;
  /** Rows scored by each model version. */
  readonly rows: Readonly<Record<string, number>>;
  readonly permits: readonly string[];
  readonly content: ContentReference;
  readonly segmentDigest: string;
  readonly fromTime: string;
  readonly toTime: string;
  readonly eventId: string;
  readonly digest: string;
  readonly position: bigint;
}

export interface IncidentItem {
  readonly incidentId: string;
  readonly status: 'open' | 'closed';
  readonly kind?: 'override' | 'drift' | 'condition-lapsed' | 'review-overdue' | 'reported';
  readonly modelVersionId?: string;
  readonly modelId?: string;
  readonly reference?: string;
  readonly awareAt?: string;
  readonly openedAt?: string;
  readonly openedBy?: string;
  readonly description?: string;
  readonly closedAt?: string;
  readonly closedBy?: string;
  readonly closingReason?: string;
  readonly position: bigint;
}

/** A version that carried traffic at a time. */
export interface DecidingVersionItem {
  readonly deploymentId: string;
  readonly endpoint?: string;
  readonly environment?: string;
  readonly modelId?: string;
  readonly modelVersionId: string;
  readonly modelVersionNumber?: number;
  readonly slot: 'blue' | 'green' | 'canary';
  /** Basis points of the traffic. */
  readonly weight: number;
  readonly permitId: string;
  /** Of its permit at that time: anything but `valid` means that the gate was closed. */
  readonly permitStatus?: PermitStatus;
  readonly basisKind?: 'approval' | 'override';
  readonly basisId?: string;
  /** The split stood from the change with this event until the next one. */
  readonly since: string;
  readonly until?: string;
  readonly eventId: string;
  readonly digest: string;
  readonly position: bigint;
}

const deploymentsSql = sql(import.meta.url, 'queries/deployments.sql');
const changesSql = sql(import.meta.url, 'queries/changes.sql');
const permitsSql = sql(import.meta.url, 'queries/permits.sql');
const permitStatesSql = sql(import.meta.url, 'queries/permit-states.sql');
const segmentsSql = sql(import.meta.url, 'queries/segments.sql');
const incidentsSql = sql(import.meta.url, 'queries/incidents.sql');
const decidedAtSql = sql(import.meta.url, 'queries/decided-at.sql');

const deploymentItem = itemOf<DeploymentItem>();
const changeItem = itemOf<DeploymentChangeItem>();
const permitItem = itemOf<PermitItem>();
const permitStateItem = itemOf<PermitStateItem>();
const segmentItem = itemOf<SegmentItem>();
const incidentItem = itemOf<IncidentItem>();
const decidingItem = itemOf<DecidingVersionItem>({ numbers: ['model_version_number', 'weight'] });

export interface DeploymentFilter {
  readonly modelId?: string;
  readonly endpoint?: string;
}
/** Deployments, last changed first. */
export function deploymentList(reader: Reader, page: PageArguments & DeploymentFilter): Promise<Page<DeploymentItem>> {
  return listPage(reader, deploymentsSql, [null, page.modelId ?? null, page.endpoint ?? null], page, deploymentItem);
}
export function deploymentTotal(reader: Reader, filter: DeploymentFilter = {}): Promise<number> {
  return listTotal(reader, deploymentsSql, [null, filter.modelId ?? null, filter.endpoint ?? null]);
}
export function deploymentsById(reader: Reader, ids: readonly string[]): Promise<readonly DeploymentItem[]> {
  return listAll(reader, deploymentsSql, [ids, null, null], deploymentItem);
}

export interface ChangeFilter {
  readonly deploymentId?: string;
  readonly environment?: string;
  /** RFC 3339; `from` inclusive, `to` exclusive. */
  readonly from?: string;
  readonly to?: string;
}
function changeValues({ deploymentId, environment, from, to }: ChangeFilter): unknown[] {
  const ids = deploymentId === undefined ? null : [deploymentId];
  return [ids, utc('from', from) ?? null, utc('to', to) ?? null, environment ?? null];
}
/** Every production change of a period with who approved it, in the order of the store; `total` proves completeness. */
export function deploymentChanges(
  reader: Reader,
  page: PageArguments & ChangeFilter,
): Promise<Page<DeploymentChangeItem>> {
  return listPage(reader, changesSql, changeValues(page), page, changeItem, 'ascending');
}
export function deploymentChangeTotal(reader: Reader, filter: ChangeFilter = {}): Promise<number> {
  return listTotal(reader, changesSql, changeValues(filter));
}
export function changesOf(reader: Reader, deploymentIds: readonly string[]): Promise<readonly DeploymentChangeItem[]> {
  return listAll(withoutAccess(reader), changesSql, [deploymentIds, null, null, null], changeItem);
}

export interface PermitFilter {
  readonly modelVersionId?: string;
  readonly status?: PermitStatus;
}
/** Permits, last changed first. */
export function permits(reader: Reader, page: PageArguments & PermitFilter): Promise<Page<PermitItem>> {
  const versions = page.modelVersionId === undefined ? null : [page.modelVersionId];
  return listPage(reader, permitsSql, [null, versions, page.status ?? null], page, permitItem);
}
export function permitsById(reader: Reader, ids: readonly string[]): Promise<readonly PermitItem[]> {
  return listAll(reader, permitsSql, [ids, null, null], permitItem);
}
export function permitsOfVersions(reader: Reader, modelVersionIds: readonly string[]): Promise<readonly PermitItem[]> {
  return listAll(reader, permitsSql, [null, modelVersionIds, null], permitItem);
}
/** Every state of these permits so far, in order. */
export function permitStatesOf(reader: Reader, permitIds: readonly string[]): Promise<readonly PermitStateItem[]> {
  return listAll(withoutAccess(reader), permitStatesSql, [permitIds], permitStateItem);
}

/** Sealed prediction segments, newest first. */
export function predictionSegments(
  reader: Reader,
  page: PageArguments & { readonly deploymentId?: string; readonly modelVersionId?: string },
): Promise<Page<SegmentItem>> {
  const deployments = page.deploymentId === undefined ? null : [page.deploymentId];
  return listPage(reader, segmentsSql, [deployments, page.modelVersionId ?? null], page, segmentItem);
}
export function segmentsOfVersion(reader: Reader, modelVersionId: string): Promise<readonly SegmentItem[]> {
  return listAll(reader, segmentsSql, [null, modelVersionId], segmentItem);
}

export interface IncidentFilter {
  readonly modelVersionId?: string;
  readonly status?: IncidentItem['status'];
}
/** Incidents, last changed first. */
export function incidents(reader: Reader, page: PageArguments & IncidentFilter): Promise<Page<IncidentItem>> {
  const versions = page.modelVersionId === undefined ? null : [page.modelVersionId];
  return listPage(reader, incidentsSql, [null, versions, page.status ?? null], page, incidentItem);
}
export function incidentsById(reader: Reader, ids: readonly string[]): Promise<readonly IncidentItem[]> {
  return listAll(reader, incidentsSql, [ids, null, null], incidentItem);
}
export function incidentsOfVersions(
  reader: Reader,
  modelVersionIds: readonly string[],
): Promise<readonly IncidentItem[]> {
  return listAll(reader, incidentsSql, [null, modelVersionIds, null], incidentItem);
}

/**
 * Which versions decided at this time (by the time at which each change occurred), as known at the reader's position.
 * @throws InvalidArgument
 */
export function decidedAt(
  reader: Reader,
  question: {
    /** RFC 3339. */
    readonly at: string;
    readonly deploymentId?: string;
    readonly endpoint?: string;
    readonly modelId?: string;
  },
): Promise<readonly DecidingVersionItem[]> {
  const at = utc('at', question.at);
  if (at === undefined) throw new InvalidArgument('at', 'is missing');
  const { deploymentId, endpoint, modelId } = question;
  return listAll(
    reader,
    decidedAtSql,
    [at, deploymentId ?? null, endpoint ?? null, modelId ?? null],
    decidingItem,
    'descending',
  );
}
