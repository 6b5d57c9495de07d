import type {
  Contribution,
  EvidenceFacts,
  EvidencePin,
  GateFacts,
  Id,
  PolicyPublished,
  RiskTier,
} from '#libs/lifecycle';
import { dataset, datasetVersion } from '#libs/lifecycle/dataset';
import { evaluation, type Evaluation } from '#libs/lifecycle/evaluation';
import { model, modelVersion } from '#libs/lifecycle/model';
import { policy } from '#libs/lifecycle/policy';
import { riskAssessment } from '#libs/lifecycle/risk-assessment';
import { trainingRun } from '#libs/lifecycle/training-run';
import { contributorsOf, decideGates, evidenceDigest, type IdentityNode, type LineageNode } from '#libs/policy';
import { fold, Refusal, refuseUnreadable, type Call, type Loaded } from './call.js';

/** Everything that stands behind a model version, read from its streams just now. */
export interface Standing {
  readonly status: 'registered' | 'retired';
  readonly modelId: Id;
  readonly policy: PolicyPublished['data'];
  readonly tier: RiskTier | undefined;
  readonly evidence: readonly EvidenceFacts[];
  readonly evidenceDigest: string;
  /** The newest verdict of each gate under the policy as it is now. */
  readonly verdicts: readonly GateFacts[];
  readonly nodes: readonly LineageNode[];
  readonly roots: readonly string[];
}

interface Recorded {
  readonly loaded: Loaded;
  readonly state: Exclude<Evaluation, { readonly status: 'none' }>;
}

/** Most streams behind one version that are read. */
const maximumStreams = 2000;

/** @throws Refusal `NotFound` where there is no such version, model or policy. */
export async function standingOfVersion(call: Call, modelVersionId: Id): Promise<Standing> {
  const version = await call.load('modelVersion', modelVersionId);
  const registered = fold(modelVersion, version);
  if (registered.status === 'none') throw new Refusal('NotFound', { modelVersionId }, version.stream);
  const owner = fold(model, await call.load('model', registered.modelId));
  if (owner.status === 'none') throw new Refusal('NotFound', { modelId: registered.modelId });
  const rules = await call.load('policy', owner.policyId);
  const published = fold(policy, rules);
  if (published.status === 'none') throw new Refusal('NotFound', { policyId: owner.policyId });

  const nodes: LineageNode[] = [];
  const pins: EvidenceFacts[] = [evidenceFacts('policy', rules), evidenceFacts('model-version', version)];
  const direct = [...registered.datasetVersionIds];
  const from: string[] = direct.map((id) => `dataset-version:${id}`);
  if (registered.trainingRunId !== undefined) {
    const run = await call.load('trainingRun', registered.trainingRunId);
    const started = fold(trainingRun, run);
    if (started.status === 'none') throw new Refusal('NotFound', { trainingRunId: registered.trainingRunId });
    pins.push(evidenceFacts('training-run', run));
    direct.push(...started.datasetVersionIds);
    from.unshift(`training-run:${registered.trainingRunId}`);
    const parents = started.datasetVersionIds.map((id) => `dataset-version:${id}`);
    nodes.push(lineageNode(`training-run:${registered.trainingRunId}`, run, parents, started.code));
  }
  nodes.push(lineageNode(`model-version:${modelVersionId}`, version, from, registered.code));

  const evaluations = await recordedEvaluations(call, modelVersionId);
  for (const { loaded, state } of evaluations) {
    const { evaluationId, datasetVersionId } = state;
    nodes.push(lineageNode(`evaluation:${evaluationId}`, loaded, [`dataset-version:${datasetVersionId}`]));
  }
  const { verdicts, used } = newestVerdicts(published.document, evaluations);
  pins.push(...used.map(({ loaded }) => evidenceFacts('evaluation', loaded)));
  const risk = await call.load('riskAssessment', modelVersionId);
  const assessed = fold(riskAssessment, risk);
  if (assessed.status === 'set') pins.push(evidenceFacts('risk-assessment', risk));

  const measured = used.map(({ state }) => state.datasetVersionId);
  const others = evaluations.map(({ state }) => state.datasetVersionId);
  const data = await datasetNodes(call, [...direct, ...measured, ...others]);
  nodes.push(...data.nodes);
  // Only what the evidence rests on is pinned; who made any of it is a contributor.
  const reached = reachable([...direct, ...measured], data.parents);
  pins.push(...data.pins.filter(({ pin }) => reached.has(pin.stream.slice(pin.stream.indexOf('.') + 1))));
  return {
    status: registered.status,
    modelId: registered.modelId,
    policy: published,
    tier: assessed.status === 'set' ? assessed.tier : undefined,
    evidence: pins,
    evidenceDigest: evidenceDigest(pins.map(({ pin }) => pin)),
    verdicts,
    nodes,
    roots: [`model-version:${modelVersionId}`, ...evaluations.map(({ state }) => `evaluation:${state.evaluationId}`)],
  };
}

