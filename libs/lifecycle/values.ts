/**
 * Values that several aggregates share. All are plain JSON.
 * The tag `@schema` holds the JSON Schema of a value; `scripts/event-schemas.mjs` reads it into schemas/events.
 */

/**
 * UUID, lower case.
 * @schema {"type":"string","pattern":"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"}
 */
export type Id = string;
/**
 * SHA-256 as 64 lower-case hex digits.
 * @schema {"type":"string","pattern":"^[0-9a-f]{64}$"}
 */
export type Sha256 = string;
/**
 * RFC 3339 time with offset.
 * @schema {"type":"string","format":"date-time","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"}
 */
export type Time = string;
/**
 * Digest of a salted value that lies in the vault (`libs/disclosure`): names, reasons, comments. Never the text itself.
 * @schema {"type":"string","pattern":"^[0-9a-f]{64}$"}
 */
export type Disclosed = Sha256;
/**
 * A whole number from 0 to 2^53 − 1.
 * @schema {"type":"integer","minimum":0,"maximum":9007199254740991}
 */
export type Count = number;
/**
 * A whole number from 1 to 2^31 − 1.
 * @schema {"type":"integer","minimum":1,"maximum":2147483647}
 */
export type Ordinal = number;
/**
 * A position or revision of the event store: up to 2^64 − 1, decimal.
 * @schema {"type":"string","pattern":"^(0|[1-9][0-9]{0,19})$"}
 */
export type Decimal = string;
/**
 * The name of a thing, never of a person: 1 to 200 characters in NFC, without control, format (bidirectional
 * overrides, zero-width) or unassigned characters, and without white space at either end.
 * @schema {"type":"string","minLength":1,"maxLength":200,"format":"nfc","pattern":"^(?!\\s)[^\\p{C}\\p{Zl}\\p{Zp}]+(?<!\\s)$"}
 */
export type Name = string;
/**
 * A value or column name as it stands in somebody's file: up to 200 characters without control or format characters.
 * @schema {"type":"string","maxLength":200,"pattern":"^[^\\p{C}\\p{Zl}\\p{Zp}]*$"}
 */
export type Label = string;
/**
 * A term of a controlled vocabulary on one line, at most 200 characters: letters, digits and plain punctuation.
 * Neither an address nor a comment fits in (no `@`, no line break): free text is a {@link Disclosed}.
 * @schema {"type":"string","minLength":1,"maxLength":200,"pattern":"^[\\p{L}\\p{N}][\\p{L}\\p{N} .,:;()/%&+'_=<>≥≤*#-]*$"}
 */
export type Term = string;
/**
 * A code: `Contributor`, `evidence-changed`, `logistic-regression`.
 * @schema {"type":"string","minLength":1,"maxLength":128,"pattern":"^[A-Za-z0-9][A-Za-z0-9._:/*+-]*$"}
 */
export type Code = string;
/**
 * A short name in addresses: a-z, 0-9, hyphen, underscore; at most 63 characters.
 * @schema {"type":"string","pattern":"^[a-z0-9][a-z0-9_-]{0,62}$"}
 */
export type Slug = string;
/**
 * Printable ASCII without spaces, at most 300 characters: an address, a token's id, an `acr`.
 * @schema {"type":"string","pattern":"^[!-~]{1,300}$"}
 */
export type Token = string;
/**
 * `name@profile` of a measure or `name@version` of a function.
 * @schema {"type":"string","maxLength":200,"pattern":"^[!-?A-~]+@[!-?A-~]+$"}
 */
export type Definition = string;
/**
 * A domain stream: `<aggregate>-<workspace>.<id>`.
 * @schema {"type":"string","maxLength":300,"pattern":"^[A-Za-z]+-[a-z0-9][a-z0-9_]{0,62}\\.[!-~]{1,200}$"}
 */
export type StreamName = string;
/**
 * A share of traffic in basis points, 0 to 10,000.
 * @schema {"type":"integer","minimum":0,"maximum":10000}
 */
export type BasisPoints = number;

