import type { DomainEvent } from '../kernel.js';
import type { CodeReference, Column, ContentReference, Disclosed, EvidenceGrade, Id, Sha256 } from '../values.js';

/** Stream `dataset-…`. `name` is an identifier (pattern in the schema), unique in the workspace. */
export type DatasetRegistered = DomainEvent<
  'DatasetRegistered',
  {
    readonly datasetId: Id;
    readonly name: string;
    readonly purpose: string;
    readonly legalBasis: string;
    readonly licence?: string;
    readonly description?: Disclosed;
  }
>;

/** Stream `datasetVersion-…`. Sealed once, never changed. */
export type DatasetVersionSealed = DomainEvent<
  'DatasetVersionSealed',
  {
    readonly datasetVersionId: Id;
    readonly datasetId: Id;
    readonly number: number;
    readonly content: ContentReference;
    /** Order-independent digest of the rows (`libs/statistics`, LtHash), hex. */
    readonly rowDigest: string;
    readonly rows: number;
    readonly columns: readonly Column[];
    /** Profile as JSON in the content store. */
    readonly profile?: ContentReference;
    readonly derivedFrom: readonly Id[];
    readonly code?: CodeReference;
    readonly grade: EvidenceGrade;
  }
>;
export type DataQualityFound = DomainEvent<
  'DataQualityFound',
  { readonly datasetVersionId: Id; readonly rule: string; readonly column?: string; readonly detail: Sha256 }
>;
export type DatasetVersionWithdrawn = DomainEvent<
  'DatasetVersionWithdrawn',
  { readonly datasetVersionId: Id; readonly reason: Disclosed }
>;

export type DatasetEvent = DatasetRegistered;
export type DatasetVersionEvent = DatasetVersionSealed | DataQualityFound | DatasetVersionWithdrawn;
