/** Values that several aggregates share. All are plain JSON. */

/** UUID, lower case. */
export type Id = string;
/** SHA-256 as 64 lower-case hex digits. */
export type Sha256 = string;
/** RFC 3339 time with offset. */
export type Time = string;
/** Digest of a salted value that lies in the vault (`libs/disclosure`): names, reasons, comments. Never the text itself. */
export type Disclosed = Sha256;

/** How strong a piece of evidence is: computed by Assay, signed by its maker, taken from another system, or merely said. */
export type EvidenceGrade = 'measured' | 'attested' | 'imported' | 'asserted';

/** A file in the content store (`libs/content`), by its SHA-256. */
export interface ContentReference {
  readonly digest: Sha256;
  readonly bytes: number;
  readonly mediaType: string;
}

/** A commit and the identities that wrote it: they are contributors of all that was made with it. */
export interface CodeReference {
  readonly repository: string;
  readonly commit: string;
  readonly authors: readonly Id[];
}

/** A column of a data set as sealed. `role` is what the seal declares, not what was inferred. */
export interface Column {
  readonly name: string;
  readonly type: 'number' | 'integer' | 'boolean' | 'string' | 'timestamp';
  readonly nulls: number;
  readonly role?: 'label' | 'feature' | 'protected' | 'identifier' | 'weight';
  /** Columns of the parent data sets that this one is made of: `<datasetVersionId>#<column>`. */
  readonly from?: readonly string[];
}

/** A number with its definition and its doubt. `value` is null exactly when `undefined` says why. */
export interface Measurement {
  /** `name@profile`, as in `assay measures`. */
  readonly definition: string;
  readonly value: number | null;
  readonly undefined?: string;
  readonly n: number;
  readonly denominator?: number;
  readonly interval?: Interval;
  /** The group that it is about, attribute to value; absent for the whole. */
  readonly group?: Readonly<Record<string, string>>;
  /** Digest of what it was computed from. */
  readonly source?: Sha256;
}

export interface Interval {
  readonly method: string;
  /** Confidence level in (0, 1), e.g. 0.95. */
  readonly level: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** One piece of evidence as it stood: the head of a stream, with the digest of the event at that head. */
export interface EvidencePin {
  readonly kind: 'dataset-version' | 'training-run' | 'model-version' | 'evaluation' | 'risk-assessment' | 'policy';
  readonly stream: string;
  /** Revision of the head, decimal. */
  readonly revision: string;
  readonly digest: Sha256;
}

/** Why somebody is a contributor: the way from the model version to the act, nearest first. */
export interface Contribution {
  readonly identityId: Id;
  /** e.g. `['model-version:…', 'training-run:…', 'code:abc123', 'author']`. */
  readonly path: readonly string[];
}

export type SignatureMeaning = 'authored' | 'reviewed' | 'validated' | 'approved' | 'accepted-risk' | 'released';

export type RiskTier = 'low' | 'medium' | 'high';

/** The act of a policy: which rule version decided what, on which inputs (OPA decision log). */
export interface PolicyDecision {
  readonly policyId: Id;
  readonly policyVersion: number;
  readonly inputsDigest: Sha256;
  readonly result: 'allow' | 'deny' | 'pass' | 'fail' | 'insufficient' | 'undefined';
  readonly reasons: readonly string[];
}
