import {
  Args,
  Context,
  Extensions,
  Field,
  Float,
  ID,
  Int,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { timelineEvent } from '../../../libs/projections/timeline/tables.js';
import type { Table } from '../../../libs/projections/core/table.js';
import { EvidenceGradeEnum } from '../commands/enums.js';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { apiError } from '../graphql/faults.js';
import { parseGlobalId } from '../graphql/global-id.js';
import type { GlobalId } from '../graphql/global-id.js';
import { DateTime, Position, Sha256 } from '../graphql/scalars.js';
import { readerFor } from '../reading/at.js';
import { entities } from '../reading/entities.js';
import { partOf } from '../reading/items.js';
import type { Part } from '../reading/items.js';
import { AsOfArg, AsOfInput, PageArgs, checkFirst, connection, connectionOf, readCursor } from '../reading/page.js';
import type { Reader } from '../reading/reader.js';
import { Identity } from './people.js';
import { timelineScope } from './timeline-scope.js';

@ObjectType('TimelineEvent', {
  description: 'One event of the log, by its envelope. What it says is read in the views.',
})
@partOfAnswer
export class TimelineEvent {
  @Field(() => ID)
  eventId: string;
  @Field(() => String)
  type: string;
  @Field(() => Int)
  schemaVersion: number;
  @Field(() => String)
  stream: string;
  @Field(() => String, { description: 'The stream of what it is about.' })
  subjectStream: string;
  @Field(() => Position)
  revision: bigint;
  @Field(() => Position)
  position: bigint;
  @Field(() => DateTime)
  occurredAt: string;
  @Field(() => DateTime)
  recordedAt: string;
  @Field(() => ID)
  actorId: string;
  @Field(() => ID, { nullable: true })
  onBehalfOf?: string;
  @Field(() => ID)
  correlationId: string;
  @Field(() => ID, { nullable: true })
  causationId?: string;
  @Field(() => String, { nullable: true, description: '`<policyId>@<version>` where a policy decided.' })
  policy?: string;
  @Field(() => EvidenceGradeEnum)
  grade: string;
  @Field(() => Sha256, { description: 'Digest of the event as stored.' })
  digest: string;
  @Field(() => Float, { nullable: true, description: 'Of a denial: how often.' })
  count?: number;
  @Field(() => String, { nullable: true, description: 'Of a denial: by which rule.' })
  rule?: string;
  @Field(() => String, { nullable: true, description: 'Of a denial: at what.' })
  action?: string;
}

const TimelineConnection = connectionOf(() => TimelineEvent, 'TimelineEvent');

@Resolver(() => TimelineEvent)
export class TimelineResolver {
  @ResolveField(() => Identity, { nullable: true })
  actor(@Parent() { reader, actorId }: Part, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, actorId);
  }

  @Query(() => TimelineConnection, {
    description: 'Every event about something and about what hangs on it, newest first; refusals among them.',
  })
  @Extensions({ can: { read: 'ModelVersion' } })
  async timeline(
    @Args('of', { type: () => ID, nullable: true, description: 'Left out: the whole workspace.' })
    of: string | undefined,
    @Args('types', { type: () => [String], nullable: true }) types: readonly string[] | undefined,
    @Args() args: PageArgs,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ) {
    const reader = await readerFor(context, asOf, args.after);
    return timelinePage(reader, args, of, types);
  }
}

/** The node that a timeline is about. @throws GraphQLError BAD_USER_INPUT */
export function parseSubject(of: string | null | undefined): GlobalId | undefined {
  if (of === undefined || of === null) return undefined;
  const id = parseGlobalId(of);
  if (!id) throw apiError('BAD_USER_INPUT', 'of: must be the id of a node', { field: 'of' });
  return id;
}

const table = timelineEvent as unknown as Table;

/** One page of the events that the caller may see. */
async function timelinePage(reader: Reader, args: PageArgs, of: string | undefined, types?: readonly string[]) {
  const first = checkFirst(args.first);
  const values: unknown[] = [reader.workspace, String(reader.asOf)];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const conditions = [timelineScope(reader, parseSubject(of), values)];
  if (types) conditions.push(`t.type = ANY(${parameter(types)})`);
  if (args.after) {
    const [position, ordinal] = readCursor(args.after, 2).place;
    conditions.push(`(t.position, t.ordinal) < (${parameter(position)}::bigint, ${parameter(ordinal)}::integer)`);
  }
  const { rows } = await reader.query(
    `SELECT t.* FROM read.timeline_event_at($1, $2) AS t WHERE ${conditions.join(' AND ')} ` +
      `ORDER BY t.position DESC, t.ordinal DESC LIMIT ${parameter(first + 1)}`,
    values,
  );
  const found = rows.map((row) => ({
    node: partOf(table, row, reader),
    place: [String(row['position']), String(row['ordinal'])],
  }));
  return connection(found, first, reader.asOf, args.after);
}

/** The oldest `most` events after a position that the caller may see, in the order of the log. */
export async function eventsAfter(
  reader: Reader,
  subject: GlobalId | undefined,
  after: bigint,
  most: number,
): Promise<readonly Part[]> {
  const values: unknown[] = [reader.workspace, String(reader.asOf), String(after), most];
  const visible = timelineScope(reader, subject, values);
  const { rows } = await reader.query(
    `SELECT t.* FROM read.timeline_event_at($1, $2) AS t WHERE t.position > $3 AND ${visible} ` +
      `ORDER BY t.position, t.ordinal LIMIT $4`,
    values,
  );
  return rows.map((row) => partOf(table, row, reader));
}
