/**
 * The shape of every aggregate: three pure functions over plain data (Chassaing's decider).
 * `decide` and `evolve` never read a clock, a random source or a database: time and ids enter with the command.
 */

import type { Code, Id, Label, Time, Token } from './values.js';

/** What happened. `data` is canonical-JSON-able: no undefined, no NaN, no bigint (64-bit numbers are strings). */
export interface DomainEvent<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
}

/** What somebody wants. The issuing actor, the time and the ids come with it, in {@link CommandContext}. */
export interface Command<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
  readonly context: CommandContext;
}

/** Who acts, as known at the time of the act. Holds no name, e-mail, issuer or subject. */
export interface Actor {
  /** Identity id (UUID), or `anonymous`. */
  readonly id: Id | 'anonymous';
  readonly kind: 'person' | 'service' | 'anonymous';
  readonly roles: readonly Code[];
  readonly groups: readonly Label[];
  readonly authentication: Authentication;
}

/** Strength and time of the sign-in (OIDC Core 1.0 section 2: `acr`, `amr`, `auth_time`). */
export interface Authentication {
  readonly method: 'oidc' | 'service-key' | 'internal' | 'none';
  readonly acr?: Token;
  readonly amr?: readonly Token[];
  /** RFC 3339 with offset. */
  readonly time: Time;
  /** `nonce` of the ID token: binds a fresh re-authentication to what is signed. */
  readonly nonce?: Token;
  /** `jti` of the token: a re-authentication is used once. */
  readonly tokenId?: Token;
}

export interface CommandContext {
  readonly workspace: string;
  readonly actor: Actor;
  /** The delegator, where the actor acts by delegation. */
  readonly onBehalfOf?: string;
  /** Client-chosen idempotency key (UUID): a repeat returns the old position. */
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** The time of the command, RFC 3339 with offset. The only clock that `decide` knows. */
  readonly now: string;
}

export type Decision<Event extends DomainEvent = DomainEvent> = Accepted<Event> | Refused;

export interface Accepted<Event extends DomainEvent = DomainEvent> {
  readonly outcome: 'accepted';
  readonly events: readonly Event[];
}

/** A refusal is data: `code` is the rule, `details` names the field, the path or the numbers. */
export interface Refused {
  readonly outcome: 'refused';
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export function accept<Event extends DomainEvent>(...events: readonly Event[]): Accepted<Event> {
  return { outcome: 'accepted', events };
}

export function refuse(code: string, details: Readonly<Record<string, unknown>> = {}): Refused {
  return { outcome: 'refused', code, details };
}

export interface Decider<C extends Command, E extends DomainEvent, State> {
  readonly initial: State;
  decide(command: C, state: State): Decision<E>;
  evolve(state: State, event: E): State;
}

/** Untrusted JSON: an object, not an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
