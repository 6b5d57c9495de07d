import { createHash } from 'node:crypto';
import type { RecordedEvent } from '../event-store/envelope.js';
import { InvalidEvent } from '../event-store/invalid-event.js';
import type { EventStore, StoredEvent } from '../event-store/port.js';
import { parseStreamName, streamName } from '../lifecycle/streams.js';
import type { Aggregate } from '../lifecycle/streams.js';
import type { Id } from '../lifecycle/values.js';
import { createMentions } from './mentions.js';
import type { Mentions } from './mentions.js';
import type { DossierEvent, UnreadableEvidence } from './source.js';
import { isOf } from './source.js';

/** `readEvent` of the application: undefined for what lies in no stream of ours. @throws InvalidEvent */
export type Decode = (stored: StoredEvent) => RecordedEvent | undefined;

/** Which streams mention an id; `createMentions` answers it from one pass over $all, a view may answer it faster. */
export type MentionIndex = (asOf: bigint) => Promise<{ readonly mentions: Mentions; readonly asOfTime: string }>;

export interface CollectOptions {
  readonly workspace: string;
  readonly modelVersionId: Id;
  readonly asOf: bigint;
  readonly index?: MentionIndex;
  readonly signal?: AbortSignal;
}

export interface Collected {
  /** In $all order. */
  readonly events: readonly DossierEvent[];
  /** What lies in the same streams, or may belong there, and cannot be read; in $all order. */
  readonly unreadable: readonly UnreadableEvidence[];
  /** `recordedAt` of the last event at or before `asOf`. */
  readonly asOfTime: string;
}

/** No such model version at or before the position. */
export class UnknownModelVersion extends Error {
  override readonly name = 'UnknownModelVersion';
  constructor(
    readonly modelVersionId: Id,
    readonly asOf: bigint,
  ) {
    super(`model version ${modelVersionId}: not registered at or before position ${asOf}`);
  }
}

/** Under this name decisions about events that no decision can read are recorded. */
const decisionsView = 'decisions';
/** Streams read at the same time. */
const readers = 16;
/** Milliseconds of work after which the event loop gets its turn. */
const turn = 8;

/**
 * Every event that concerns one model version as of a position, read from the event store: what it was made of, what
 * was decided about it, what it served. Two steps: who mentions whom (one pass over $all, or `index`), then the
 * streams themselves. An event that cannot be read is named as such and the rest goes on: a dossier gives nobody a right,
 * and says what it lacks. Gives the event loop a turn every few milliseconds.
 * @throws UnknownModelVersion; InvalidEvent where the registration of the version itself cannot be read
 */
