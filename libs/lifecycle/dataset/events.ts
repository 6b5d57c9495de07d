import type { DomainEvent } from '../kernel.js';
import type {
  Code,
  CodeReference,
  Column,
  ContentReference,
  Count,
  Disclosed,
  EvidenceGrade,
  Id,
  Label,
  Name,
  Ordinal,
  Sha256,
  Term,
} from '../values.js';

/** Stream `dataset-…`. `name` is an identifier (pattern in the schema), unique in the workspace. */
export type DatasetRegistered = DomainEvent<
  'DatasetRegistered',
  {
    readonly datasetId: Id;
    readonly name: Name;
    readonly purpose: Term;
    readonly legalBasis: Term;
    readonly licence?: Term;
    readonly description?: Disclosed;
  }
>;

/** Stream `datasetVersion-…`. Sealed once, never changed. */
export type DatasetVersionSealed = DomainEvent<
  'DatasetVersionSealed',
  {
    readonly datasetVersionId: Id;
    readonly datasetId: Id;
    readonly number: Ordinal;
    readonly content: ContentReference;
    /**
     * Order-independent digest of the rows (`libs/statistics`, LtHash), hex.
     * @schema {"type":"string","pattern":"^[0-9a-f]{32,4096}$"}
     */
    readonly rowDigest: string;
    readonly rows: Count;
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
  { readonly datasetVersionId: Id; readonly rule: Code; readonly column?: Label; readonly detail: Sha256 }
>;
export type DatasetVersionWithdrawn = DomainEvent<
  'DatasetVersionWithdrawn',
  { readonly datasetVersionId: Id; readonly reason: Disclosed }
>;

export type DatasetEvent = DatasetRegistered;
export type DatasetVersionEvent = DatasetVersionSealed | DataQualityFound | DatasetVersionWithdrawn;
