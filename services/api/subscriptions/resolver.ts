import { Inject } from '@nestjs/common';
import { Args, Context, Extensions, Field, ID, ObjectType, Resolver, Subscription } from '@nestjs/graphql';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { Position } from '../graphql/scalars.js';
import { API_PORTS } from '../ports.js';
import type { ApiPortsWithLimits } from '../ports.js';
import { Approval } from '../queries/approvals.js';
import { inboxPage } from '../queries/inbox.js';
import { TimelineEvent, eventsAfter, parseSubject } from '../queries/timeline.js';
import { readerFor } from '../reading/at.js';
import { pageLimit } from '../reading/page.js';
import { advances } from './advances.js';

@ObjectType('Inbox', { description: 'Everything that waits for the caller, as of a position.' })
@partOfAnswer
export class Inbox {
  @Field(() => [Approval], { description: `Newest first, at most ${pageLimit}.` })
  approvals: readonly Approval[];
  @Field(() => Position)
  position: bigint;
}

@Resolver()
export class SubscriptionResolver {
  constructor(@Inject(API_PORTS) private readonly ports: ApiPortsWithLimits) {}

  @Subscription(() => TimelineEvent, {
    description:
      'Events as they are recorded, each under the rights that the caller has at that moment. Begins after `after`: pass the last position seen and nothing is missed.',
  })
  @Extensions({ can: { read: 'ModelVersion' } })
  async *timelineAdded(
    @Args('of', { type: () => ID, nullable: true }) of: string | undefined,
    @Args('after', { type: () => Position, nullable: true }) after: bigint | undefined,
    @Context() started: ApiContext,
  ) {
    const subject = parseSubject(of);
    let last = after ?? (await this.ports.readModels.position());
    for await (const { context, position } of advances(this.ports, started)) {
      const reader = await readerFor(context, { position });
      for (let more = true; more;) {
        const events = await eventsAfter(reader, subject, last, pageLimit);
        for (const event of events) {
          yield { timelineAdded: event };
          last = event.position;
        }
        more = events.length === pageLimit;
      }
      if (position > last) last = position;
    }
  }

  @Subscription(() => Inbox, { description: 'The inbox, whenever something in it changes; first as it is.' })
  @Extensions({ can: { read: 'Approval' } })
  async *inboxChanged(@Context() started: ApiContext) {
    let before: string | undefined;
    for await (const { context, position } of advances(this.ports, started)) {
      const reader = await readerFor(context, { position });
      const { nodes } = await inboxPage(reader, context, { first: pageLimit });
      const now = JSON.stringify(nodes.map(({ uuid, position: at }) => [uuid, String(at)]));
      if (now === before) continue;
      before = now;
      yield { inboxChanged: { approvals: nodes, position } };
    }
  }
}
