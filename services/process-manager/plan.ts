import type { CommandInputs, CommandName } from '#libs/application';
import type { Id, Time } from '#libs/lifecycle';
import { isSuspended, openStage, openWarnings, stageDeadline, type Approval } from '#libs/lifecycle/approval';
import type { ListedPermit } from '#libs/serving';
import { deterministicId } from '#libs/runtime';
import type { GovernanceView, TrackedApproval, TrackedOverride } from './view.js';

/** A command that follows from the ledger and the time. Its id is made of what it is about: done twice is done once. */
export type Intent = {
  [Name in CommandName]: {
    readonly name: Name;
    readonly input: CommandInputs[Name];
    readonly workspace: string;
    readonly commandId: Id;
    readonly correlationId?: Id;
    readonly causationId?: Id;
  };
}[CommandName];

export interface Plan {
  readonly intents: readonly Intent[];
  /** The earliest later moment at which something falls due, milliseconds since 1970. */
  readonly nextDue?: number;
  /** What has ended and needs no act any more. */
  readonly settled: readonly Id[];
}

/** How long an override's own command has to open its incident. */
const incidentMilliseconds = 5_000;

interface About {
  readonly workspace: string;
  readonly correlationId?: Id;
  readonly eventId?: Id;
}

/**
 * What must be done now. Pure: the same view and time give the same plan, and an act that has been done does not come
 * up again, because its event is in the view.
 */
export function plan(view: GovernanceView, now: number): Plan {
  const planner = new Planner(view, now);
  // Of a stream that cannot be read to its end nobody says what follows from it.
  const isReadable = (id: Id): boolean => view.unreadable.of('approval', id) === undefined;
  for (const [id, tracked] of view.approvals) if (isReadable(id)) planner.approval(id, tracked);
  for (const [id, tracked] of view.overrides) if (isReadable(id)) planner.override(id, tracked);
  for (const permitId of view.livePermits) planner.permit(view.serving.permit(permitId)!);
  for (const [grantId, { workspace, validUntil }] of view.grants)
    if (planner.isDue(validUntil)) planner.intend({ workspace }, 'ExpireAccess', { grantId }, grantId);
  return planner.plan();
}

class Planner {
  readonly #intents: Intent[] = [];
  readonly #settled: Id[] = [];
  #nextDue = Infinity;

  constructor(
    private readonly view: GovernanceView,
    private readonly now: number,
  ) {}

