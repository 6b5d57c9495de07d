import { accept, refuse } from '../kernel.js';
import type { Decision, Refused } from '../kernel.js';
import { instant, isAfter, isDue } from '../time.js';
import type { IssuePermit, PermitCommand } from './commands.js';
import type { PermitEvent } from './events.js';
import type { PermitState } from './evolve.js';

export function decide(command: PermitCommand, state: PermitState): Decision<PermitEvent> {
  if (command.type === 'IssuePermit') return issue(command, state);
  const { permitId } = command.data;
  if (state.status === 'none') return refuse('NotFound', { permitId });
  // What has ended stays closed; asking for it again changes nothing.
  if (state.status === 'revoked' || state.status === 'expired')
    return command.type === 'ResumePermit' ? refuse('PermitEnded', { permitId, status: state.status }) : accept();
  switch (command.type) {
    case 'SuspendPermit':
      if (state.status === 'suspended' && state.causes.includes(command.data.cause)) return accept();
      return accept({ type: 'PermitSuspended', data: command.data });
    case 'ResumePermit': {
      const { cause } = command.data;
      if (state.status !== 'suspended') return accept();
      if (!state.causes.includes(cause)) return refuse('NotSuspendedBy', { permitId, cause, causes: state.causes });
      if (isDue(state.permit.validUntil, command.context.now))
        return refuse('PermitEnded', { permitId, validUntil: state.permit.validUntil });
      return accept({ type: 'PermitResumed', data: command.data });
    }
    case 'RevokePermit':
      return accept({ type: 'PermitRevoked', data: command.data });
    case 'ExpirePermit':
      if (!isDue(state.permit.validUntil, command.context.now))
        return refuse('NotDue', { validUntil: state.permit.validUntil });
      return accept({ type: 'PermitExpired', data: command.data });
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}

/** Rule 21: a permit says what exactly may serve, where and until when; it never outlives what it stands on. */
function issue({ data, context }: IssuePermit, state: PermitState): Decision<PermitEvent> {
  const { permit, facts, signature, keyId } = data;
  const { basis } = facts;
  if (state.status !== 'none') return refuse('AlreadyExists', { permitId: permit.permitId });
  if (!context.actor.roles.includes('process-manager-service'))
    return refuse('NotThePermitIssuer', { actor: context.actor.id });
  if (basis.kind !== permit.basis.kind || basis.id !== permit.basis.id)
    return refuse('BasisMismatch', { basis: permit.basis });
  if (basis.status === 'missing') return refuse('NotFound', { [basis.kind]: basis.id });
  const unfounded = refuseBasis(basis);
  if (unfounded) return unfounded;
  if (facts.modelVersion !== 'registered')
    return refuse(facts.modelVersion === 'retired' ? 'Retired' : 'NotFound', { modelVersionId: permit.modelVersionId });
  const wrong = (
    [
      ['workspace', permit.workspace, context.workspace],
      ['modelVersionId', permit.modelVersionId, basis.modelVersionId],
      ['environment', permit.environment, basis.environment],
      ['artifactDigest', permit.artifactDigest, facts.artifactDigest],
    ] as const
  ).find(([, found, expected]) => found !== expected);
  if (wrong) return refuse('PermitMismatch', { field: wrong[0], found: wrong[1], expected: wrong[2] });
  if (!isAfter(permit.validUntil, context.now))
    return refuse('InvalidField', { field: 'validUntil', rule: 'in the future' });
  if (basis.validUntil === undefined || !(instant(permit.validUntil) <= instant(basis.validUntil)))
    return refuse('OutlivesBasis', { validUntil: permit.validUntil, basis: basis.validUntil });
  return accept({ type: 'PermitIssued', data: { permit, signature, keyId } });
}

function refuseBasis(basis: IssuePermit['data']['facts']['basis']): Refused | undefined {
  if (basis.kind === 'override') {
    if (basis.verdict === 'not-justified') return refuse('OverrideNotJustified', { override: basis.id });
    return basis.status === 'lapsed' ? refuse('OverrideReviewOverdue', { override: basis.id }) : undefined;
  }
  if (basis.status !== 'granted') return refuse('NotGranted', { approval: basis.id, status: basis.status });
  if (basis.suspended) return refuse('ApprovalSuspended', { approval: basis.id });
  if (basis.changed.length > 0) return refuse('EvidenceChanged', { streams: basis.changed });
  return undefined;
}
