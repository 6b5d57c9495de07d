import type { ContentReference, EvidenceGrade, Interval, Measurement, PolicyDecision } from '../../lifecycle/values.js';
import type { EvaluationKind } from '../../lifecycle/evaluation/events.js';
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

/** Columns of the list of evaluations that access rules may ask about. */
export const fairnessAccess = { modelId: 'access_model_id' } as const;

export type Verdict = 'pass' | 'fail' | 'insufficient' | 'undefined';

export interface EvaluationItem {
  readonly evaluationId: string;
  readonly status: 'recorded' | 'withdrawn';
  readonly modelVersionId?: string;
  readonly modelId?: string;
  readonly datasetVersionId?: string;
  readonly kinds?: readonly EvaluationKind[];
  readonly scheme?: string;
  readonly report?: ContentReference;
  readonly collectedAt?: string;
  readonly expiresAt?: string;
  readonly grade?: EvidenceGrade;
  readonly evaluatedBy?: string;
  readonly evaluatedAt?: string;
  readonly amendments: readonly {
    readonly amendment: string;
    readonly reason: string;
    readonly amendedAt: string;
    readonly eventId: string;
  }[];
  readonly supersededBy?: string;
  readonly withdrawnAt?: string;
  readonly withdrawalReason?: string;
  readonly eventId?: string;
  readonly digest?: string;
  /** Its gates taken together: the worst of them; absent when none was decided. */
  readonly gateVerdict?: Verdict;
  readonly position: bigint;
}

export interface MeasurementItem {
  readonly evaluationId: string;
  readonly definition: string;
  /** Absent exactly when `undefinedBecause` says why. */
  readonly value?: number;
  readonly undefinedBecause?: string;
  readonly n: number;
  readonly denominator?: number;
  readonly interval?: Interval;
  readonly group?: Readonly<Record<string, string>>;
  readonly source?: string;
  readonly position: bigint;
}

export interface GroupCountItem {
  readonly evaluationId: string;
  readonly group: Readonly<Record<string, string>>;
  readonly n: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
  readonly position: bigint;
}

export interface GateVerdictItem {
  readonly evaluationId: string;
  readonly gateId: string;
  readonly verdict: Verdict;
  readonly measurement: Measurement;
  readonly threshold: number;
  readonly operator: '>=' | '<=';
  readonly reads: 'point' | 'bound';
  readonly decision: PolicyDecision;
  readonly decidedAt: string;
  readonly eventId: string;
  readonly digest: string;
  readonly position: bigint;
}

const evaluationsSql = sql(import.meta.url, 'queries/evaluations.sql');
const measurementsSql = sql(import.meta.url, 'queries/measurements.sql');
const groupsSql = sql(import.meta.url, 'queries/groups.sql');
const verdictsSql = sql(import.meta.url, 'queries/verdicts.sql');

const evaluationItem = itemOf<EvaluationItem>();
const measurementItem = itemOf<MeasurementItem>({ numbers: ['n'] });
const groupItem = itemOf<GroupCountItem>({
  numbers: ['n', 'true_positives', 'false_positives', 'true_negatives', 'false_negatives'],
});
const verdictItem = itemOf<GateVerdictItem>();

export interface EvaluationFilter {
  readonly modelVersionId?: string;
  readonly gateVerdict?: Verdict;
}

/** Evaluations, last changed first: failed and withdrawn ones as readily as others. */
export function evaluations(reader: Reader, page: PageArguments & EvaluationFilter): Promise<Page<EvaluationItem>> {
  return listPage(reader, evaluationsSql, filterValues(page), page, evaluationItem);
}
export function evaluationTotal(reader: Reader, filter: EvaluationFilter = {}): Promise<number> {
  return listTotal(reader, evaluationsSql, filterValues(filter));
}
export function evaluationsById(reader: Reader, ids: readonly string[]): Promise<readonly EvaluationItem[]> {
  return listAll(reader, evaluationsSql, [ids, null, null], evaluationItem);
}
export function evaluationsOfVersions(
  reader: Reader,
  modelVersionIds: readonly string[],
): Promise<readonly EvaluationItem[]> {
  return listAll(reader, evaluationsSql, [null, modelVersionIds, null], evaluationItem);
}

/** Of these evaluations, in the order in which they were recorded. The caller has checked the right to each of them. */
export function measurementsOf(reader: Reader, evaluationIds: readonly string[]): Promise<readonly MeasurementItem[]> {
  return listAll(withoutAccess(reader), measurementsSql, [evaluationIds], measurementItem);
}
export function groupCountsOf(reader: Reader, evaluationIds: readonly string[]): Promise<readonly GroupCountItem[]> {
  return listAll(withoutAccess(reader), groupsSql, [evaluationIds], groupItem);
}
export function gateVerdictsOf(reader: Reader, evaluationIds: readonly string[]): Promise<readonly GateVerdictItem[]> {
  return listAll(withoutAccess(reader), verdictsSql, [evaluationIds], verdictItem);
}

function filterValues({ modelVersionId, gateVerdict }: EvaluationFilter): unknown[] {
  return [null, modelVersionId === undefined ? null : [modelVersionId], gateVerdict ?? null];
}
