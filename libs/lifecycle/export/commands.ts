import type { Command } from '../kernel.js';
import type { Code, ContentReference, Decimal, Id } from '../values.js';

export type RequestExport = Command<
  'RequestExport',
  {
    readonly exportId: Id;
    readonly kind: 'dossier';
    readonly modelVersionId: Id;
    readonly asOf: Decimal;
    readonly facts: { readonly modelVersion: 'registered' | 'retired' | 'missing'; readonly head: Decimal };
  }
>;
export type CompleteExport = Command<
  'CompleteExport',
  { readonly exportId: Id; readonly files: readonly ContentReference[] }
>;
export type FailExport = Command<'FailExport', { readonly exportId: Id; readonly code: Code }>;
/** The reader is the context's actor (rule 26). */
export type RecordEvidenceAccess = Command<'RecordEvidenceAccess', { readonly exportId: Id; readonly what: Code }>;

export type ExportCommand = RequestExport | CompleteExport | FailExport | RecordEvidenceAccess;
