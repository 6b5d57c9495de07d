import { Field, ID, InterfaceType, ObjectType, createUnionType } from '@nestjs/graphql';
import type { Type } from '@nestjs/common';
import {
  Conflict,
  IdempotencyConflict,
  NotFound,
  NotPermitted,
  Refused,
  ValidationFailed,
  partOfAnswer,
} from './errors.js';
import { Position } from './scalars.js';

@InterfaceType('Accepted', {
  description: 'The command was carried out, or had been before.',
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class Accepted {
  @Field(() => ID, { nullable: true, description: 'The thing that was made or changed: readable through `node`.' })
  id?: string;
  @Field(() => ID)
  commandId: string;
  @Field(() => Position, { description: 'The last event written. A query `asOf` this position sees it.' })
  position: bigint;
  @Field(() => [Position], { description: 'Every event written, in order.' })
  positions: readonly bigint[];
  @Field(() => Boolean, { description: 'True when this command id had been carried out before.' })
  repeated: boolean;
}

@ObjectType('CommandAccepted', { implements: () => [Accepted] })
@partOfAnswer
export class CommandAccepted extends Accepted {}

@ObjectType('ServiceKeyIssued', {
  implements: () => [Accepted],
  description: 'A service key. The secret is shown this once; only its hash is kept.',
})
@partOfAnswer
export class ServiceKeyIssued extends Accepted {
  @Field(() => ID, { description: 'What the key is revoked by.' })
  keyId: string;
  @Field(() => String, { description: 'The whole key, as it goes behind `Authorization: Bearer`.' })
  secret: string;
}

const always = [NotPermitted, Refused, ValidationFailed, NotFound, IdempotencyConflict, Conflict] as const;

/** The union that one mutation answers: the success, the errors that any command may meet, and its own. */
export function resultOf(
  mutation: string,
  own: readonly Type<unknown>[] = [],
  success: Type<unknown> = CommandAccepted,
) {
  return createUnionType({
    name: `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Result`,
    types: () => [success, ...always, ...own] as Type<unknown>[],
    resolveType: (value: { __typename: string }) => value.__typename,
  });
}
