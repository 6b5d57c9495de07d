import { createHash } from 'node:crypto';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { verifyDisclosure } from '../disclosure/salted.js';
import { canonicalJson, verifyDocument } from '../signing/index.js';
import type { VerifyingKey } from '../signing/index.js';
import type { Cell, DossierContent, Fact } from './content.js';
import { resolvePointer } from './pointer.js';
import type { DossierTwin } from './twin.js';

/** One thing that was checked; `failure` names the first place where it did not hold. */
export interface Check {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'not-checked';
  /** What was checked, in numbers. */
  readonly detail: string;
  readonly failure?: string;
}

export interface Verification {
  readonly dossierId: string;
  readonly title: string;
  readonly asOf: { readonly position: string; readonly time: string };
  readonly contentDigest: string;
  readonly keyId: string;
  readonly verified: boolean;
  readonly checks: readonly Check[];
}

/** The file is no dossier twin at all: nothing could be checked. */
export class NotADossier extends Error {
  override readonly name = 'NotADossier';
}

export interface VerifyInput {
  /** The twin's bytes. */
  readonly twin: Uint8Array;
  readonly key: VerifyingKey;
  /** `schemas/dossier.schema.json`, parsed. */
  readonly schema: object;
  readonly pdf?: Uint8Array;
}

/**
 * Checks a dossier's JSON twin offline: nothing but the file, the key, the schema and, where it is there, the PDF.
 * Every check is made, also after a failure, except those whose ground is gone. Throws {@link NotADossier} when the
 * bytes are not JSON or have no signed statement.
 */
export function verifyDossier({ twin: bytes, key, schema, pdf }: VerifyInput): Verification {
  const twin = parse(bytes);
  const { content, statement } = twin;
  const checks: Check[] = [];
  const check = (name: string, detail: string, failure: string | undefined) =>
    checks.push({
      name,
      detail,
      outcome: failure === undefined ? 'passed' : 'failed',
      ...(failure === undefined ? {} : { failure }),
    });

  const fault = verifyDocument('assay-dossier-v1', statement, { signature: twin.signature, keyId: statement.keyId }, [
    key,
  ]);
  check(
    'signature',
    `Ed25519, key ${key.keyId}`,
    fault === undefined
      ? undefined
      : fault === 'UnknownKey'
        ? `statement.keyId is ${String(statement.keyId)}, the key given is ${key.keyId}`
        : 'the signature is not one of this key over the statement',
  );
  const canonical = canonicalJson(twin);
  check(
    'canonical form',
    `${bytes.length} bytes`,
    Buffer.from(`${canonical}\n`).equals(bytes)
      ? undefined
      : 'the file is not the canonical JSON of itself: bytes were added or moved',
  );
  const shape = validate(schema, twin);
  check('schema', 'schemas/dossier.schema.json', shape);
  if (shape !== undefined) return summary(twin, checks);

  const digest = createHash('sha256').update(canonicalJson(content)).digest('hex');
  check(
    'content digest',
    digest,
    digest === statement.contentDigest
      ? undefined
      : `content has ${digest}, the statement says ${statement.contentDigest}`,
  );
  check(
    'dossier id',
    statement.dossierId,
    statement.dossierId === content.dossier.id ? undefined : `content.dossier.id is ${content.dossier.id}`,
  );
  check('event digests', `${content.events.length} events`, eventFailure(content));
  const facts = factsOf(content);
  check('citations', `${facts.length} facts`, citationFailure(content, facts));
  const quoted = facts.filter(({ fact }) => fact.at !== undefined);
  check('quoted values', `${quoted.length} facts that quote a stored value`, quotationFailure(content, quoted));
  const revealed = content.disclosures.filter(({ state, salt }) => state === 'revealed' && salt !== undefined);
  const wrong = revealed.find(({ digest: salted, salt, text }) => !verifyDisclosure(salted, salt ?? '', text ?? ''));
  check(
    'salted texts',
    `${revealed.length} texts with their salt`,
    wrong && `disclosure ${wrong.digest}: text and salt do not give the digest`,
  );
  check(
    'disclosed facts',
    `${facts.filter(({ fact }) => fact.disclosure).length} facts`,
    disclosureFailure(content, facts),
  );
  if (pdf) {
    const pdfDigest = createHash('sha256').update(pdf).digest('hex');
    check(
      'PDF',
      `${pdf.length} bytes`,
      pdfDigest === statement.pdf.digest && pdf.length === statement.pdf.bytes
        ? undefined
        : `the PDF has SHA-256 ${pdfDigest}, the statement says ${statement.pdf.digest}`,
    );
  } else checks.push({ name: 'PDF', outcome: 'not-checked', detail: 'no PDF beside the twin and none named' });
  return summary(twin, checks);
}

function summary({ content, statement }: DossierTwin, checks: readonly Check[]): Verification {
  const dossier = (content as Partial<DossierContent> | undefined)?.dossier;
  return {
    dossierId: String(dossier?.id ?? statement.dossierId),
    title: String(dossier?.title ?? ''),
    asOf: { position: String(dossier?.asOf?.position ?? ''), time: String(dossier?.asOf?.time ?? '') },
    contentDigest: String(statement.contentDigest),
    keyId: String(statement.keyId),
    verified: checks.every(({ outcome }) => outcome !== 'failed'),
    checks,
  };
}

