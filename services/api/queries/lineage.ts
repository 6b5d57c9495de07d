import {
  Args,
  ArgsType,
  Context,
  Extensions,
  Field,
  ID,
  Int,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  registerEnumType,
} from '@nestjs/graphql';
import { contributorsOf, lineageLimits, lineageWalk } from '#libs/projections/lineage';
import type { Contributor, Lineage, LineageEdge, NodeReference } from '#libs/projections/lineage';
import { InvalidArgument } from '../../../libs/projections/core/reader.js';
import type { Reader as WalkReader } from '../../../libs/projections/core/reader.js';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { apiError } from '../graphql/faults.js';
import { parseGlobalId } from '../graphql/global-id.js';
import { Node } from '../graphql/node.js';
import { Position } from '../graphql/scalars.js';
import { readerFor } from '../reading/at.js';
import { entities } from '../reading/entities.js';
import { AsOfArg, AsOfInput } from '../reading/page.js';
import type { Reader } from '../reading/reader.js';
import { kindOfType, readableReferences, seesAll, typeOfKind } from './lineage-scope.js';
import { Identity } from './people.js';

const LineageDirection = { UPSTREAM: 'upstream', DOWNSTREAM: 'downstream' } as const;
registerEnumType(LineageDirection, {
  name: 'LineageDirection',
  description: 'UPSTREAM: what it was made from and by whom. DOWNSTREAM: what came of it.',
});

@ArgsType()
export class LineageArgs {
  @Field(() => ID, { description: 'A node, or `code:<repository>@<commit>`.' })
  of: string;
  @Field(() => LineageDirection)
  direction: 'upstream' | 'downstream';
  @Field(() => String, { nullable: true, description: 'Of a data set version: walk this column instead.' })
  column?: string;
  @Field(() => Int, { nullable: true, description: `Steps from the start, 1 to ${lineageLimits.maximumDepth}.` })
  depth?: number;
  @Field(() => Int, {
    nullable: true,
    description: `The budget of nodes, 1 to ${lineageLimits.maximumFirst}; default ${lineageLimits.defaultFirst}.`,
  })
  first?: number;
  @Field(() => String, { nullable: true, description: 'The end cursor of an answer that was cut.' })
  after?: string;
}

@ObjectType('LineageNode')
@partOfAnswer
export class LineageNodeValue {
  @Field(() => String, { description: '`<kind>:<key>`: what edges name it by.' })
  ref: string;
  @Field(() => String)
  kind: string;
  @Field(() => String)
  key: string;
  @Field(() => Int, { description: 'Steps from the start.' })
  depth: number;
}

@ObjectType('LineageEdge', { description: 'Cause to effect.' })
@partOfAnswer
export class LineageEdgeValue {
  @Field(() => String)
  from: string;
  @Field(() => String)
  to: string;
  @Field(() => String)
  kind: string;
  @Field(() => Position, { description: 'Of the first event that said so.' })
  position: bigint;
}

@ObjectType('Lineage')
@partOfAnswer
export class LineageValue {
  @Field(() => [LineageNodeValue], { description: 'Breadth first.' })
  nodes: readonly LineageNodeValue[];
  @Field(() => [LineageEdgeValue], { description: 'Between these nodes, and between them and those of earlier pages.' })
  edges: readonly LineageEdgeValue[];
  @Field(() => Boolean, { description: 'More is there than is answered: ask on with the cursor, or deeper.' })
  isPartial: boolean;
  @Field(() => String, { nullable: true, description: 'What cut it: nodes or depth.' })
  cut?: string;
  @Field(() => String, { nullable: true })
  endCursor?: string;
  @Field(() => Position, { description: 'The position that it was read at: further pages ask `asOf` it.' })
  position: bigint;
}

@ObjectType('ContributorOf', { description: 'Somebody behind it, with every way in which they helped.' })
@partOfAnswer
export class ContributorOf {
  @Field(() => ID)
  identityId: string;
  @Field(() => [String], { description: 'A shortest way from the start to them, as refs.' })
  path: readonly string[];
  @Field(() => [LineageEdgeValue])
  contributions: readonly LineageEdgeValue[];
}

@ObjectType('Contributors')
@partOfAnswer
export class ContributorsValue {
  @Field(() => [ContributorOf], { description: 'Nearest first.' })
  contributors: readonly ContributorOf[];
  @Field(() => Boolean, { description: 'The walk met its budget: there may be more.' })
  isPartial: boolean;
}

@Resolver(() => LineageNodeValue)
export class LineageNodeResolver {
  @ResolveField(() => Node, { nullable: true })
  node(@Parent() { kind, key, reader }: NodeReference & { reader: Reader }, @Context() { loaders }: ApiContext) {
    const type = typeOfKind(kind);
    return type && loaders.one(reader, entities[type], key);
  }
}