  plan(): Plan {
    const timed = this.#nextDue === Infinity ? {} : { nextDue: this.#nextDue };
    return { intents: this.#intents, settled: this.#settled, ...timed };
  }

  intend<Name extends CommandName>(about: About, name: Name, input: CommandInputs[Name], ...key: string[]): void {
    const { workspace, correlationId, eventId } = about;
    this.#intents.push({
      name,
      input,
      workspace,
      commandId: deterministicId('process-manager', workspace, name, ...key),
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(eventId === undefined ? {} : { causationId: eventId }),
    } as Intent);
  }

  /** A deadline that is no time has been reached (fail closed). One that lies ahead is waited for. */
  isDue(deadline: Time): boolean {
    const due = Date.parse(deadline);
    if (!(due > this.now)) return true;
    this.#nextDue = Math.min(this.#nextDue, due);
    return false;
  }

  approval(approvalId: Id, tracked: TrackedApproval): void {
    const { state, moved } = tracked;
    if (state.status !== 'pending' && state.status !== 'granted') {
      const left = this.#revokePermits(tracked, approvalId, `approval-${state.status}`);
      if (!left) this.#settled.push(approvalId);
      return;
    }
    if (moved) {
      const { cause, stream, eventId } = moved;
      const about = { ...tracked, eventId };
      this.intend(about, 'VoidApproval', { approvalId, cause, stream, eventId }, approvalId, eventId);
      return;
    }
    for (const condition of Object.values(state.conditions)) {
      const { conditionId, dueAt, status, onLapse } = condition;
      if (status === 'open' && this.isDue(dueAt))
        this.intend(tracked, 'LapseCondition', { approvalId, conditionId }, conditionId);
      if (status === 'lapsed' && onLapse === 'escalate')
        this.#incident(tracked, 'condition-lapsed', conditionId, state.request.modelVersionId, dueAt);
    }
    if (state.status === 'pending') this.#pending(approvalId, tracked);
    else if (this.isDue(state.validUntil))
      this.intend(tracked, 'ExpireApproval', { approvalId, what: 'approval' }, approvalId, 'approval');
    else {
      this.#warn(approvalId, tracked, state);
      this.#granted(approvalId, tracked);
    }
  }

  #pending(approvalId: Id, tracked: TrackedApproval): void {
    const { request } = tracked.state;
    for (const { stream } of request.pins) {
      const head = this.view.head(stream);
      if (head?.expiresAt === undefined || !this.isDue(head.expiresAt)) continue;
      const input = { approvalId, cause: 'evidence-expired', stream, eventId: head.eventId };
      this.intend(tracked, 'VoidApproval', input, approvalId, head.eventId, 'expired');
      return;
    }
    const stage = openStage(tracked.state);
    const deadline = stage && stageDeadline(stage);
    if (this.isDue(request.expiresAt))
      this.intend(tracked, 'ExpireApproval', { approvalId, what: 'request' }, approvalId, 'request');
    else if (stage && deadline !== undefined && this.isDue(deadline)) {
      const { id } = stage.policy;
      this.intend(tracked, 'ExpireApproval', { approvalId, what: 'stage', stage: id }, approvalId, 'stage', id);
    }
  }

  /** Of several that are overdue only the nearest to the end is given. */
  #warn(approvalId: Id, tracked: TrackedApproval, state: Extract<Approval, { readonly status: 'granted' }>): void {
    const due = openWarnings(state).findLast(({ at }) => this.isDue(at));
    if (due) this.intend(tracked, 'WarnOfExpiry', { approvalId, days: due.days }, approvalId, `${due.days}`);
  }

  #granted(approvalId: Id, tracked: TrackedApproval): void {
    const suspended = isSuspended(tracked.state);
    const permits = this.view.permitsOf.get(approvalId) ?? [];
    if (permits.length === 0 && !suspended) {
      const permitId = deterministicId('permit', tracked.workspace, approvalId);
      this.intend(tracked, 'IssuePermit', { permitId, basis: { kind: 'approval', id: approvalId } }, permitId);
    }
    // What lapsed or was met since is part of the key: the same permit may be suspended more than once.
    const conditions = Object.values(tracked.state.conditions).map(
      ({ conditionId, status }) => `${conditionId}:${status}`,
    );
    for (const permitId of permits) {
      const status = this.view.serving.permit(permitId)?.status;
      const held = this.view.serving.suspendedBy(permitId).includes('condition-lapsed');
      if ((status === 'active' || status === 'suspended') && suspended && !held)
        this.intend(tracked, 'SuspendPermit', { permitId, cause: 'condition-lapsed' }, permitId, ...conditions);
      if (held && !suspended)
        this.intend(tracked, 'ResumePermit', { permitId, cause: 'condition-lapsed' }, permitId, ...conditions);
    }
  }

  override(overrideId: Id, tracked: TrackedOverride): void {
    const { state } = tracked;
    const { modelVersionId, incidentId } = state;
    const planned = this.#intents.length;
    // The command that uses an override opens its incident too; this is for one that was cut off in between.
    const opened = new Date(Date.parse(tracked.usedAt) + incidentMilliseconds).toISOString();
    if (!this.view.incidents.has(incidentId) && this.isDue(opened))
      this.#incident(tracked, 'override', overrideId, modelVersionId, tracked.usedAt, incidentId);
    if (state.status === 'used') {
      const permits = this.view.permitsOf.get(overrideId) ?? [];
      if (permits.length === 0 && !this.isDue(state.validUntil)) {
        const permitId = deterministicId('permit', tracked.workspace, overrideId);
        this.intend(tracked, 'IssuePermit', { permitId, basis: { kind: 'override', id: overrideId } }, permitId);
      }
      if (this.isDue(state.reviewDueAt)) this.intend(tracked, 'LapseOverrideReview', { overrideId }, overrideId);
      return;
    }
    if (state.status === 'reviewed' && state.verdict === 'justified') {
      if (this.#intents.length === planned) this.#settled.push(overrideId); // The permit runs out by itself.
      return;
    }
    const cause = state.status === 'lapsed' ? 'override-review-lapsed' : 'override-not-justified';
    if (state.status === 'lapsed')
      this.#incident(tracked, 'review-overdue', overrideId, state.modelVersionId, state.reviewDueAt);
    this.#revokePermits(tracked, overrideId, cause);
    this.#rollBack(tracked, overrideId, cause);
    // An overdue review may still come, and then say that it was not justified.
    if (state.status === 'reviewed' && this.#intents.length === planned) this.#settled.push(overrideId);
  }

  permit({ permit, status }: ListedPermit): void {
    const { permitId, workspace, modelVersionId, validUntil } = permit;
    if (status !== 'active' && status !== 'suspended') return;
    if (this.isDue(validUntil)) this.intend({ workspace }, 'ExpirePermit', { permitId }, permitId);
    else if (this.view.retired.has(modelVersionId))
      this.intend({ workspace }, 'RevokePermit', { permitId, cause: 'model-version-retired' }, permitId, 'retired');
  }

  /** Whether there is one left to revoke. */
  #revokePermits(tracked: TrackedApproval | TrackedOverride, basisId: Id, cause: string): boolean {
    const live = (this.view.permitsOf.get(basisId) ?? []).filter((permitId) => this.view.livePermits.has(permitId));
    for (const permitId of live) this.intend(tracked, 'RevokePermit', { permitId, cause }, permitId, cause);
    return live.length > 0;
  }

  #incident(
    tracked: About,
    kind: 'override' | 'condition-lapsed' | 'review-overdue',
    reference: Id,
    modelVersionId: Id,
    awareAt: Time,
    incidentId = deterministicId('incident', tracked.workspace, kind, reference),
  ): void {
    if (this.view.incidents.has(incidentId)) return;
    this.intend(tracked, 'OpenIncident', { incidentId, kind, modelVersionId, reference, awareAt }, incidentId);
  }

  /** Traffic that an override's permit let in goes back to the other arm; where there is none, the deployment stops. */
  #rollBack(tracked: TrackedOverride, overrideId: Id, cause: string): void {
    const permits = this.view.permitsOf.get(overrideId) ?? [];
    for (const { deploymentId, arms } of this.view.serving.deploymentsOf(tracked.state.modelVersionId)) {
      if (!arms.some(({ permitId, weight }) => weight > 0 && permits.includes(permitId))) continue;
      const others = arms.filter(({ permitId }) => !permits.includes(permitId));
      const back = others.find(({ slot }) => slot === 'blue') ?? others[0];
      if (back) {
        const input = { deploymentId, modelVersionId: back.modelVersionId, cause };
        this.intend(tracked, 'RollBackDeployment', input, deploymentId, overrideId);
      } else this.intend(tracked, 'StopDeployment', { deploymentId, cause }, deploymentId, overrideId);
    }
  }
}