/** Rule 1: everybody who helped to make it, each with the way. */
export function contributorsOfVersion(
  call: Call,
  { nodes, roots }: Pick<Standing, 'nodes' | 'roots'>,
  requesterId?: Id,
): readonly Contribution[] {
  const { unreadable, access } = call.directory;
  const identities: IdentityNode[] = [...access.identities()].map(({ id, ownerId, linked }) => ({
    identityId: id,
    ...(ownerId !== undefined && { ownerId }),
    linked: [...linked],
  }));
  const found = contributorsOf({ roots, nodes, identities, ...(requesterId !== undefined && { requesterId }) });
  // To whom they are linked may stand in what cannot be read.
  refuseUnreadable(unreadable.hiddenLink());
  for (const { identityId } of found) refuseUnreadable(unreadable.of('identity', identityId));
  return found;
}

/** The pinned streams as they stand now, each read again (rule 6). */
export function evidenceNow(call: Call, pins: readonly EvidencePin[]): Promise<readonly EvidenceFacts[]> {
  return Promise.all(pins.map(async ({ kind, stream }) => evidenceFacts(kind, await call.loadStream(stream))));
}

export function evidenceFacts(kind: EvidencePin['kind'], loaded: Loaded): EvidenceFacts {
  const head = loaded.events.at(-1);
  if (!head) throw new Refusal('NotFound', { stream: loaded.stream }, loaded.stream);
  const pin = { kind, stream: loaded.stream, revision: String(head.revision), digest: head.digest };
  if (kind === 'evaluation') {
    const state = fold(evaluation, loaded);
    if (state.status === 'none') return { pin, status: 'withdrawn' };
    return { pin, status: state.status === 'withdrawn' ? 'withdrawn' : 'current', expiresAt: state.expiresAt };
  }
  const withdrawn = kind === 'dataset-version' && fold(datasetVersion, loaded).status === 'withdrawn';
  return { pin, status: withdrawn ? 'withdrawn' : 'current' };
}

/** Evaluations that have not been withdrawn, newest first. */
export async function recordedEvaluations(call: Call, modelVersionId: Id): Promise<readonly Recorded[]> {
  const { unreadable, evaluationVersions, versions } = call.directory;
  // One whose beginning cannot be read may be of this version, and may have failed it.
  refuseUnreadable(unreadable.in('evaluation').find(({ id }) => !evaluationVersions.has(id)));
  const ids = versions.get(modelVersionId)?.evaluationIds ?? [];
  const all = await Promise.all(
    ids.map(async (id) => {
      const loaded = await call.load('evaluation', id);
      return { loaded, state: fold(evaluation, loaded) };
    }),
  );
  return all
    .filter((one): one is Recorded => one.state.status === 'recorded')
    .sort((a, b) => (a.loaded.events[0]!.position < b.loaded.events[0]!.position ? 1 : -1));
}

/**
 * The newest measurement of each gate counts, whether it passes or not: nobody picks the evaluation that they like.
 * Verdicts are those of the policy as it is now. `used`: evaluations that give a verdict or the newest of a kind.
 */
