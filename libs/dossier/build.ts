import type { DocumentSignature } from '../signing/index.js';
import { startThread } from '../runtime/thread.js';
import type { DossierInput } from './source.js';
import { twinBytes } from './twin.js';
import type { DossierStatement, SignStatement } from './twin.js';
import type { FromWorker, ToWorker } from './worker.js';

export interface BuildOptions {
  /** `signDocument('assay-dossier-v1', statement, key)`, wherever the key lies. */
  readonly sign: SignStatement;
  readonly keyId: string;
  readonly progress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

export interface BuiltDossier {
  readonly dossierId: string;
  readonly title: string;
  readonly contentDigest: string;
  readonly pages: number;
  readonly pdf: Uint8Array;
  readonly pdfDigest: string;
  readonly twin: Uint8Array;
  readonly statement: DossierStatement;
}

/** The worker could not build the dossier. */
export class DossierFailed extends Error {
  override readonly name = 'DossierFailed';
}

/** Events sent to the worker at once: a copy of so many takes a few milliseconds. */
const chunk = 100;
/** Limits of the worker; many short-lived objects, so the young generation is not the smallest. */
const resourceLimits = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 32 };

/** Builds PDF and signed twin in a worker thread; this thread only hands over events and signs. */
export async function buildDossier(
  input: DossierInput,
  { sign, keyId, progress, signal }: BuildOptions,
): Promise<BuiltDossier> {
  signal?.throwIfAborted();
  const worker = startThread(import.meta.url, 'worker', { resourceLimits });
  const abort = () => void worker.terminate();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const done = new Promise<Extract<FromWorker, { kind: 'built' }>>((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'progress') progress?.(message.share);
        else if (message.kind === 'built') resolve(message);
        else reject(new DossierFailed(message.message, { cause: message.stack }));
      });
      worker.on('error', (error) => reject(new DossierFailed(error.message, { cause: error })));
      worker.on('exit', (code) =>
        reject(signal?.aborted ? (signal.reason as Error) : new DossierFailed(`the worker ended with code ${code}`)),
      );
    });
    done.catch(() => {});
    const { events, ...rest } = input;
    for (let from = 0; from < events.length; from += chunk) {
      worker.postMessage({ kind: 'events', events: events.slice(from, from + chunk) } satisfies ToWorker);
      await new Promise((resolve) => setImmediate(resolve));
    }
    worker.postMessage({ kind: 'build', input: rest } satisfies ToWorker);
    const built = await done;
    const statement: DossierStatement = {
      format: 'assay-dossier',
      version: 1,
      dossierId: built.dossierId,
      contentDigest: built.contentDigest,
      pdf: { digest: built.pdfDigest, bytes: built.pdf.byteLength },
      keyId,
    };
    const signature: DocumentSignature = await sign(statement);
    const { dossierId, title, contentDigest, pages, pdf, pdfDigest, content } = built;
    return {
      dossierId,
      title,
      contentDigest,
      pages,
      pdf,
      pdfDigest,
      statement,
      twin: twinBytes(content, statement, signature),
    };
  } finally {
    signal?.removeEventListener('abort', abort);
    await worker.terminate();
  }
}
