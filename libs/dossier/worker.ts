import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { canonicalJson } from '../signing/index.js';
import { buildContent } from './build-content.js';
import type { DossierContent } from './content.js';
import { renderPdf } from './pdf/render.js';
import type { DossierEvent, DossierInput } from './source.js';

/** Messages in: chunks of events, then the rest of the input. */
export type ToWorker =
  | { readonly kind: 'events'; readonly events: readonly DossierEvent[] }
  | { readonly kind: 'build'; readonly input: Omit<DossierInput, 'events'> };

/** Messages out. The bytes are transferred, not copied. */
export type FromWorker =
  | { readonly kind: 'progress'; readonly share: number }
  | {
      readonly kind: 'built';
      readonly dossierId: string;
      readonly title: string;
      readonly contentDigest: string;
      readonly pdfDigest: string;
      readonly pages: number;
      readonly pdf: Uint8Array;
      /** Canonical JSON of the content, UTF-8. */
      readonly content: Uint8Array;
    }
  | { readonly kind: 'failed'; readonly message: string; readonly stack?: string };

const events: DossierEvent[] = [];

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'events') {
    events.push(...message.events);
    return;
  }
  try {
    parentPort?.postMessage(...build(message.input));
  } catch (error) {
    const { message: text, stack } = error as Error;
    parentPort?.postMessage({ kind: 'failed', message: text, ...(stack ? { stack } : {}) } satisfies FromWorker);
  }
});

function build(input: Omit<DossierInput, 'events'>): [FromWorker, ArrayBuffer[]] {
  const progress = (share: number) => parentPort?.postMessage({ kind: 'progress', share } satisfies FromWorker);
  const content = buildContent({ ...input, events });
  events.length = 0;
  const text = own(canonicalContent(content));
  progress(0.2);
  const contentDigest = sha256(text);
  const rendered = renderPdf(content, { contentDigest, progress: (share) => progress(0.2 + share * 0.8) });
  const pdf = own(rendered.bytes);
  const built: FromWorker = {
    kind: 'built',
    dossierId: content.dossier.id,
    title: content.dossier.title,
    contentDigest,
    pdfDigest: sha256(pdf),
    pages: rendered.pages,
    pdf,
    content: text,
  };
  return [built, [pdf.buffer, text.buffer]];
}

/** Canonical JSON piece by piece: never the whole as one string of two-byte characters. */
function canonicalContent({ events, ...rest }: DossierContent): Uint8Array {
  const pieces: Uint8Array[] = [];
  const add = (text: string) => pieces.push(Buffer.from(text));
  for (const [index, name] of [...Object.keys(rest), 'events'].sort().entries()) {
    add(`${index === 0 ? '{' : ','}${canonicalJson(name)}:`);
    if (name !== 'events') add(canonicalJson(rest[name as keyof typeof rest]));
    else {
      for (const [position, event] of events.entries()) add(`${position === 0 ? '[' : ','}${canonicalJson(event)}`);
      add(']');
    }
  }
  add('}');
  return Buffer.concat(pieces);
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** In a buffer of its own, so that it can be transferred. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes);
}
