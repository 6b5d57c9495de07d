import type { DocumentSignature } from '../signing/index.js';
import { canonicalJson } from '../signing/index.js';
import type { DossierContent } from './content.js';

/** What is signed: short, so that signing does not depend on the size of the dossier. */
export interface DossierStatement {
  readonly format: 'assay-dossier';
  readonly version: 1;
  readonly dossierId: string;
  /** SHA-256 over the canonical JSON of `content`. */
  readonly contentDigest: string;
  readonly pdf: { readonly digest: string; readonly bytes: number };
  readonly keyId: string;
}

/** The JSON twin: one line of canonical JSON (RFC 8785) and a line feed. */
export interface DossierTwin {
  readonly content: DossierContent;
  readonly statement: DossierStatement;
  /** Ed25519 over `assay-dossier-v1\n` and the canonical JSON of `statement`, base64. */
  readonly signature: string;
}

export type SignStatement = (statement: DossierStatement) => DocumentSignature | Promise<DocumentSignature>;

/** The bytes of the twin; `content` is the canonical JSON in UTF-8, which is not parsed again. */
export function twinBytes(
  content: Uint8Array,
  statement: DossierStatement,
  { signature }: DocumentSignature,
): Uint8Array {
  return Buffer.concat([
    Buffer.from('{"content":'),
    content,
    Buffer.from(`,"signature":${canonicalJson(signature)},"statement":${canonicalJson(statement)}}\n`),
  ]);
}
