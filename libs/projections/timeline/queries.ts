import type { EvidenceGrade } from '../../lifecycle/values.js';
import { itemOf, sql } from '../core/item.js';
import {
  InvalidArgument,
  listAll,
  listPage,
  listTotal,
  withoutAccess,
  type Page,
  type PageArguments,
  type Reader,
} from '../core/reader.js';

export interface TimelineItem {
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly stream: string;
  /** The stream of what it is about. */
  readonly subjectStream: string;
  readonly revision: bigint;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly actorId: string;
  readonly actorKind: 'person' | 'service' | 'anonymous';
  readonly onBehalfOf?: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly policy?: string;
  readonly grade: EvidenceGrade;
  readonly retention: string;
  readonly digest: string;
  /** Of a denial: how often, by which rule, at what. */
  readonly count?: number;
  readonly rule?: string;
  readonly action?: string;
  readonly position: bigint;
}

export interface TimelineFilter {
  /** At most one of these five: whose life. */
  readonly modelVersionId?: string;
  readonly modelId?: string;
  readonly datasetVersionId?: string;
  readonly datasetId?: string;
  readonly stream?: string;
  readonly actorId?: string;
  readonly types?: readonly string[];
  readonly denialsOnly?: boolean;
  /** With `modelVersionId`: also what happened to its training runs and their data. Default true. */
  readonly withSources?: boolean;
}

const eventsSql = sql(import.meta.url, 'queries/events.sql');
const timelineItem = itemOf<TimelineItem>({ bigints: ['revision'], numbers: ['schema_version', 'count'] });

const subjects = ['modelVersionId', 'modelId', 'datasetVersionId', 'datasetId', 'stream'] as const;

function values(filter: TimelineFilter): unknown[] {
  const given = subjects.filter((name) => filter[name] !== undefined);
  if (given.length > 1) throw new InvalidArgument(given[1]!, `is not combined with ${given[0]}`);
  return [
    ...subjects.map((name) => filter[name] ?? null),
    filter.actorId ?? null,
    filter.types ?? null,
    filter.denialsOnly ?? false,
    filter.withSources ?? true,
  ];
}

/**
 * Events in the order of the store, refusals among them. The reader's access condition is asked of nothing here: the
 * caller checks the right to whose life it is, or to the whole workspace.
 * @throws InvalidArgument
 */
export function timelineEvents(
  reader: Reader,
  page: PageArguments & TimelineFilter,
  order: 'ascending' | 'descending' = 'ascending',
): Promise<Page<TimelineItem>> {
  return listPage(withoutAccess(reader), eventsSql, values(page), page, timelineItem, order);
}
export function timelineTotal(reader: Reader, filter: TimelineFilter = {}): Promise<number> {
  return listTotal(withoutAccess(reader), eventsSql, values(filter));
}

/** Every event of the filter in one answer, for a dossier. */
export function everyTimelineEvent(reader: Reader, filter: TimelineFilter): Promise<readonly TimelineItem[]> {
  return listAll(withoutAccess(reader), eventsSql, values(filter), timelineItem);
}
