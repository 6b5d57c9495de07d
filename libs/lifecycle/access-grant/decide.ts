import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import { signingRoles } from '../roles.js';
import type { Role } from '../roles.js';
import { after, instant, isAfter, isDue } from '../time.js';
import type { AccessGrantCommand, GrantAccess, GrantDelegation, HeldGrant } from './commands.js';
import type { AccessGrantEvent } from './events.js';
import type { AccessGrant } from './evolve.js';

/** Longest guest access of an auditor, days (rule 26). */
export const maximumAuditorDays = 366;
/** Longest delegation, days (rule 17). */
export const maximumDelegationDays = 90;

/** Roles that only people can hold: a service can never sign, override or audit. */
const personRoles: readonly Role[] = [...signingRoles, 'emergency-operator', 'auditor'];

export function decide(command: AccessGrantCommand, state: AccessGrant): Decision<AccessGrantEvent> {
  switch (command.type) {
    case 'GrantAccess':
      return grantAccess(command, state);
    case 'GrantDelegation':
      return grantDelegation(command, state);
    case 'RevokeAccess':
      if (state.status === 'none' || state.kind !== 'grant')
        return refuse('NotFound', { grantId: command.data.grantId });
      return state.status === 'active' ? accept({ type: 'AccessRevoked', data: command.data }) : accept();
    case 'EndDelegation':
      if (state.status === 'none' || state.kind !== 'delegation')
        return refuse('NotFound', { grantId: command.data.grantId });
      return state.status === 'active' ? accept({ type: 'DelegationEnded', data: command.data }) : accept();
    case 'ExpireAccess': {
      if (state.status === 'none') return refuse('NotFound', { grantId: command.data.grantId });
      if (state.status !== 'active') return accept();
      const until = state.kind === 'grant' ? state.grant.validUntil : state.delegation.validUntil;
      if (until === undefined || !isDue(until, command.context.now)) return refuse('NotDue', { validUntil: until });
      return accept({ type: 'AccessExpired', data: command.data });
    }
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}

function grantAccess({ data, context }: GrantAccess, state: AccessGrant): Decision<AccessGrantEvent> {
  const { facts, ...grant } = data;
  if (state.status !== 'none') return refuse('AlreadyExists', { grantId: grant.grantId });
  if (facts.subject === 'missing' || facts.subject === 'erased')
    return refuse('NotFound', { subjectId: grant.subjectId, subject: facts.subject });
  if (facts.subject === 'service' && personRoles.includes(grant.role))
    return refuse('ServiceCannotHold', { role: grant.role });
  // Rule 19: an administrator who could grant a signature to themselves would be a superuser path.
  if (personRoles.includes(grant.role) && facts.granterIdentities.includes(grant.subjectId))
    return refuse('SelfGrant', { role: grant.role, subjectId: grant.subjectId });
  if (grant.role === 'auditor' && grant.validUntil === undefined)
    return refuse('InvalidField', { field: 'validUntil', rule: 'obligatory for an auditor' });
  if (grant.validUntil !== undefined && !isAfter(grant.validUntil, context.now))
    return refuse('InvalidField', { field: 'validUntil', rule: 'in the future' });
  if (grant.role === 'auditor' && isAfter(grant.validUntil ?? '', after(context.now, { days: maximumAuditorDays })))
    return refuse('InvalidField', { field: 'validUntil', rule: `at most ${maximumAuditorDays} days for an auditor` });
  return accept({ type: 'AccessGranted', data: { ...grant, validFrom: context.now } });
}

/** Rule 17: what one holds directly, for a bounded time, to another person, and no further. */
function grantDelegation({ data, context }: GrantDelegation, state: AccessGrant): Decision<AccessGrantEvent> {
  const { facts, ...delegation } = data;
  if (state.status !== 'none') return refuse('AlreadyExists', { grantId: delegation.grantId });
  if (context.actor.kind !== 'person') return refuse('ServiceCannotDelegate', { actor: context.actor.kind });
  if (facts.delegate !== 'person') return refuse('DelegateNotAPerson', { delegate: facts.delegate });
  if (facts.delegatorIdentities.some((own) => own === data.delegateId || facts.delegateIdentities.includes(own)))
    return refuse('SelfDelegation', { delegateId: data.delegateId });
  const covering = facts.held.filter(({ role, scope }) => role === data.role && (!scope || scope === data.scope));
  if (covering.length === 0) return refuse('RoleNotHeld', { role: data.role });
  const direct = covering.filter((grant) => !grant.byDelegation);
  if (direct.length === 0) return refuse('ReDelegation', { role: data.role });
  if (!isAfter(data.validUntil, data.validFrom) || !isAfter(data.validUntil, context.now))
    return refuse('InvalidField', { field: 'validUntil', rule: 'after validFrom and in the future' });
  const longest = after(context.now, { days: maximumDelegationDays });
  if (isAfter(data.validUntil, longest))
    return refuse('InvalidField', { field: 'validUntil', rule: `at most ${maximumDelegationDays} days` });
  if (!direct.some((grant) => outlives(grant, data.validUntil)))
    return refuse('InvalidField', { field: 'validUntil', rule: 'not after the delegated role itself ends' });
  return accept({ type: 'DelegationGranted', data: { ...delegation, delegatorId: context.actor.id } });
}

function outlives({ validUntil }: HeldGrant, until: string): boolean {
  return validUntil === undefined || instant(validUntil) >= instant(until);
}
