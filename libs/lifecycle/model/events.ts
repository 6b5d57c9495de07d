import type { DomainEvent } from '../kernel.js';
import type { CodeReference, ContentReference, Disclosed, EvidenceGrade, Id } from '../values.js';

/** Stream `model-…`: numbers versions and moves aliases. */
export type ModelRegistered = DomainEvent<
  'ModelRegistered',
  {
    readonly modelId: Id;
    readonly name: string;
    readonly ownerId: Id;
    readonly policyId: Id;
    readonly intendedUse: string;
    readonly prohibitedUses: readonly string[];
    readonly jurisdictions: readonly string[];
    readonly description?: Disclosed;
  }
>;
export type ModelVersionNumbered = DomainEvent<
  'ModelVersionNumbered',
  { readonly modelId: Id; readonly modelVersionId: Id; readonly number: number }
>;
export type ModelAliasMoved = DomainEvent<
  'ModelAliasMoved',
  { readonly modelId: Id; readonly alias: string; readonly modelVersionId?: Id }
>;

/** Stream `modelVersion-…`. */
export type ModelVersionRegistered = DomainEvent<
  'ModelVersionRegistered',
  {
    readonly modelVersionId: Id;
    readonly modelId: Id;
    readonly number: number;
    readonly trainingRunId?: Id;
    /** Where no training run of ours stands behind it: data and code as said by the registrant. */
    readonly datasetVersionIds: readonly Id[];
    readonly code?: CodeReference;
    readonly artifact: ContentReference;
    /** Input columns in the order of the ONNX inputs. */
    readonly features: readonly string[];
    readonly grade: EvidenceGrade;
  }
>;
export type ModelVersionRetired = DomainEvent<
  'ModelVersionRetired',
  { readonly modelVersionId: Id; readonly successorId?: Id; readonly reason: Disclosed }
>;

export type ModelEvent = ModelRegistered | ModelVersionNumbered | ModelAliasMoved;
export type ModelVersionEvent = ModelVersionRegistered | ModelVersionRetired;
