import type { DomainEvent } from '../kernel.js';
import type {
  CodeReference,
  ContentReference,
  Disclosed,
  EvidenceGrade,
  Id,
  Jurisdiction,
  Label,
  Name,
  Ordinal,
  Slug,
  Term,
} from '../values.js';

/** Stream `model-…`: numbers versions and moves aliases. */
export type ModelRegistered = DomainEvent<
  'ModelRegistered',
  {
    readonly modelId: Id;
    readonly name: Name;
    readonly ownerId: Id;
    readonly policyId: Id;
    readonly intendedUse: Term;
    readonly prohibitedUses: readonly Term[];
    readonly jurisdictions: readonly Jurisdiction[];
    readonly description?: Disclosed;
  }
>;
export type ModelVersionNumbered = DomainEvent<
  'ModelVersionNumbered',
  { readonly modelId: Id; readonly modelVersionId: Id; readonly number: Ordinal }
>;
export type ModelAliasMoved = DomainEvent<
  'ModelAliasMoved',
  { readonly modelId: Id; readonly alias: Slug; readonly modelVersionId?: Id }
>;

/** Stream `modelVersion-…`. */
export type ModelVersionRegistered = DomainEvent<
  'ModelVersionRegistered',
  {
    readonly modelVersionId: Id;
    readonly modelId: Id;
    readonly number: Ordinal;
    readonly trainingRunId?: Id;
    /** Where no training run of ours stands behind it: data and code as said by the registrant. */
    readonly datasetVersionIds: readonly Id[];
    readonly code?: CodeReference;
    readonly artifact: ContentReference;
    /** Input columns in the order of the ONNX inputs. */
    readonly features: readonly Label[];
    readonly grade: EvidenceGrade;
  }
>;
export type ModelVersionRetired = DomainEvent<
  'ModelVersionRetired',
  { readonly modelVersionId: Id; readonly successorId?: Id; readonly reason: Disclosed }
>;

export type ModelEvent = ModelRegistered | ModelVersionNumbered | ModelAliasMoved;
export type ModelVersionEvent = ModelVersionRegistered | ModelVersionRetired;
