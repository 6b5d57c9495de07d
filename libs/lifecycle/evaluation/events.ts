import type { DomainEvent } from '../kernel.js';
import type {
  ContentReference,
  Count,
  Disclosed,
  EvidenceGrade,
  Id,
  Label,
  Measurement,
  PolicyDecision,
  Sha256,
  Slug,
  Term,
  Time,
} from '../values.js';

export type EvaluationKind = 'performance' | 'fairness' | 'robustness' | 'behaviour' | 'explanation' | 'validation';

/** One row of the table of counts that every group metric comes from: a group × label × decision cell. */
export interface GroupCount {
  readonly group: Readonly<Record<Label, Label>>;
  readonly n: Count;
  readonly truePositives: Count;
  readonly falsePositives: Count;
  readonly trueNegatives: Count;
  readonly falseNegatives: Count;
}

/** Stream `evaluation-…`. `GateDecided` follows in the same append. */
export type EvaluationRecorded = DomainEvent<
  'EvaluationRecorded',
  {
    readonly evaluationId: Id;
    readonly modelVersionId: Id;
    readonly datasetVersionId: Id;
    readonly kinds: readonly EvaluationKind[];
    /** How the predictions came about, e.g. `cross-validation(5, stratified, pooled)`. */
    readonly scheme: Term;
    readonly measurements: readonly Measurement[];
    /** Counts per value of each protected attribute; "positive" is the favourable decision. */
    readonly groups: readonly GroupCount[];
    /** The whole report as JSON in the content store. */
    readonly report?: ContentReference;
    readonly collectedAt: Time;
    /** Rule 14: evidence has an age limit. */
    readonly expiresAt: Time;
    readonly grade: EvidenceGrade;
  }
>;
export type GateDecided = DomainEvent<
  'GateDecided',
  {
    readonly evaluationId: Id;
    readonly gateId: Slug;
    readonly measurement: Measurement;
    readonly threshold: number;
    readonly operator: '>=' | '<=';
    readonly reads: 'point' | 'bound';
    readonly verdict: 'pass' | 'fail' | 'insufficient' | 'undefined';
    readonly decision: PolicyDecision;
  }
>;
/** The evidence changed: what stood on it is voided by the process manager. */
export type EvaluationWithdrawn = DomainEvent<
  'EvaluationWithdrawn',
  { readonly evaluationId: Id; readonly reason: Disclosed; readonly supersededBy?: Id }
>;
/** Something the table of counts does not hold, added later by digest. */
export type EvaluationAmended = DomainEvent<
  'EvaluationAmended',
  { readonly evaluationId: Id; readonly amendment: Sha256; readonly reason: Disclosed }
>;

export type EvaluationEvent = EvaluationRecorded | GateDecided | EvaluationWithdrawn | EvaluationAmended;