function newestVerdicts(
  document: PolicyPublished['data']['document'],
  evaluations: readonly Recorded[],
): { readonly verdicts: readonly GateFacts[]; readonly used: readonly Recorded[] } {
  const verdicts = new Map<string, GateFacts>();
  const kinds = new Set<string>();
  const used = evaluations.filter(({ state }) => {
    const { evaluationId, measurements, groups } = state;
    const fresh = decideGates(document, measurements, groups).filter(({ gateId }) => !verdicts.has(gateId));
    for (const { gateId, verdict, measurement, operator, threshold } of fresh)
      verdicts.set(gateId, { gateId, evaluationId, verdict, measurement, operator, threshold });
    const newKinds = state.kinds.filter((kind) => !kinds.has(kind));
    for (const kind of newKinds) kinds.add(kind);
    return fresh.length > 0 || newKinds.length > 0;
  });
  return { verdicts: [...verdicts.values()], used };
}

async function datasetNodes(
  call: Call,
  roots: readonly Id[],
): Promise<{
  readonly nodes: readonly LineageNode[];
  readonly pins: readonly EvidenceFacts[];
  readonly parents: ReadonlyMap<Id, readonly Id[]>;
}> {
  const parents = new Map<Id, readonly Id[]>();
  const nodes: LineageNode[] = [];
  const pins: EvidenceFacts[] = [];
  const datasets = new Set<Id>();
  const seen = new Set(roots);
  // A Set is walked in the order of insertion, also while it grows; cycles end because nothing is in it twice.
  for (const id of seen) {
    if (seen.size > maximumStreams) throw new Refusal('LineageTooDeep', { atMost: maximumStreams });
    const loaded = await call.load('datasetVersion', id);
    const state = fold(datasetVersion, loaded);
    if (state.status === 'none') throw new Refusal('NotFound', { datasetVersionId: id });
    parents.set(id, state.derivedFrom);
    pins.push(evidenceFacts('dataset-version', loaded));
    const from = [...state.derivedFrom.map((parent) => `dataset-version:${parent}`), `dataset:${state.datasetId}`];
    nodes.push(lineageNode(`dataset-version:${id}`, loaded, from, state.code));
    for (const parent of state.derivedFrom) seen.add(parent);
    datasets.add(state.datasetId);
  }
  for (const id of datasets) {
    const loaded = await call.load('dataset', id);
    if (fold(dataset, loaded).status !== 'none') nodes.push(lineageNode(`dataset:${id}`, loaded, []));
  }
  return { nodes, pins, parents };
}

function reachable(roots: readonly Id[], parents: ReadonlyMap<Id, readonly Id[]>): ReadonlySet<Id> {
  const seen = new Set(roots);
  for (const id of seen) for (const parent of parents.get(id) ?? []) seen.add(parent);
  return seen;
}

/** Acts that make something. Withdrawing, retiring and cancelling make nothing: whoever does it stays independent. */
const making: Readonly<Record<string, string>> = {
  DatasetRegistered: 'registered-by',
  DatasetVersionSealed: 'sealed-by',
  TrainingRunStarted: 'started-by',
  TrainingRunCompleted: 'completed-by',
  ModelVersionRegistered: 'registered-by',
  EvaluationRecorded: 'recorded-by',
  EvaluationAmended: 'amended-by',
};

function lineageNode(
  node: string,
  { events }: Loaded,
  from: readonly string[],
  code?: { readonly commit: string; readonly authors: readonly Id[] },
): LineageNode {
  const acts = events.flatMap(({ type, metadata: { actor, onBehalfOf } }) => {
    const act = Object.hasOwn(making, type) ? making[type] : undefined;
    return act === undefined ? [] : [{ identityId: actor.id, act, ...(onBehalfOf !== undefined && { onBehalfOf }) }];
  });
  return { node, acts, from, ...(code !== undefined && { code: { commit: code.commit, authors: code.authors } }) };
}
