import type { GraphQLError } from 'graphql';
import type { Actor } from '#libs/lifecycle';
import type { ApiPorts, CountedDenial } from '../ports.js';
import { limitOf } from './faults.js';

/**
 * Counts what was refused of an answer: reading without a grant, a limit, a rate. Credentials are counted where they
 * are refused, commands where they are decided. Once for each rule and detail, however many fields it met.
 */
export function countRefusals(
  { countDenial }: Pick<ApiPorts, 'countDenial'>,
  actor: Actor,
  errors: readonly GraphQLError[],
): void {
  const counted = new Set<string>();
  for (const error of errors) {
    const denial = denialOf(error);
    const key = JSON.stringify(denial);
    if (!denial || counted.has(key)) continue;
    counted.add(key);
    countDenial({ actor, ...denial });
  }
}

function denialOf(error: GraphQLError): Omit<CountedDenial, 'actor'> | undefined {
  const { code, field, retryAfterSeconds } = error.extensions;
  const limited = limitOf(error);
  if (limited) return { rule: 'LimitExceeded', action: 'graphql', details: limited };
  if (code === 'RATE_LIMITED') return { rule: 'RateLimited', action: 'graphql', details: { retryAfterSeconds } };
  if (code === 'FORBIDDEN') return { rule: 'NotPermitted', action: 'read', details: { field: field ?? '__schema' } };
  return undefined;
}
