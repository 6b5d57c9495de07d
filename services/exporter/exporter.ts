import { createHash } from 'node:crypto';
import { type Application, type CommandInputs, readEvent, serviceActor } from '#libs/application';
import type { ContentStore } from '#libs/content';
import type { Vault } from '#libs/disclosure';
import {
  type BuiltDossier,
  type DossierInput,
  DossierFailed,
  type MentionIndex,
  UnknownModelVersion,
  buildDossier,
  collectDossierEvents,
  defaultLateEntryLimitSeconds,
  disclosedIn,
  peopleIn,
} from '#libs/dossier';
import { type EventStore, InvalidEvent } from '#libs/event-store';
import type { CommandContext, ContentReference, Id } from '#libs/lifecycle';
import { type Clock, deterministicId } from '#libs/runtime';
import { type SigningKey, signDocument } from '#libs/signing';

export interface ExporterDependencies {
  readonly store: Pick<EventStore, 'readAll' | 'readStream'>;
  readonly application: Pick<Application, 'execute'>;
  readonly vault: Pick<Vault, 'reveal'>;
  readonly content: Pick<ContentStore, 'put'>;
  readonly clock: Clock;
  /** Signs the JSON twins, domain `assay-dossier-v1`. */
  readonly key: SigningKey;
  /** Answers "which streams mention this id" faster than one pass over $all. */
  readonly index?: MentionIndex;
  /** For whom the dossiers are made, as printed on the cover. */
  readonly audience?: string;
  readonly lateEntryLimitSeconds?: number;
  /** An export has failed for good; its event has only the code. */
  readonly onFailed?: (exportId: Id, error: ExportRefused) => void;
  readonly onProgress?: (exportId: Id, progress: ExportProgress) => void;
}

export interface ExportRequest {
  readonly exportId: Id;
  readonly workspace: string;
  readonly modelVersionId: Id;
  readonly asOf: bigint;
  readonly correlationId: Id;
  /** Event id of the request. */
  readonly causationId?: Id;
}

export interface ExportProgress {
  readonly step: 'collecting' | 'building' | 'storing';
  /** Share of the step, 0 to 1. */
  readonly share: number;
}

export interface Exported {
  readonly dossier: BuiltDossier;
  /** PDF first, JSON twin second, both in the content store. */
  readonly files: readonly [ContentReference, ContentReference];
}