export async function collectDossierEvents(
  store: Pick<EventStore, 'readAll' | 'readStream'>,
  decode: Decode,
  options: CollectOptions,
): Promise<Collected> {
  const { workspace, modelVersionId, asOf } = options;
  const breathe = breather(options.signal);
  const { mentions, asOfTime, seen } = options.index
    ? { ...(await options.index(asOf)), seen: [] }
    : await scan(store, options, breathe);
  const events = new Map<Id, DossierEvent>();
  const unreadable = new Map<Id, UnreadableEvidence>();
  const faults = new Map<string, InvalidEvent>();
  const read = new Set<string>();
  const queue: string[] = [];
  const want = (stream: string | undefined) => {
    if (stream && !read.has(stream)) {
      read.add(stream);
      queue.push(stream);
    }
  };
  const wantId = (aggregate: Aggregate, id: string | undefined) => id && want(streamName(aggregate, workspace, id));
  const people = new Set<Id>();
  const subjects = new Set<string>([modelVersionId]);

  const follow = (event: DossierEvent) => {
    const { metadata } = event;
    if (metadata.actor.kind !== 'anonymous') people.add(metadata.actor.id);
    if (metadata.onBehalfOf) people.add(metadata.onBehalfOf);
    if (isOf(event, 'ModelVersionRegistered')) {
      wantId('model', event.data.modelId);
      wantId('trainingRun', event.data.trainingRunId);
      for (const id of event.data.datasetVersionIds) wantId('datasetVersion', id);
      for (const author of event.data.code?.authors ?? []) people.add(author);
    } else if (isOf(event, 'TrainingRunStarted')) {
      for (const id of event.data.datasetVersionIds) wantId('datasetVersion', id);
      for (const author of event.data.code.authors) people.add(author);
    } else if (isOf(event, 'DatasetVersionSealed')) {
      wantId('dataset', event.data.datasetId);
      for (const id of event.data.derivedFrom) wantId('datasetVersion', id);
      for (const author of event.data.code?.authors ?? []) people.add(author);
    } else if (isOf(event, 'ModelRegistered')) {
      people.add(event.data.ownerId);
      wantId('policy', event.data.policyId);
    } else if (isOf(event, 'EvaluationRecorded')) {
      subjects.add(event.data.evaluationId);
      wantId('datasetVersion', event.data.datasetVersionId);
    } else if (isOf(event, 'ApprovalRequested')) {
      subjects.add(event.data.approvalId);
      wantId('policy', event.data.policyId);
      people.add(event.data.requesterId);
      for (const { identityId } of event.data.contributors) people.add(identityId);
    } else if (isOf(event, 'ApprovalSigned') || isOf(event, 'ApprovalRejected')) {
      people.add(event.data.signature.signerId);
      if (event.data.signature.onBehalfOf) people.add(event.data.signature.onBehalfOf);
    } else if (isOf(event, 'ApprovalConditionSet')) people.add(event.data.ownerId);
    else if (isOf(event, 'OverrideUsed')) {
      subjects.add(event.data.overrideId);
      people.add(event.data.operatorId);
    } else if (isOf(event, 'OverrideReviewed')) people.add(event.data.reviewerId);
    else if (isOf(event, 'PermitIssued')) subjects.add(event.data.permit.permitId);
    else if (isOf(event, 'DeploymentStarted')) subjects.add(event.data.deploymentId);
    else if (isOf(event, 'IncidentOpened')) subjects.add(event.data.incidentId);
    else if (isOf(event, 'DenialCounted') && event.data.actorId !== 'anonymous') people.add(event.data.actorId);
    else if (isOf(event, 'ExportRequested')) people.add(event.data.requesterId);
    else if (isOf(event, 'EvidenceAccessed')) people.add(event.data.readerId);
    else if (isOf(event, 'ServiceRegistered')) people.add(event.data.ownerId);
    else if (isOf(event, 'DelegationGranted')) {
      people.add(event.data.delegatorId);
      people.add(event.data.delegateId);
    }
  };

  const keep = (event: DossierEvent) => {
    if (!belongs(event, modelVersionId, subjects) || events.has(event.id)) return;
    if ((isOf(event, 'PartitionSkipped') || isOf(event, 'PartitionRetried')) && !unreadable.has(event.data.eventId))
      return;
    events.set(event.id, event);
    follow(event);
  };

  const take = (stored: StoredEvent, isPlaced: boolean) => {
    try {
      const event = evidence(stored, decode);
      if (event && isPlaced) keep(event);
    } catch (error) {
      if (!(error instanceof InvalidEvent)) throw error;
      faults.set(stored.stream, error);
      unreadable.set(stored.id, unreadableOf(stored, error, isPlaced));
    }
  };
  const readOne = async (stream: string, isPlaced = true) => {
    for await (const stored of store.readStream(stream)) {
      if (stored.position > asOf) break;
      take(stored, isPlaced);
      await breathe();
    }
  };
  const drain = async () => {
    while (queue.length > 0) await Promise.all(queue.splice(0, readers).map((stream) => readOne(stream)));
  };

  for (const { stored, isPlaced } of seen) {
    read.add(stored.stream);
    take(stored, isPlaced);
    await breathe();
  }
  want(streamName('modelVersion', workspace, modelVersionId));
  want(streamName('riskAssessment', workspace, modelVersionId));
  await drain();
  if (![...events.values()].some(({ type }) => type === 'ModelVersionRegistered'))
    throw (
      faults.get(streamName('modelVersion', workspace, modelVersionId)) ?? new UnknownModelVersion(modelVersionId, asOf)
    );
  // What points at the version, then what points at that: incidents of overrides, refusals about approvals.
  for (let known = 0; known !== subjects.size;) {
    known = subjects.size;
    for (const subject of subjects) for (const stream of mentions.of(subject)) want(stream);
    await drain();
  }
  for (const person of people) {
    wantId('identity', person);
    for (const stream of mentions.grants(person)) want(stream);
  }
  await drain();
  for (const stream of mentions.unplaced())
    if (!read.has(stream) && parseStreamName(stream)?.workspace === workspace) await readOne(stream, false);
  if (unreadable.size > 0) wantId('partitionRelease', decisionsView);
  await drain();
  return {
    events: [...events.values()].sort(byPosition),
    unreadable: [...unreadable.values()].sort(byPosition),
    asOfTime,
  };
}