function parse(bytes: Uint8Array): DossierTwin {
  let twin: unknown;
  try {
    twin = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    canonicalJson(twin);
  } catch (error) {
    throw new NotADossier(`not JSON in UTF-8: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { statement } = (twin ?? {}) as Partial<DossierTwin>;
  if (typeof statement !== 'object' || statement === null)
    throw new NotADossier('no member “statement”: not the JSON twin of a dossier');
  return twin as DossierTwin;
}

const compiled = new WeakMap<object, ValidateFunction>();

function validate(schema: object, twin: unknown): string | undefined {
  let valid = compiled.get(schema);
  if (!valid) compiled.set(schema, (valid = new Ajv2020({ strict: true }).compile(schema)));
  if (valid(twin)) return undefined;
  const [error] = valid.errors ?? [];
  return `${error?.instancePath || '/'} ${error?.message ?? 'does not fit'}`;
}

function eventFailure({ events }: DossierContent): string | undefined {
  let position = -1n;
  const ids = new Set<string>();
  for (const event of events) {
    const digest = createHash('sha256')
      .update(event.data)
      .update(Uint8Array.of(0))
      .update(event.metadata)
      .digest('hex');
    if (digest !== event.digest)
      return `event ${event.id}: its stored bytes have SHA-256 ${digest}, it says ${event.digest}`;
    if (ids.has(event.id)) return `event ${event.id} stands twice`;
    ids.add(event.id);
    if (BigInt(event.position) <= position) return `event ${event.id}: position ${event.position} is out of order`;
    position = BigInt(event.position);
    const metadata = storedJson(event.metadata) as Record<string, unknown> | undefined;
    for (const field of ['id', 'type', 'stream', 'schemaVersion'] as const)
      if (metadata?.[field] !== event[field])
        return `event ${event.id}: its stored ${field} is ${String(metadata?.[field])}, not ${event[field]}`;
  }
  return undefined;
}

function storedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface PlacedFact {
  readonly place: string;
  readonly fact: Fact;
}

function factsOf({ sections }: DossierContent): PlacedFact[] {
  const facts: PlacedFact[] = [];
  const visit = (cells: readonly Cell[], place: string) => {
    for (const [index, cell] of cells.entries())
      if (cell.kind === 'fact') facts.push({ place: `${place}/${index}`, fact: cell });
  };
  for (const section of sections)
    for (const [number, block] of section.blocks.entries()) {
      const place = `section ${section.id}, block ${number}`;
      if (block.kind === 'paragraph') visit(block.cells, place);
      else if (block.kind === 'table')
        for (const [row, cells] of block.rows.entries()) visit(cells, `${place}, row ${row}`);
      else if (block.kind === 'facts' || block.kind === 'signature')
        for (const row of block.rows) visit(row.cells, `${place}, “${row.label}”`);
      else if (block.kind === 'lineage')
        for (const node of block.nodes)
          facts.push({
            place: `${place}, node ${node.id}`,
            fact: { kind: 'fact', text: node.title, events: node.events },
          });
    }
  return facts;
}

function citationFailure({ events }: DossierContent, facts: readonly PlacedFact[]): string | undefined {
  const digests = new Map(events.map(({ id, digest }) => [id, digest]));
  for (const { place, fact } of facts)
    for (const { id, digest } of fact.events) {
      if (!digests.has(id)) return `${place}: cites event ${id}, which the twin does not hold`;
      if (digests.get(id) !== digest) return `${place}: cites event ${id} with another digest`;
    }
  return undefined;
}

function quotationFailure({ events }: DossierContent, facts: readonly PlacedFact[]): string | undefined {
  const stored = new Map(events.map((event) => [event.id, event]));
  const parsed = new Map<string, unknown>();
  for (const { place, fact } of facts) {
    const id = fact.events[0]!.id;
    const event = stored.get(id);
    if (!event) return `${place}: cites event ${id}, which the twin does not hold`;
    if (!parsed.has(id)) parsed.set(id, { data: storedJson(event.data), metadata: storedJson(event.metadata) });
    const value = resolvePointer(parsed.get(id), fact.at!);
    if (value === undefined || canonicalJson(value) !== canonicalJson(fact.value))
      return `${place}: says ${canonicalJson(fact.value)} for ${fact.at} of event ${id}, whose bytes say ${value === undefined ? 'nothing' : canonicalJson(value)}`;
  }
  return undefined;
}

function disclosureFailure({ disclosures }: DossierContent, facts: readonly PlacedFact[]): string | undefined {
  const known = new Map(disclosures.map((disclosure) => [disclosure.digest, disclosure]));
  for (const { place, fact } of facts) {
    if (fact.disclosure === undefined) continue;
    if (fact.value !== undefined && fact.disclosure !== fact.value)
      return `${place}: the digest is not the one that the event holds`;
    if (!known.has(fact.disclosure)) return `${place}: disclosure ${fact.disclosure} is not in the twin`;
  }
  return undefined;
}
