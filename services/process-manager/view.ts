import { UnreadableEvents, type Unreadable } from '#libs/application';
import type { RecordedAssayEvent, StoredEvent } from '#libs/event-store';
import { type Aggregate, type AssayEvent, type Id, type Time, parseStreamName } from '#libs/lifecycle';
import { type Approval, approval, type Override, override } from '#libs/lifecycle/approval';
import { type Change, type Directory, type ListedPermit, ServingFold } from '#libs/serving';
import { People } from './people.js';

export type Existing<State> = Exclude<State, { readonly status: 'none' }>;

/** Why an approval no longer stands: the first event that moved what it stood on. */
export interface Moved {
  readonly cause: 'evidence-changed' | 'contributor-changed' | 'policy-superseded';
  readonly stream: string;
  readonly eventId: Id;
}

export interface TrackedApproval {
  readonly workspace: string;
  readonly correlationId: Id;
  readonly state: Existing<Approval>;
  readonly moved?: Moved;
  /** Event that brought it into its present state. */
  readonly eventId: Id;
}

export interface TrackedOverride {
  readonly workspace: string;
  readonly correlationId: Id;
  readonly state: Existing<Override>;
  readonly usedAt: Time;
  readonly eventId: Id;
}

export interface TrackedGrant {
  readonly workspace: string;
  readonly validUntil: Time;
}

interface Head {
  readonly revision: bigint;
  readonly eventId: Id;
  /** Of an evaluation (rule 14). */
  readonly expiresAt?: Time;
}

/** Aggregates whose every event may call for an act; evidence does when an approval has pinned it. */
const acting = new Set(['approval', 'permit', 'deployment', 'incident', 'accessGrant', 'identity', 'modelVersion']);
const evidence = new Set(['datasetVersion', 'trainingRun', 'modelVersion', 'evaluation', 'riskAssessment', 'policy']);

/**
 * What the process manager knows: a fold of $all in its order and nothing else, so that a restart knows the same.
 * Only what may still need an act is kept in `approvals`, `overrides` and `grants`; `settle` lets go of the rest.
 */
export class GovernanceView {
  readonly serving = new ServingFold();
  readonly approvals = new Map<Id, TrackedApproval>();
  readonly overrides = new Map<Id, TrackedOverride>();
  readonly grants = new Map<Id, TrackedGrant>();
  /** Permits by the approval or override that they stand on. */
  readonly permitsOf = new Map<Id, Id[]>();
  /** Permits that are neither revoked nor expired. */
  readonly livePermits = new Set<Id>();
  readonly incidents = new Set<Id>();
  readonly retired = new Set<Id>();
  readonly people = new People();
  /** What cannot be read: folded as if it were not there, and what rests on its stream is closed meanwhile. */
  readonly unreadable = new UnreadableEvents();
  readonly #heads = new Map<string, Head>();
  readonly #pinnedBy = new Map<string, Set<Id>>();
  #position: bigint | undefined;

  /** Everything at or before this position is folded in. */
  get position(): bigint | undefined {
    return this.#position;
  }