const byPosition = (a: { readonly position: bigint }, b: { readonly position: bigint }): number =>
  a.position < b.position ? -1 : a.position > b.position ? 1 : 0;

function unreadableOf(stored: StoredEvent, error: InvalidEvent, isPlaced: boolean): UnreadableEvidence {
  const { id, stream, revision, position, recordedAt, data, metadata } = stored;
  const digest = createHash('sha256').update(data).update(Uint8Array.of(0)).update(metadata).digest('hex');
  const type = stored.type.slice(0, 100);
  return { id, type, stream, revision, position, recordedAt, digest, error: error.message, isPlaced };
}

/** Streams shared with other versions (model, denials, deployments' segments) are kept only where they concern this one. */
function belongs(event: DossierEvent, modelVersionId: Id, subjects: ReadonlySet<string>): boolean {
  if (isOf(event, 'DenialCounted')) return idsIn(event.stored.data).some((id) => subjects.has(id));
  if (isOf(event, 'PredictionSegmentSealed')) return Object.hasOwn(event.data.rows, modelVersionId);
  return event.type !== 'NameReserved' && event.type !== 'WorkspaceOpened';
}

const uuids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

export function idsIn(text: string): string[] {
  return text.match(uuids) ?? [];
}

function evidence(stored: StoredEvent, decode: Decode): DossierEvent | undefined {
  const event = decode(stored);
  if (!event) return undefined;
  const text = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const { id, type, data, metadata, stream, revision, position, recordedAt, digest } = event;
  return {
    id,
    type,
    data,
    metadata,
    stream,
    revision,
    position,
    recordedAt,
    digest,
    stored: { data: text(stored.data), metadata: text(stored.metadata) },
  } as DossierEvent;
}

interface Seen {
  readonly stored: StoredEvent;
  /** False where a segment does not say which versions it is of. */
  readonly isPlaced: boolean;
}

/** One pass over $all. Segments are streams of one event and many: those of this version are kept as they pass. */
async function scan(
  store: Pick<EventStore, 'readAll'>,
  { workspace, modelVersionId, asOf }: CollectOptions,
  breathe: () => Promise<void>,
): Promise<{ mentions: Mentions; asOfTime: string; seen: readonly Seen[] }> {
  const mentions = createMentions();
  const seen: Seen[] = [];
  const segment = streamName('predictionSegment', workspace, '-').slice(0, -1);
  let asOfTime = '';
  for await (const stored of store.readAll()) {
    if (stored.position > asOf) break;
    if (!stored.stream.startsWith(segment)) mentions.see(stored);
    else {
      const bytes = Buffer.from(stored.data.buffer, stored.data.byteOffset, stored.data.byteLength);
      if (bytes.includes(modelVersionId)) seen.push({ stored, isPlaced: true });
      else if (!bytes.includes('"rows":{')) seen.push({ stored, isPlaced: false });
    }
    if (stored.recordedAt > asOfTime) asOfTime = stored.recordedAt;
    await breathe();
  }
  return { mentions, asOfTime, seen };
}

function breather(signal: AbortSignal | undefined): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < turn) return;
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    since = performance.now();
  };
}
