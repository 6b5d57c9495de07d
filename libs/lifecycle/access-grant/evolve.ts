import type { AccessGranted, AccessGrantEvent, DelegationGranted } from './events.js';

export type AccessGrant =
  | { readonly status: 'none' }
  | {
      readonly status: 'active' | 'revoked' | 'expired';
      readonly kind: 'grant';
      readonly grant: AccessGranted['data'];
    }
  | {
      readonly status: 'active' | 'ended' | 'expired';
      readonly kind: 'delegation';
      readonly delegation: DelegationGranted['data'];
    };

export const noAccessGrant: AccessGrant = { status: 'none' };

export function evolve(state: AccessGrant, event: AccessGrantEvent): AccessGrant {
  switch (event.type) {
    case 'AccessGranted':
      return { status: 'active', kind: 'grant', grant: event.data };
    case 'DelegationGranted':
      return { status: 'active', kind: 'delegation', delegation: event.data };
    case 'AccessRevoked':
      if (state.status === 'none') return state;
      return state.kind === 'grant' ? { ...state, status: 'revoked' } : { ...state, status: 'ended' };
    case 'AccessExpired':
      return state.status === 'none' ? state : { ...state, status: 'expired' };
    case 'DelegationEnded':
      return state.status !== 'none' && state.kind === 'delegation' ? { ...state, status: 'ended' } : state;
    default:
      event satisfies never;
      return state;
  }
}
