import type { RecordedAssayEvent, StoredEvent } from '#libs/event-store';
import { AccessIndex } from '#libs/identity';
import type { Arm, CodeReference, Id, PermitEvent, Sha256, Slug, Time } from '#libs/lifecycle';
import { permit, type PermitState } from '#libs/lifecycle/permit';
import { StreamSet } from './stream-set.js';
import { readEvent, UnreadableEvents } from './unreadable.js';

export interface VersionEntry {
  readonly modelVersionId: Id;
  readonly modelId: Id;
  readonly number: number;
  readonly trainingRunId?: Id;
  readonly datasetVersionIds: readonly Id[];
  readonly code?: CodeReference;
  readonly artifactDigest: Sha256;
  retired: boolean;
  readonly evaluationIds: Id[];
  readonly approvalIds: Id[];
}

export interface ApprovalEntry {
  readonly approvalId: Id;
  readonly modelVersionId: Id;
  readonly modelId: Id;
  readonly environment: Slug;
  readonly requesterId: Id;
  readonly contributorIds: readonly Id[];
  status: 'pending' | 'granted' | 'ended';
}

export interface OverrideEntry {
  readonly overrideId: Id;
  readonly modelVersionId: Id;
  readonly modelId: Id;
  readonly environment: Slug;
  readonly operatorId: Id;
  readonly reviewDueAt: Time;
  status: 'used' | 'reviewed' | 'lapsed';
}

export interface DeploymentEntry {
  readonly deploymentId: Id;
  readonly modelId: Id;
  readonly endpoint: Slug;
  readonly environment: Slug;
  arms: readonly Arm[];
  stopped: boolean;
}

export interface PermitEntry {
  readonly state: Exclude<PermitState, { readonly status: 'none' }>;
  readonly signature: string;
  readonly keyId: string;
}

/** How many command ids are known across streams; within its own stream a command is known for ever. */
const rememberedCommands = 50_000;

/**
 * Which streams belong together: what stands where, by id, folded from $all in its order. It finds the streams that a
 * command must read; what a decision rests on is then read from those streams themselves. No name, no text.
 */
export class Directory {
  /** What no decision can read; the fold goes on without it, and whoever decides asks here first. */
  readonly unreadable = new UnreadableEvents();
  readonly access = new AccessIndex((aggregate, id) => this.unreadable.of(aggregate, id) !== undefined);
  readonly versions = new Map<Id, VersionEntry>();
  readonly trainingModels = new Map<Id, Id>();
  readonly evaluationVersions = new Map<Id, Id>();
  readonly approvals = new Map<Id, ApprovalEntry>();
  readonly overrides = new Map<Id, OverrideEntry>();
  readonly deployments = new Map<Id, DeploymentEntry>();
  readonly permits = new Map<Id, PermitEntry>();
  readonly incidentVersions = new Map<Id, Id>();
  readonly exportVersions = new Map<Id, Id>();
  readonly policyNames = new Map<Id, string>();
  /** Versions of a data set in the order in which they were sealed. */
  readonly datasetVersions = new Map<Id, Id[]>();
  /** Ids of tokens that a signature or an override has used. */
  readonly usedTokens = new Set<string>();
  /** Command id → digest of the newest commands: an id that comes again with other content is refused. */
  readonly commands = new Map<Id, Sha256>();
  /** Every stream that had an event up to the position. */
  readonly streams = new StreamSet();
  #position: bigint | undefined;

  /** Everything at or before this position is folded in. */
  get position(): bigint | undefined {
    return this.#position;
  }

  /** In the order of $all; what was seen already is ignored. Never throws: what cannot be read is kept as that. */
  take(stored: StoredEvent): void {
    try {
      const event = readEvent(stored);
      if (event) this.apply(event);
    } catch (error) {
      this.unreadable.add(stored, error);
      this.access.pass(stored.stream, stored.revision);
      if (this.#position !== undefined && stored.position <= this.#position) return;
      this.#position = stored.position;
      this.streams.add(stored.stream);
    }
  }

  /** In the order of $all; what was seen already is ignored. */
  apply(event: RecordedAssayEvent): void {
    this.access.apply(event);
    if (this.#position !== undefined && event.position <= this.#position) return;
    this.#position = event.position;
    this.streams.add(event.stream);
    // A refused command may come again, as it was or corrected: its denial is not its outcome.
    if (event.type !== 'DenialCounted') this.#remember(event.metadata.commandId, event.metadata.commandDigest);
    this.unreadable.apply(event);
    this.#evolve(event);
  }

  modelOf(modelVersionId: Id | undefined): Id | undefined {
    return modelVersionId === undefined ? undefined : this.versions.get(modelVersionId)?.modelId;
  }

  /** The deployment that serves an endpoint now. */
  servingAt(endpoint: Slug, environment: Slug): DeploymentEntry | undefined {
    return [...this.deployments.values()]
      .filter((one) => one.endpoint === endpoint && one.environment === environment && !one.stopped)
      .findLast(({ arms }) => arms.some(({ weight }) => weight > 0));
  }

  /** Deployments that give a version traffic now. */
  servingVersion(modelVersionId: Id): readonly Id[] {
    return [...this.deployments.values()]
      .filter(
        ({ arms, stopped }) => !stopped && arms.some((arm) => arm.modelVersionId === modelVersionId && arm.weight > 0),
      )
      .map(({ deploymentId }) => deploymentId);
  }

  #remember(commandId: Id, digest: Sha256): void {
    this.commands.set(commandId, digest);
    if (this.commands.size > rememberedCommands) this.commands.delete(this.commands.keys().next().value!);
  }

  #evolve(event: RecordedAssayEvent): void {
    switch (event.type) {
      case 'PolicyPublished':
        this.policyNames.set(event.data.policyId, event.data.name);
        break;
      case 'DatasetVersionSealed': {
        const versions = this.datasetVersions.get(event.data.datasetId) ?? [];
        this.datasetVersions.set(event.data.datasetId, [...versions, event.data.datasetVersionId]);
        break;
      }
      case 'TrainingRunStarted':
        this.trainingModels.set(event.data.trainingRunId, event.data.modelId);
        break;
      case 'ModelVersionRegistered': {
        const { modelVersionId, modelId, number, trainingRunId, datasetVersionIds, code, artifact } = event.data;
        this.versions.set(modelVersionId, {
          modelVersionId,
          modelId,
          number,
          ...(trainingRunId !== undefined && { trainingRunId }),
          datasetVersionIds,
          ...(code !== undefined && { code }),
          artifactDigest: artifact.digest,
          retired: false,
          evaluationIds: [],
          approvalIds: [],
        });
        break;
      }
      case 'ModelVersionRetired':
        this.#with(this.versions, event.data.modelVersionId, (version) => (version.retired = true));
        break;
      case 'EvaluationRecorded': {
        const { evaluationId, modelVersionId } = event.data;
        this.evaluationVersions.set(evaluationId, modelVersionId);
        this.#with(this.versions, modelVersionId, (version) => version.evaluationIds.push(evaluationId));
        break;
      }
      case 'IncidentOpened':
        if (event.data.modelVersionId !== undefined)
          this.incidentVersions.set(event.data.incidentId, event.data.modelVersionId);
        break;
      case 'ExportRequested':
        this.exportVersions.set(event.data.exportId, event.data.modelVersionId);
        break;
      default:
        this.#evolveApproval(event);
        this.#evolvePermit(event);
        this.#evolveDeployment(event);
    }
  }

