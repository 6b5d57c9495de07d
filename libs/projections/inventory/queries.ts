import type { CodeReference, Column, ContentReference, EvidenceGrade, Measurement } from '../../lifecycle/values.js';
import type { PolicyDocument } from '../../lifecycle/policy/document.js';
import { itemOf, sql } from '../core/item.js';
import {
  listAll,
  listPage,
  listTotal,
  type Page,
  type PageArguments,
  type Reader,
  withoutAccess,
} from '../core/reader.js';

/** Columns of these lists that access rules may ask about; `modelId` is NULL for what is nobody's model. */
export const inventoryAccess = { modelId: 'access_model_id' } as const;

export interface DatasetItem {
  readonly datasetId: string;
  readonly name: string;
  readonly purpose: string;
  readonly legalBasis: string;
  readonly licence?: string;
  /** Digest of a disclosure. */
  readonly description?: string;
  readonly registeredBy: string;
  readonly registeredAt: string;
  readonly versionCount: number;
  readonly position: bigint;
}

export interface DatasetVersionItem {
  readonly datasetVersionId: string;
  readonly datasetId?: string;
  readonly datasetName?: string;
  readonly number?: number;
  readonly status: 'sealed' | 'withdrawn';
  readonly content?: ContentReference;
  readonly rowDigest?: string;
  readonly rows?: number;
  readonly columns?: readonly Column[];
  readonly profile?: ContentReference;
  readonly derivedFrom?: readonly string[];
  readonly code?: CodeReference;
  readonly grade?: EvidenceGrade;
  readonly sealedBy?: string;
  readonly sealedAt?: string;
  readonly withdrawnAt?: string;
  readonly withdrawalReason?: string;
  readonly position: bigint;
}

export interface DataQualityItem {
  readonly datasetVersionId: string;
  readonly rule: string;
  readonly columnName?: string;
  readonly detail: string;
  readonly foundAt: string;
  readonly position: bigint;
}

export interface TrainingRunItem {
  readonly trainingRunId: string;
  readonly modelId?: string;
  readonly status: 'started' | 'completed' | 'failed' | 'cancelled';
  readonly datasetVersionIds?: readonly string[];
  readonly engine?: 'assay' | 'external';
  readonly algorithm?: string;
  readonly job?: ContentReference;
  readonly code?: CodeReference;
  readonly seed?: number;
  readonly grade?: EvidenceGrade;
  readonly startedBy?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly artifact?: ContentReference;
  readonly environment?: string;
  readonly record?: ContentReference;
  readonly measurements?: readonly Measurement[];
  readonly failure?: string;
  readonly detail?: string;
  readonly position: bigint;
}

export interface ModelItem {
  readonly modelId: string;
  readonly name?: string;
  readonly ownerId?: string;
  readonly policyId?: string;
  readonly intendedUse?: string;
  readonly prohibitedUses?: readonly string[];
  readonly jurisdictions?: readonly string[];
  readonly description?: string;
  readonly registeredAt?: string;
  readonly latestNumber?: number;
  readonly aliases?: readonly { readonly alias: string; readonly modelVersionId: string }[];
  readonly position: bigint;
}

export const modelVersionStatuses = [
  'registered',
  'evaluated',
  'checked',
  'submitted',
  'approved',
  'permitted',
  'deployed',
  'promoted',
  'rolled-back',
  'retired',
] as const;
export type ModelVersionStatus = (typeof modelVersionStatuses)[number];
export type GateVerdict = 'pass' | 'fail' | 'insufficient' | 'undefined';

export interface ModelVersionItem {
  readonly modelVersionId: string;
  readonly modelId?: string;
  readonly modelName?: string;
  readonly ownerId?: string;
  readonly number?: number;
  /** The furthest step of its way that stands at this position. */
  readonly status: ModelVersionStatus;
  readonly trainingRunId?: string;
  readonly datasetVersionIds?: readonly string[];
  readonly code?: CodeReference;
  readonly artifact?: ContentReference;
  readonly features?: readonly string[];
  readonly grade?: EvidenceGrade;
  readonly registeredBy?: string;
  readonly registeredAt?: string;
  readonly retiredAt?: string;
  readonly retiredBy?: string;
  readonly successorId?: string;
  readonly retirementReason?: string;
  readonly tier?: 'low' | 'medium' | 'high';
  readonly tierFunction?: string;
  readonly tierInputs?: Readonly<Record<string, number | null>>;
  readonly aliases?: readonly string[];
  /** The newest evaluation that is not withdrawn, until when it is fresh, and its gates taken together. */
  readonly latestEvaluationId?: string;
  readonly evidenceExpiresAt?: string;
  readonly gateVerdict?: GateVerdict;
  readonly latestApprovalId?: string;
  readonly approvalStatus?: string;
  readonly approvalValidUntil?: string;
  readonly permitId?: string;
  readonly permitStatus?: 'valid' | 'suspended' | 'revoked' | 'expired';
  readonly permitValidUntil?: string;
  readonly deploymentIds?: readonly string[];
  /** Greatest share of traffic in any deployment, in basis points. */
  readonly trafficWeight?: number;
  readonly position: bigint;
}