@Resolver(() => ContributorOf)
export class ContributorResolver {
  @ResolveField(() => Identity, { nullable: true })
  identity(@Parent() { identityId, reader }: Contributor & { reader: Reader }, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, identityId);
  }
}

@Resolver()
export class LineageResolver {
  @Query(() => LineageValue, { description: 'What it was made from, or what came of it, in one round trip.' })
  @Extensions({ can: { read: 'ModelVersion' } })
  async lineage(@Args() args: LineageArgs, @AsOfArg() asOf: AsOfInput, @Context() context: ApiContext) {
    const reader = await readerFor(context, asOf);
    const { direction, depth, first, after } = args;
    const start = await startOf(args.of, args.column, reader, context);
    const walked = await argued(() =>
      lineageWalk(walkReader(reader), {
        start: [start],
        direction,
        ...(typeof depth === 'number' && { depth }),
        ...(typeof first === 'number' && { first }),
        ...(typeof after === 'string' && { after }),
      }),
    );
    return answer(walked, reader);
  }

  @Query(() => ContributorsValue, { description: 'Every person and service behind it (rule 1).' })
  @Extensions({ can: { read: 'ModelVersion' } })
  async contributors(
    @Args('of', { type: () => ID }) of: string,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ) {
    const reader = await readerFor(context, asOf);
    const start = await startOf(of, undefined, reader, context);
    // Who evaluated a version helped to make it, though the evaluation came after it.
    const evaluations =
      start.kind === 'model-version'
        ? await context.loaders.children(reader, entities.Evaluation, 'model_version_id', start.key)
        : [];
    const starts = [start, ...evaluations.map(({ uuid }): NodeReference => ({ kind: 'evaluation', key: uuid }))];
    const { contributors, isPartial } = await argued(() =>
      contributorsOf(walkReader(reader), starts.slice(0, lineageLimits.maximumStart)),
    );
    return {
      isPartial: isPartial || starts.length > lineageLimits.maximumStart,
      contributors: contributors.map(({ identityId, path, contributions }) => ({
        identityId,
        reader,
        path: path.map(refOf),
        contributions: contributions.map(({ kind, to, position }) => ({
          from: `identity:${identityId}`,
          to: refOf(to),
          kind,
          position,
        })),
      })),
    };
  }
}

function refOf({ kind, key }: NodeReference): string {
  return `${kind}:${key}`;
}

function walkReader({ workspace, asOf, query }: Reader): WalkReader {
  return {
    workspace,
    asOf,
    query: async <Row>(text: string, values: readonly unknown[]) => ({
      rows: (await query(text, values)).rows as unknown as readonly Row[],
    }),
  };
}

/** The node to start from, which the caller must be allowed to read. */
async function startOf(
  of: string,
  column: string | undefined,
  reader: Reader,
  context: ApiContext,
): Promise<NodeReference> {
  if (of.startsWith('code:')) return { kind: 'code', key: of.slice('code:'.length) };
  const id = parseGlobalId(of);
  const kind = id && kindOfType(id.type);
  // Where a rule limits the caller, the start must be something that it lets them read.
  const hidden = kind && !seesAll(reader, kind) && !(await context.loaders.one(reader, entities[id.type], id.uuid));
  if (!kind || hidden) throw apiError('BAD_USER_INPUT', 'of: nothing has this id', { field: 'of' });
  if (column === undefined || column === null) return { kind, key: id.uuid };
  if (kind !== 'dataset-version')
    throw apiError('BAD_USER_INPUT', 'column: only a data set version has columns', { field: 'column' });
  return { kind: 'column', key: `${id.uuid}#${column}` };
}

async function answer(walked: Lineage, reader: Reader) {
  const { nodes, edges, isPartial, cut, endCursor } = walked;
  const seen = await readableReferences(reader, nodes);
  const named = (edge: LineageEdge) => ({
    from: refOf(edge.from),
    to: refOf(edge.to),
    kind: edge.kind,
    position: edge.position,
  });
  return {
    nodes: nodes
      .filter((node) => seen === 'all' || seen.has(refOf(node)))
      .map(({ kind, key, depth }) => ({ ref: `${kind}:${key}`, kind, key, depth, reader })),
    edges: edges.filter(({ from, to }) => seen === 'all' || (seen.has(refOf(from)) && seen.has(refOf(to)))).map(named),
    isPartial,
    cut,
    endCursor,
    position: reader.asOf,
  };
}

/** The walk's own rules, answered as those of any argument. */
async function argued<Result>(walk: () => Promise<Result>): Promise<Result> {
  try {
    return await walk();
  } catch (error) {
    if (!(error instanceof InvalidArgument)) throw error;
    throw apiError('BAD_USER_INPUT', error.message, { field: error.field, rule: error.rule });
  }
}
