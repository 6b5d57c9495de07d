import type { PolicyEvent, PolicyPublished } from './events.js';

export type Policy = { readonly status: 'none' } | ({ readonly status: 'published' } & PolicyPublished['data']);

export const noPolicy: Policy = { status: 'none' };

export function evolve(state: Policy, event: PolicyEvent): Policy {
  switch (event.type) {
    case 'PolicyPublished':
      return { status: 'published', ...event.data };
    case 'PolicySuperseded':
      // The version that supersedes follows in the same append.
      return state;
    default:
      event satisfies never;
      return state;
  }
}