/** The request cannot be met, whoever tries: the export has failed with this code. */
export class ExportRefused extends Error {
  override readonly name = 'ExportRefused';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface Exporter {
  /** Collects, renders, signs and stores a dossier. Writes no event. @throws ExportRefused; whatever a store throws. */
  make(request: ExportRequest, signal?: AbortSignal): Promise<Exported>;
  /** {@link make}, then `CompleteExport`; `FailExport` with the code where the request cannot be met. */
  build(request: ExportRequest, signal?: AbortSignal): Promise<Exported | undefined>;
}

/** Texts asked of the vault at once. */
const revealed = 500;

export function createExporter(dependencies: ExporterDependencies): Exporter {
  const { application, clock, content, key, onProgress, store, vault } = dependencies;

  async function make(request: ExportRequest, signal?: AbortSignal): Promise<Exported> {
    const { exportId, workspace, modelVersionId, asOf } = request;
    const progress = (step: ExportProgress['step'], share: number) => onProgress?.(exportId, { step, share });
    progress('collecting', 0);
    try {
      const { events, unreadable, asOfTime } = await collectDossierEvents(store, readEvent, {
        workspace,
        modelVersionId,
        asOf,
        ...(dependencies.index ? { index: dependencies.index } : {}),
        ...(signal ? { signal } : {}),
      });
      const names = peopleIn(events);
      const texts = disclosedIn(events);
      const wanted = [...new Set([...texts, ...[...names.values()].filter((digest) => digest !== undefined)])];
      const known = await reveal(vault, workspace, wanted);
      progress('building', 0);
      const input: DossierInput = {
        modelVersionId,
        asOf,
        asOfTime,
        audience: dependencies.audience ?? 'auditors and supervisory authorities',
        events,
        unreadable,
        disclosures: new Map(texts.map((digest) => [digest, known.get(digest) ?? 'withheld'])),
        people: new Map(
          [...names].flatMap(([id, digest]): [Id, string][] => {
            const name = digest === undefined ? undefined : known.get(digest);
            return name === undefined ? [] : [[id, typeof name === 'string' ? name : name.text]];
          }),
        ),
        lateEntryLimitSeconds: dependencies.lateEntryLimitSeconds ?? defaultLateEntryLimitSeconds,
      };
      const dossier = await buildDossier(input, {
        keyId: key.keyId,
        sign: (statement) => signDocument('assay-dossier-v1', statement, key),
        progress: (share) => progress('building', share),
        ...(signal ? { signal } : {}),
      });
      progress('storing', 0);
      const pdf = await content.put(dossier.pdfDigest, inTurns(dossier.pdf));
      const twin = await content.put(await digestOf(dossier.twin), inTurns(dossier.twin));
      progress('storing', 1);
      return {
        dossier,
        files: [
          { ...pdf, mediaType: 'application/pdf' },
          { ...twin, mediaType: 'application/json' },
        ],
      };
    } catch (error) {
      throw refusalOf(error) ?? error;
    }
  }

  async function execute<Name extends 'CompleteExport' | 'FailExport'>(
    { workspace, exportId, correlationId, causationId }: ExportRequest,
    name: Name,
    input: CommandInputs[Name],
  ): Promise<void> {
    const now = clock.now().toISOString();
    const context: CommandContext = {
      workspace,
      // Building files is automation: the process manager's identity may do it, and can sign nothing.
      actor: serviceActor(workspace, 'process-manager-service', now),
      commandId: deterministicId('exporter', workspace, exportId, name),
      correlationId,
      ...(causationId === undefined ? {} : { causationId }),
      now,
    };
    const result = await application.execute(name, input, context);
    if (result.outcome === 'refused') throw new ExportRefused(result.code, `${name} was refused: ${result.code}`);
  }

  return {
    make,
    async build(request, signal) {
      const { exportId } = request;
      try {
        const exported = await make(request, signal);
        await execute(request, 'CompleteExport', { exportId, files: exported.files });
        return exported;
      } catch (error) {
        if (!(error instanceof ExportRefused)) throw error;
        dependencies.onFailed?.(exportId, error);
        await execute(request, 'FailExport', { exportId, code: error.code });
        return undefined;
      }
    },
  };
}

/** What will fail again however often it is tried. Anything else is the store's or the machine's fault. */
function refusalOf(error: unknown): ExportRefused | undefined {
  if (error instanceof UnknownModelVersion) return new ExportRefused('UnknownModelVersion', error.message);
  if (error instanceof DossierFailed) return new ExportRefused('DossierFailed', error.message);
  if (error instanceof InvalidEvent) return new ExportRefused('UnreadableEvent', error.message);
  return undefined;
}

/** A large file in pieces of a few milliseconds' work each, with a turn of the event loop between them. */
async function* inTurns(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const size = 1 << 20;
  for (let from = 0; from < bytes.length; from += size) {
    yield bytes.subarray(from, from + size);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of inTurns(bytes)) hash.update(piece);
  return hash.digest('hex');
}

type KnownText = 'erased' | { readonly text: string; readonly salt: string };

async function reveal(
  vault: Pick<Vault, 'reveal'>,
  workspace: string,
  digests: readonly string[],
): Promise<ReadonlyMap<string, KnownText>> {
  const known = new Map<string, KnownText>();
  for (let from = 0; from < digests.length; from += revealed)
    for (const [digest, found] of await vault.reveal(workspace, digests.slice(from, from + revealed)))
      known.set(digest, found.status === 'erased' ? 'erased' : { text: found.text, salt: found.salt });
  return known;
}
