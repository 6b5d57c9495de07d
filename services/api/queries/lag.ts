import { Extensions, Field, Float, Int, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { Inject } from '@nestjs/common';
import { partOfAnswer } from '../graphql/errors.js';
import { Position } from '../graphql/scalars.js';
import { API_PORTS } from '../ports.js';
import type { ApiPorts } from '../ports.js';

@ObjectType({ description: 'How far a read model is behind the event store, now.' })
@partOfAnswer
export class ViewLag {
  @Field(() => String)
  view: string;
  @Field(() => Position, { nullable: true, description: 'Everything at or before it is seen; absent: nothing yet.' })
  position: bigint | null;
  @Field(() => Int, { description: 'Events of the store that it has not folded yet; counted to 1,000,000.' })
  events: number;
  @Field(() => Float, { description: 'Age of the oldest of them; 0 when there is none.' })
  seconds: number;
}

@Resolver()
export class ViewLagResolver {
  constructor(@Inject(API_PORTS) private readonly ports: ApiPorts) {}

  @Query(() => [ViewLag])
  @Extensions({ can: 'signed-in' })
  viewLags(): readonly ViewLag[] {
    return (this.ports.lags?.() ?? []).map((lag) => ({ ...lag, position: lag.position < 0n ? null : lag.position }));
  }
}
