import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import { after, isAfter } from '../time.js';
import type { IdentityCommand } from './commands.js';
import type { IdentityEvent } from './events.js';
import type { Identity } from './evolve.js';

/** Longest life of a service key, days: a key that never expires is never rotated. */
export const maximumKeyDays = 366;

export function decide(command: IdentityCommand, state: Identity): Decision<IdentityEvent> {
  switch (command.type) {
    case 'RegisterPerson':
      if (state.status !== 'none') return refuse('AlreadyExists', { identityId: command.data.identityId });
      return accept({ type: 'PersonRegistered', data: command.data });
    case 'RegisterService': {
      const { facts, ...data } = command.data;
      if (state.status !== 'none') return refuse('AlreadyExists', { identityId: data.identityId });
      // A bot's owner answers for it, as a contributor too: it must be a person (rule 1).
      if (facts.owner !== 'person') return refuse('OwnerNotAPerson', { ownerId: data.ownerId, owner: facts.owner });
      return accept({ type: 'ServiceRegistered', data });
    }
    case 'LinkIdentities': {
      const { facts, ...data } = command.data;
      if (state.status === 'none') return refuse('NotFound', { identityId: data.identityId });
      if (state.status === 'erased') return refuse('Erased', { identityId: data.identityId });
      if (data.linkedId === data.identityId) return refuse('LinkToItself', { identityId: data.identityId });
      if (facts.linked === 'missing') return refuse('NotFound', { identityId: data.linkedId });
      // An erased identity can still be linked: what it contributed stays excluded for the person behind it.
      if (state.linked.includes(data.linkedId)) return accept();
      return accept({ type: 'IdentityLinked', data });
    }
    case 'IssueServiceKey': {
      if (state.status !== 'service') return refuse('NotAService', { status: state.status });
      const { keyId, expiresAt, scopes } = command.data;
      if (state.keys[keyId]) return refuse('AlreadyExists', { keyId });
      if (scopes.length === 0) return refuse('InvalidField', { field: 'scopes', rule: 'at least one' });
      const { now } = command.context;
      if (!isAfter(expiresAt, now) || isAfter(expiresAt, after(now, { days: maximumKeyDays })))
        return refuse('InvalidField', {
          field: 'expiresAt',
          rule: `in the future, at most ${maximumKeyDays} days ahead`,
        });
      return accept({ type: 'ServiceKeyIssued', data: command.data });
    }
    case 'RevokeServiceKey': {
      if (state.status !== 'service') return refuse('NotAService', { status: state.status });
      const key = state.keys[command.data.keyId];
      if (!key) return refuse('NotFound', { keyId: command.data.keyId });
      return key.revoked ? accept() : accept({ type: 'ServiceKeyRevoked', data: command.data });
    }
    case 'EraseIdentity':
      if (state.status === 'none') return refuse('NotFound', { identityId: command.data.identityId });
      if (state.status === 'erased') return accept();
      return accept({ type: 'IdentityErased', data: command.data });
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}