  /** An event that is none of ours. */
  passed(position: bigint): void {
    if (this.#position === undefined || position > this.#position) this.#position = position;
  }

  /** Everything that rests on its stream is closed until it is passed by. */
  unread(stored: StoredEvent, error: unknown): Unreadable | undefined {
    this.passed(stored.position);
    return this.unreadable.add(stored, error);
  }

  /** What may be served: without what an event that cannot be read may have closed (fail closed). */
  directory(workspace: string, environment: string): Directory {
    const all = this.serving.directory(workspace, environment);
    if (this.unreadable.waiting().length === 0) return all;
    if (this.unreadable.in('workspace').length > 0) return { deployments: [], versions: [], permits: [] };
    return {
      deployments: all.deployments.filter(({ deploymentId }) => !this.unreadable.of('deployment', deploymentId)),
      versions: all.versions.filter(({ modelVersionId }) => !this.unreadable.of('modelVersion', modelVersionId)),
      permits: all.permits.filter((listed) => !this.#restsOnUnreadable(listed)),
    };
  }

  #restsOnUnreadable({ permit: { permitId, modelVersionId, basis } }: ListedPermit): boolean {
    const isHidden = (aggregate: Aggregate, id: Id): boolean => this.unreadable.of(aggregate, id) !== undefined;
    if (isHidden('permit', permitId) || isHidden('approval', basis.id) || isHidden('modelVersion', modelVersionId))
      return true;
    const approved = this.approvals.get(basis.id)?.state;
    if (!approved) return false;
    const { request, stages } = approved;
    if (request.pins.some(({ stream }) => this.unreadable.ofStream(stream))) return true;
    // Whether a signer is one person with somebody who made it may stand in what cannot be read.
    if (this.unreadable.hiddenLink()) return true;
    const signatures = stages.flatMap((stage) => stage.signatures);
    const concerned = [
      ...request.contributors.map(({ identityId }) => identityId),
      ...signatures.flatMap(({ signerId, onBehalfOf }) => (onBehalfOf ? [signerId, onBehalfOf] : [signerId])),
    ];
    return concerned.some((one) => [...this.people.identitiesOf(one)].some((id) => isHidden('identity', id)));
  }

  head(stream: string): Head | undefined {
    return this.#heads.get(stream);
  }

  apply(event: RecordedAssayEvent): Change | undefined {
    if (this.#position !== undefined && event.position <= this.#position) return undefined;
    this.#position = event.position;
    if (this.unreadable.apply(event)) return { kind: 'changed' };
    this.#moveEvidence(event);
    this.#applyApproval(event);
    this.#applyAccess(event);
    if (event.type === 'PermitIssued') {
      const { permitId, basis } = event.data.permit;
      this.permitsOf.set(basis.id, [...(this.permitsOf.get(basis.id) ?? []), permitId]);
      this.livePermits.add(permitId);
    } else if (event.type === 'PermitRevoked' || event.type === 'PermitExpired')
      this.livePermits.delete(event.data.permitId);
    else if (event.type === 'IncidentOpened') this.incidents.add(event.data.incidentId);
    else if (event.type === 'ModelVersionRetired') this.retired.add(event.data.modelVersionId);
    return this.serving.evolve(event);
  }

  /** Whether an event may change the plan: most of a busy ledger does not. */
  concerns(event: RecordedAssayEvent): boolean {
    if (event.type === 'PartitionSkipped' || event.type === 'PartitionRetried') return true;
    const aggregate = parseStreamName(event.stream)?.aggregate;
    return (aggregate !== undefined && acting.has(aggregate)) || (this.#pinnedBy.get(event.stream)?.size ?? 0) > 0;
  }

  /** Lets go of what has ended and has no permit left. */
  settle(id: Id): void {
    for (const pin of this.approvals.get(id)?.state.request.pins ?? []) this.#pinnedBy.get(pin.stream)?.delete(id);
    this.approvals.delete(id);
    this.overrides.delete(id);
  }

  #moveEvidence(event: RecordedAssayEvent): void {
    const aggregate = parseStreamName(event.stream)?.aggregate;
    if (aggregate === undefined || !evidence.has(aggregate)) return;
    const expiresAt =
      event.type === 'EvaluationRecorded' ? event.data.expiresAt : this.#heads.get(event.stream)?.expiresAt;
    const head = { revision: event.revision, eventId: event.id, ...(expiresAt === undefined ? {} : { expiresAt }) };
    this.#heads.set(event.stream, head);
    for (const id of this.#pinnedBy.get(event.stream) ?? []) this.#checkPins(id);
  }

  #applyApproval(event: RecordedAssayEvent): void {
    if (parseStreamName(event.stream)?.aggregate !== 'approval') return;
    const { workspace, correlationId } = event.metadata;
    const about = event.data as { readonly approvalId?: Id; readonly overrideId?: Id };
    const tracking = { workspace, correlationId, eventId: event.id };
    if (about.overrideId !== undefined) {
      const before = this.overrides.get(about.overrideId);
      const state = override.evolve(before?.state ?? override.initial, event as Parameters<typeof override.evolve>[1]);
      const usedAt = before?.usedAt ?? event.metadata.occurredAt;
      if (state.status !== 'none') this.overrides.set(about.overrideId, { ...tracking, usedAt, state });
      return;
    }
    if (about.approvalId === undefined) return;
    const before = this.approvals.get(about.approvalId);
    const state = approval.evolve(before?.state ?? approval.initial, event as Parameters<typeof approval.evolve>[1]);
    if (state.status === 'none') return;
    this.approvals.set(about.approvalId, { ...before, ...tracking, state });
    if (event.type === 'ApprovalRequested')
      for (const { stream } of state.request.pins)
        this.#pinnedBy.set(stream, (this.#pinnedBy.get(stream) ?? new Set()).add(about.approvalId));
    this.#checkPins(about.approvalId);
    this.#checkSigners(about.approvalId, event);
  }

  /** Also evidence that moved between the pinning and the request: its head is beyond the pin when the request comes. */
  #checkPins(id: Id): void {
    const tracked = this.approvals.get(id);
    if (!tracked || tracked.moved) return;
    for (const pin of tracked.state.request.pins) {
      const head = this.#heads.get(pin.stream);
      if (!head || head.revision <= BigInt(pin.revision)) continue;
      const cause = pin.kind === 'policy' ? 'policy-superseded' : 'evidence-changed';
      this.approvals.set(id, { ...tracked, moved: { cause, stream: pin.stream, eventId: head.eventId } });
      return;
    }
  }

  /** Somebody who signed turns out to be one person with somebody who helped to make it (rule 1). */
  #checkSigners(id: Id, event: RecordedAssayEvent): void {
    const tracked = this.approvals.get(id);
    if (!tracked || tracked.moved) return;
    const { request, stages } = tracked.state;
    const makers = new Set(request.contributors.flatMap(({ identityId }) => [...this.people.identitiesOf(identityId)]));
    const signers = stages
      .flatMap(({ signatures }) => signatures)
      .flatMap(({ signerId, onBehalfOf }) => [signerId, onBehalfOf]);
    if (!signers.some((signer) => signer !== undefined && makers.has(signer))) return;
    const moved = { cause: 'contributor-changed' as const, stream: event.stream, eventId: event.id };
    this.approvals.set(id, { ...tracked, moved });
  }

  #applyAccess(event: RecordedAssayEvent): void {
    const { data, type } = event as AssayEvent;
    switch (type) {
      case 'IdentityLinked':
        this.people.link(data.identityId, data.linkedId);
        for (const id of this.approvals.keys()) this.#checkSigners(id, event);
        break;
      case 'AccessGranted':
      case 'DelegationGranted':
        if (data.validUntil !== undefined)
          this.grants.set(data.grantId, { workspace: event.metadata.workspace, validUntil: data.validUntil });
        break;
      case 'AccessRevoked':
      case 'AccessExpired':
      case 'DelegationEnded':
        this.grants.delete(data.grantId);
        break;
      default:
    }
  }
}