export interface PolicyItem {
  readonly policyId: string;
  readonly version: number;
  readonly name?: string;
  readonly document?: PolicyDocument;
  readonly digest?: string;
  readonly publishedBy?: string;
  readonly publishedAt?: string;
  readonly supersededBy?: number;
  readonly supersededAt?: string;
  readonly position: bigint;
}

const datasetsSql = sql(import.meta.url, 'queries/datasets.sql');
const datasetVersionsSql = sql(import.meta.url, 'queries/dataset-versions.sql');
const dataQualitySql = sql(import.meta.url, 'queries/data-quality.sql');
const trainingRunsSql = sql(import.meta.url, 'queries/training-runs.sql');
const modelsSql = sql(import.meta.url, 'queries/models.sql');
const modelVersionsSql = sql(import.meta.url, 'queries/model-versions.sql');
const policiesSql = sql(import.meta.url, 'queries/policies.sql');

const datasetItem = itemOf<DatasetItem>({ numbers: ['version_count'] });
const datasetVersionItem = itemOf<DatasetVersionItem>({ numbers: ['number', 'rows'] });
const dataQualityItem = itemOf<DataQualityItem>();
const trainingRunItem = itemOf<TrainingRunItem>();
const modelItem = itemOf<ModelItem>({ numbers: ['latest_number'] });
const modelVersionItem = itemOf<ModelVersionItem>({ numbers: ['number', 'traffic_weight'] });
const policyItem = itemOf<PolicyItem>({ numbers: ['version', 'superseded_by'] });

/** Data sets, last changed first. */
export function datasets(reader: Reader, page: PageArguments): Promise<Page<DatasetItem>> {
  return listPage(reader, datasetsSql, [null], page, datasetItem);
}
export function datasetsById(reader: Reader, ids: readonly string[]): Promise<readonly DatasetItem[]> {
  return listAll(reader, datasetsSql, [ids], datasetItem);
}
export function datasetTotal(reader: Reader): Promise<number> {
  return listTotal(reader, datasetsSql, [null]);
}

export function datasetVersions(
  reader: Reader,
  page: PageArguments & { readonly datasetId?: string },
): Promise<Page<DatasetVersionItem>> {
  return listPage(reader, datasetVersionsSql, [null, page.datasetId ?? null], page, datasetVersionItem);
}
export function datasetVersionsById(reader: Reader, ids: readonly string[]): Promise<readonly DatasetVersionItem[]> {
  return listAll(reader, datasetVersionsSql, [ids, null], datasetVersionItem);
}
export function dataQualityOf(
  reader: Reader,
  datasetVersionIds: readonly string[],
): Promise<readonly DataQualityItem[]> {
  return listAll(withoutAccess(reader), dataQualitySql, [datasetVersionIds], dataQualityItem);
}

export function trainingRuns(
  reader: Reader,
  page: PageArguments & { readonly modelId?: string },
): Promise<Page<TrainingRunItem>> {
  return listPage(reader, trainingRunsSql, [null, page.modelId ?? null], page, trainingRunItem);
}
export function trainingRunsById(reader: Reader, ids: readonly string[]): Promise<readonly TrainingRunItem[]> {
  return listAll(reader, trainingRunsSql, [ids, null], trainingRunItem);
}

export function models(reader: Reader, page: PageArguments & { readonly ownerId?: string }): Promise<Page<ModelItem>> {
  return listPage(reader, modelsSql, [null, page.ownerId ?? null], page, modelItem);
}
export function modelsById(reader: Reader, ids: readonly string[]): Promise<readonly ModelItem[]> {
  return listAll(reader, modelsSql, [ids, null], modelItem);
}
export function modelTotal(reader: Reader): Promise<number> {
  return listTotal(reader, modelsSql, [null, null]);
}

export interface ModelVersionFilter {
  readonly modelId?: string;
  readonly status?: ModelVersionStatus;
}
/** Versions with tier, evidence, approval, permit and traffic as they stand, last changed first. */
export function modelVersions(
  reader: Reader,
  page: PageArguments & ModelVersionFilter,
): Promise<Page<ModelVersionItem>> {
  const { modelId, status } = page;
  return listPage(reader, modelVersionsSql, [null, modelId ?? null, status ?? null], page, modelVersionItem);
}
export function modelVersionsById(reader: Reader, ids: readonly string[]): Promise<readonly ModelVersionItem[]> {
  return listAll(reader, modelVersionsSql, [ids, null, null], modelVersionItem);
}
export function modelVersionTotal(reader: Reader, filter: ModelVersionFilter = {}): Promise<number> {
  return listTotal(reader, modelVersionsSql, [null, filter.modelId ?? null, filter.status ?? null]);
}

/** Every version of every policy, newest first: thresholds are data, and their changes are on record. */
export function policies(
  reader: Reader,
  page: PageArguments & { readonly policyId?: string; readonly version?: number },
): Promise<Page<PolicyItem>> {
  const ids = page.policyId === undefined ? null : [page.policyId];
  return listPage(reader, policiesSql, [ids, page.version ?? null], page, policyItem);
}
export function policiesById(reader: Reader, ids: readonly string[]): Promise<readonly PolicyItem[]> {
  return listAll(reader, policiesSql, [ids, null], policyItem);
}
