import { applyDecorators } from '@nestjs/common';
import { Extensions, Field, ID, InterfaceType, ObjectType } from '@nestjs/graphql';
import type { SubjectType } from '#libs/authorization';
import type { Reader } from '../reading/reader.js';
import { Position } from './scalars.js';

@InterfaceType('Node', {
  description: 'Whatever has an id. `node` and `nodes` pass the same rules as every other field.',
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class Node {
  @Field(() => ID, { description: 'Opaque.' })
  id: string;
}

/** What every node of the record has. */
@ObjectType({ isAbstract: true })
export abstract class Recorded extends Node {
  @Field(() => ID, { description: 'The id as events and dossiers print it.' })
  uuid: string;
  @Field(() => Position, { description: 'Of the event that brought it into this state.' })
  position: bigint;
  /** What everything below is read with; no field. */
  readonly reader: Reader;
}

/** A node type: `subject` is what the rules call it. */
export function NodeType(name: string, subject: SubjectType, description?: string): ClassDecorator {
  return applyDecorators(
    ObjectType(name, { implements: () => [Node], description }),
    Extensions({ can: { read: subject } }),
  ) as ClassDecorator;
}
