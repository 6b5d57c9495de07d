import type { DomainEvent } from '../kernel.js';
import type { Code, ContentReference, Decimal, Id } from '../values.js';

export type ExportRequested = DomainEvent<
  'ExportRequested',
  {
    readonly exportId: Id;
    readonly kind: 'dossier';
    readonly modelVersionId: Id;
    /** The position that the export is a picture of, decimal. */
    readonly asOf: Decimal;
    readonly requesterId: Id;
  }
>;
export type ExportBuilt = DomainEvent<
  'ExportBuilt',
  { readonly exportId: Id; readonly files: readonly ContentReference[] }
>;
export type ExportFailed = DomainEvent<'ExportFailed', { readonly exportId: Id; readonly code: Code }>;
/** Access to evidence is evidence (rule 26). */
export type EvidenceAccessed = DomainEvent<
  'EvidenceAccessed',
  { readonly exportId: Id; readonly readerId: Id; readonly what: Code }
>;

export type ExportEvent = ExportRequested | ExportBuilt | ExportFailed | EvidenceAccessed;
