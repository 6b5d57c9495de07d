import type { Id, Time } from '../values.js';
import type { IdentityEvent } from './events.js';

export interface ServiceKey {
  readonly scopes: readonly string[];
  readonly expiresAt: Time;
  readonly revoked: boolean;
}

interface Registered {
  readonly identityId: Id;
  /** Identities that were linked on this stream; the other side has its own event. */
  readonly linked: readonly Id[];
}

export type Identity =
  | { readonly status: 'none' }
  | (Registered & { readonly status: 'person' })
  | (Registered & {
      readonly status: 'service';
      readonly ownerId: Id;
      readonly keys: Readonly<Record<Id, ServiceKey>>;
    })
  | (Registered & { readonly status: 'erased'; readonly was: 'person' | 'service' });

export const noIdentity: Identity = { status: 'none' };

export function evolve(state: Identity, event: IdentityEvent): Identity {
  switch (event.type) {
    case 'PersonRegistered':
      return { status: 'person', identityId: event.data.identityId, linked: [] };
    case 'ServiceRegistered':
      return {
        status: 'service',
        identityId: event.data.identityId,
        ownerId: event.data.ownerId,
        linked: [],
        keys: {},
      };
    case 'IdentityLinked':
      return state.status === 'none' ? state : { ...state, linked: [...state.linked, event.data.linkedId] };
    case 'ServiceKeyIssued': {
      if (state.status !== 'service') return state;
      const { keyId, scopes, expiresAt } = event.data;
      return { ...state, keys: { ...state.keys, [keyId]: { scopes, expiresAt, revoked: false } } };
    }
    case 'ServiceKeyRevoked': {
      const key = state.status === 'service' ? state.keys[event.data.keyId] : undefined;
      if (state.status !== 'service' || !key) return state;
      return { ...state, keys: { ...state.keys, [event.data.keyId]: { ...key, revoked: true } } };
    }
    case 'IdentityErased':
      if (state.status !== 'person' && state.status !== 'service') return state;
      return { status: 'erased', was: state.status, identityId: state.identityId, linked: state.linked };
    default:
      event satisfies never;
      return state;
  }
}
