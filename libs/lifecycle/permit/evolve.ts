import type { Code } from '../values.js';
import type { Permit, PermitEvent } from './events.js';

export type PermitState =
  | { readonly status: 'none' }
  | { readonly status: 'active' | 'revoked' | 'expired'; readonly permit: Permit }
  /** Active again only when every cause is gone. */
  | { readonly status: 'suspended'; readonly permit: Permit; readonly causes: readonly Code[] };

export const noPermit: PermitState = { status: 'none' };

export function evolve(state: PermitState, event: PermitEvent): PermitState {
  if (event.type === 'PermitIssued') return { status: 'active', permit: event.data.permit };
  if (state.status === 'none') return state;
  const { permit } = state;
  const causes = state.status === 'suspended' ? state.causes : [];
  switch (event.type) {
    case 'PermitSuspended':
      return { status: 'suspended', permit, causes: [...new Set([...causes, event.data.cause])] };
    case 'PermitResumed': {
      const left = causes.filter((cause) => cause !== event.data.cause);
      return left.length === 0 ? { status: 'active', permit } : { status: 'suspended', permit, causes: left };
    }
    case 'PermitRevoked':
      return { status: 'revoked', permit };
    case 'PermitExpired':
      return { status: 'expired', permit };
    default:
      event satisfies never;
      return state;
  }
}