/**
 * ISO 3166-1 alpha-2 or 3166-2, or a union such as `EU`.
 * @schema {"type":"string","pattern":"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"}
 */
export type Jurisdiction = string;

/** How strong a piece of evidence is: computed by Assay, signed by its maker, taken from another system, or merely said. */
export type EvidenceGrade = 'measured' | 'attested' | 'imported' | 'asserted';

/** A file in the content store (`libs/content`), by its SHA-256. */
export interface ContentReference {
  readonly digest: Sha256;
  readonly bytes: Count;
  /** @schema {"type":"string","maxLength":127,"pattern":"^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}(; ?[a-z0-9-]+=[!-~]+)*$"} */
  readonly mediaType: string;
}

/** A commit and the identities that wrote it: they are contributors of all that was made with it. */
export interface CodeReference {
  readonly repository: Token;
  /**
   * Git object id, or the SHA-256 of the code where there is no repository.
   * @schema {"type":"string","pattern":"^[0-9a-f]{7,64}$"}
   */
  readonly commit: string;
  readonly authors: readonly Id[];
}

/** A column of a data set as sealed. `role` is what the seal declares, not what was inferred. */
export interface Column {
  readonly name: Label;
  readonly type: 'number' | 'integer' | 'boolean' | 'string' | 'timestamp';
  readonly nulls: Count;
  readonly role?: 'label' | 'feature' | 'protected' | 'identifier' | 'weight';
  /** Columns of the parent data sets that this one is made of: `<datasetVersionId>#<column>`. */
  readonly from?: readonly Label[];
}

/** A number with its definition and its doubt. `value` is null exactly when `undefined` says why. */
export interface Measurement {
  /** `name@profile`, as in `assay measures`. */
  readonly definition: Definition;
  readonly value: number | null;
  readonly undefined?: Term;
  readonly n: Count;
  readonly denominator?: number;
  readonly interval?: Interval;
  /** The group that it is about, attribute to value; absent for the whole. */
  readonly group?: Readonly<Record<Label, Label>>;
  /** Digest of what it was computed from. */
  readonly source?: Sha256;
}

export interface Interval {
  /** `name@profile`, as in `assay measures`. */
  readonly method: Definition;
  /**
   * Confidence level in (0, 1), e.g. 0.95.
   * @schema {"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1}
   */
  readonly level: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** One piece of evidence as it stood: the head of a stream, with the digest of the event at that head. */
export interface EvidencePin {
  readonly kind: 'dataset-version' | 'training-run' | 'model-version' | 'evaluation' | 'risk-assessment' | 'policy';
  readonly stream: StreamName;
  /** Revision of the head, decimal. */
  readonly revision: Decimal;
  readonly digest: Sha256;
}

/** Why somebody is a contributor: the way from the model version to the act, nearest first. */
export interface Contribution {
  readonly identityId: Id;
  /** e.g. `['model-version:…', 'training-run:…', 'code:abc123', 'author']`. */
  readonly path: readonly Label[];
}

export type SignatureMeaning = 'authored' | 'reviewed' | 'validated' | 'approved' | 'accepted-risk' | 'released';

export type RiskTier = 'low' | 'medium' | 'high';

/** The act of a policy: which rule version decided what, on which inputs (OPA decision log). */
export interface PolicyDecision {
  readonly policyId: Id;
  readonly policyVersion: Ordinal;
  readonly inputsDigest: Sha256;
  readonly result: 'allow' | 'deny' | 'pass' | 'fail' | 'insufficient' | 'undefined';
  readonly reasons: readonly Term[];
}

/**
 * What a refusal may say about itself: numbers, codes and paths; strings of at most 300 characters.
 * @schema {"anyOf":[{"type":["null","boolean","number"]},{"type":"string","maxLength":300,"pattern":"^[^\\p{C}\\p{Zl}\\p{Zp}]*$"},{"type":"array","maxItems":100,"items":{"$ref":"#/$defs/RefusalDetail"}},{"type":"object","maxProperties":100,"propertyNames":{"maxLength":128},"additionalProperties":{"$ref":"#/$defs/RefusalDetail"}}]}
 */
export type RefusalDetail = unknown;