  #evolveApproval(event: RecordedAssayEvent): void {
    const settle = (id: Id, status: ApprovalEntry['status']): void =>
      this.#with(this.approvals, id, (approval) => (approval.status = status));
    switch (event.type) {
      case 'ApprovalRequested': {
        const { approvalId, modelVersionId, modelId, environment, requesterId, contributors } = event.data;
        const contributorIds = [...new Set(contributors.map(({ identityId }) => identityId))];
        const entry = { approvalId, modelVersionId, modelId, environment, requesterId, contributorIds };
        this.approvals.set(approvalId, { ...entry, status: 'pending' });
        this.#with(this.versions, modelVersionId, (version) => version.approvalIds.push(approvalId));
        break;
      }
      case 'ApprovalSigned':
        this.usedTokens.add(event.data.signature.authentication.tokenId);
        break;
      case 'ApprovalRejected':
        this.usedTokens.add(event.data.signature.authentication.tokenId);
        settle(event.data.approvalId, 'ended');
        break;
      case 'ApprovalGranted':
        settle(event.data.approvalId, 'granted');
        break;
      case 'ApprovalRevoked':
      case 'ApprovalVoided':
      case 'ApprovalExpired':
      case 'ApprovalWithdrawn':
        settle(event.data.approvalId, 'ended');
        break;
      case 'OverrideUsed': {
        const { overrideId, modelVersionId, modelId, environment, operatorId, reviewDueAt } = event.data;
        const entry = { overrideId, modelVersionId, modelId, environment, operatorId, reviewDueAt };
        this.overrides.set(overrideId, { ...entry, status: 'used' });
        this.usedTokens.add(event.data.authentication.tokenId);
        break;
      }
      case 'OverrideReviewed':
        this.#with(this.overrides, event.data.overrideId, (override) => (override.status = 'reviewed'));
        break;
      case 'OverrideReviewLapsed':
        this.#with(this.overrides, event.data.overrideId, (override) => (override.status = 'lapsed'));
        break;
    }
  }

  #evolvePermit(event: RecordedAssayEvent): void {
    if (event.type === 'PermitIssued') {
      const { signature, keyId, permit: issued } = event.data;
      this.permits.set(issued.permitId, { state: { status: 'active', permit: issued }, signature, keyId });
    } else if (/^Permit[A-Z]/.test(event.type)) {
      const { type, data } = event as Exclude<PermitEvent, { readonly type: 'PermitIssued' }>;
      const entry = this.permits.get(data.permitId);
      const state = entry && permit.evolve(entry.state, { type, data } as PermitEvent);
      if (state && state.status !== 'none') this.permits.set(data.permitId, { ...entry, state });
    }
  }

  #evolveDeployment(event: RecordedAssayEvent): void {
    switch (event.type) {
      case 'DeploymentStarted': {
        const { deploymentId, modelId, endpoint, environment, arms } = event.data;
        this.deployments.set(deploymentId, { deploymentId, modelId, endpoint, environment, arms, stopped: false });
        break;
      }
      case 'TrafficShifted':
      case 'DeploymentPromoted':
      case 'DeploymentRolledBack': {
        const { deploymentId, arms } = event.data;
        this.#with(this.deployments, deploymentId, (deployment) => (deployment.arms = arms));
        break;
      }
      case 'DeploymentStopped':
        this.#with(this.deployments, event.data.deploymentId, (deployment) => (deployment.stopped = true));
        break;
    }
  }

  #with<Entry>(map: Map<Id, Entry>, id: Id, change: (entry: Entry) => unknown): void {
    const entry = map.get(id);
    if (entry) change(entry);
  }
}
