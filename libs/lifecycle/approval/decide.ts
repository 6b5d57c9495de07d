import { policyDecision } from '../policy/decision.js';
import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import { after, isAfter, isDue } from '../time.js';
import type { ApprovalCommand, ExpireApproval, MeetCondition, RejectApproval, SignApproval } from './commands.js';
import { refuseFailed, refuseMoved, refuseUnfit } from './evidence.js';
import type { Signature } from './events.js';
import { openStage, openWarnings, signed, stageDeadline, type Approval, type ApprovalOnlyEvent } from './evolve.js';
import { requestApproval } from './request.js';
import { manifestation, refuseAuthentication, refuseSigner, type Pending } from './sign.js';

type Outcome = Decision<ApprovalOnlyEvent>;
type Existing = Exclude<Approval, { readonly status: 'none' }>;

export function decide(command: ApprovalCommand, state: Approval): Outcome {
  if (command.type === 'RequestApproval') return requestApproval(command, state);
  if (state.status === 'none') return refuse('NotFound', { approvalId: command.data.approvalId });
  switch (command.type) {
    case 'SignApproval':
      return state.status === 'pending' ? sign(command, state) : refuse('NotPending', { status: state.status });
    case 'RejectApproval':
      return state.status === 'pending' ? reject(command, state) : refuse('NotPending', { status: state.status });
    case 'AbstainApproval': {
      if (state.status !== 'pending') return refuse('NotPending', { status: state.status });
      const refused = refuseSigner(command.data, command.context, state);
      if (refused) return refused;
      const { facts: _, ...abstention } = command.data;
      return accept({ type: 'ApprovalAbstained', data: { ...abstention, signerId: command.context.actor.id } });
    }
    case 'MeetCondition':
      return meetCondition(command, state);
    case 'LapseCondition': {
      const condition = state.conditions[command.data.conditionId];
      if (!condition) return refuse('NotFound', { conditionId: command.data.conditionId });
      if (condition.status !== 'open' || (state.status !== 'granted' && state.status !== 'pending')) return accept();
      if (!isDue(condition.dueAt, command.context.now)) return refuse('NotDue', { dueAt: condition.dueAt });
      return accept({ type: 'ApprovalConditionLapsed', data: { ...command.data, effect: condition.onLapse } });
    }
    case 'RevokeApproval':
      if (state.status !== 'granted') return refuse('NotGranted', { status: state.status });
      return accept({ type: 'ApprovalRevoked', data: { ...command.data, revokerId: command.context.actor.id } });
    case 'WithdrawApproval': {
      const { facts, ...withdrawal } = command.data;
      if (state.status !== 'pending') return refuse('NotPending', { status: state.status });
      if (![command.context.actor.id, ...facts.actor.identities].includes(state.request.requesterId))
        return refuse('NotTheRequester', { requesterId: state.request.requesterId });
      return accept({ type: 'ApprovalWithdrawn', data: withdrawal });
    }
    case 'VoidApproval': {
      const { cause, stream } = command.data;
      if (state.status !== 'pending' && state.status !== 'granted') return accept();
      if (cause !== 'contributor-changed' && !state.request.pins.some((pin) => pin.stream === stream))
        return refuse('NotPinned', { stream });
      return accept({ type: 'ApprovalVoided', data: command.data });
    }
    case 'ExpireApproval':
      return expire(command, state);
    case 'WarnOfExpiry': {
      if (state.status !== 'granted') return accept();
      const { approvalId, days } = command.data;
      const warning = openWarnings(state).find((each) => each.days === days);
      if (!warning) return accept();
      if (!isDue(warning.at, command.context.now)) return refuse('NotDue', { what: 'warning', deadline: warning.at });
      return accept({ type: 'ApprovalExpiryWarned', data: { approvalId, validUntil: state.validUntil, days } });
    }
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}

function sign(command: SignApproval, state: Pending): Outcome {
  const { data, context } = command;
  const refused = refuseSignature(command, state);
  if (refused) return refused;
  const unfounded =
    refuseMoved(state.request.pins, data.facts.evidence) ??
    refuseUnfit(data.facts.evidence, context.now) ??
    refuseFailed(data.facts.verdicts ?? []);
  if (unfounded) return unfounded;
  const { condition } = data;
  if (condition && state.conditions[condition.conditionId])
    return refuse('AlreadyExists', { conditionId: condition.conditionId });
  if (condition && !isAfter(condition.dueAt, context.now))
    return refuse('InvalidField', { field: 'condition.dueAt', rule: 'in the future' });
  const unauthenticated = refuseReauthentication(command, state);
  if (unauthenticated) return unauthenticated;
  const { request } = state;
  const { approvalId } = request;
  const signature = signatureOf(command);
  const events: ApprovalOnlyEvent[] = [
    {
      type: 'ApprovalSigned',
      data: {
        approvalId,
        stage: data.stage,
        signature,
        ...(data.comment === undefined ? {} : { comment: data.comment }),
        decision: policyDecision({
          policyId: request.policyId,
          policyVersion: request.policyVersion,
          inputs: { approvalId, signature, facts: data.facts },
          result: 'allow',
          reasons: ['not-a-contributor', 'role-held', 'evidence-current', 'reauthenticated'],
        }),
      },
    },
  ];
  if (condition) {
    const onLapse = openStage(state)?.policy.onConditionLapse ?? 'suspend';
    events.push({ type: 'ApprovalConditionSet', data: { approvalId, ...condition, onLapse } });
  }
  if (signed(state.stages, data.stage, signature).every((stage) => stage.completedAt !== undefined))
    events.push({
      type: 'ApprovalGranted',
      data: {
        approvalId,
        modelVersionId: request.modelVersionId,
        environment: request.environment,
        evidenceDigest: request.evidenceDigest,
        validUntil: after(context.now, { days: request.approvalValidDays }),
      },
    });
  return accept(...events);
}

/** One denial ends the request (rule 25). It needs a signature too, but no fresh evidence: that may be its reason. */
function reject(command: RejectApproval, state: Pending): Outcome {
  const refused = refuseSignature(command, state) ?? refuseReauthentication(command, state);
  if (refused) return refused;
  const { approvalId, stage, reason } = command.data;
  return accept({ type: 'ApprovalRejected', data: { approvalId, stage, signature: signatureOf(command), reason } });
}

function refuseSignature({ data, context }: SignApproval | RejectApproval, state: Pending) {
  const refused = refuseSigner(data, context, state);
  if (refused) return refused;
  const meaning = openStage(state)?.policy.meaning;
  if (data.meaning !== meaning) return refuse('WrongMeaning', { meaning: data.meaning, wanted: meaning });
  if (data.evidenceDigest !== state.request.evidenceDigest)
    return refuse('EvidenceChanged', { seen: data.evidenceDigest, expected: state.request.evidenceDigest });
  return undefined;
}

function refuseReauthentication({ data, context }: SignApproval | RejectApproval, state: Pending) {
  return refuseAuthentication(context.actor, {
    approval: state.request.approvalId,
    evidence: state.request.evidenceDigest,
    meaning: data.meaning,
    acr: openStage(state)?.policy.acr ?? [],
    usedTokens: data.facts.usedTokens,
    now: context.now,
  });
}

/** The order of signatures is server time (rule 22): there is no field for any other. */
function signatureOf({ data, context }: SignApproval | RejectApproval): Signature {
  return {
    signerId: context.actor.id,
    role: data.role,
    meaning: data.meaning,
    ...(context.onBehalfOf === undefined ? {} : { onBehalfOf: context.onBehalfOf }),
    signedAt: context.now,
    evidenceDigest: data.evidenceDigest,
    authentication: manifestation(context.actor.authentication),
  };
}

function meetCondition({ data, context }: MeetCondition, state: Existing): Outcome {
  const { facts, ...met } = data;
  const condition = state.conditions[met.conditionId];
  if (!condition) return refuse('NotFound', { conditionId: met.conditionId });
  if (state.status !== 'pending' && state.status !== 'granted') return refuse('Ended', { status: state.status });
  if (condition.status === 'met') return accept();
  // A lapsed condition can still be met: that is how a suspension ends.
  const owns = [context.actor.id, ...facts.actor.identities].includes(condition.ownerId);
  if (!owns && !context.actor.roles.includes('compliance-officer'))
    return refuse('NotTheOwner', { ownerId: condition.ownerId });
  return accept({ type: 'ApprovalConditionMet', data: met });
}

function expire({ data, context }: ExpireApproval, state: Existing): Outcome {
  const due = (deadline: string | undefined): Outcome =>
    deadline !== undefined && isDue(deadline, context.now)
      ? accept({ type: 'ApprovalExpired', data })
      : refuse('NotDue', { what: data.what, deadline });
  if (data.what === 'approval') return state.status === 'granted' ? due(state.validUntil) : accept();
  if (state.status !== 'pending') return accept();
  if (data.what === 'request') return due(state.request.expiresAt);
  const stage = openStage(state);
  if (stage?.policy.id !== data.stage) return refuse('StageNotOpen', { stage: data.stage, open: stage?.policy.id });
  return due(stage && stageDeadline(stage));
}
