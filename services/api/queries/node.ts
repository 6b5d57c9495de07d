import { Args, Context, Extensions, ID, Query, Resolver } from '@nestjs/graphql';
import type { ApiContext } from '../graphql/context.js';
import { apiError } from '../graphql/faults.js';
import { parseGlobalId } from '../graphql/global-id.js';
import { Node } from '../graphql/node.js';
import { readerFor } from '../reading/at.js';
import { entities } from '../reading/entities.js';
import type { Item } from '../reading/items.js';
import { AsOfArg, AsOfInput } from '../reading/page.js';

/** Most ids that `nodes` takes. */
const nodesLimit = 100;

/** Anything by its id, under the same rules as the fields that lead to it. What may not be seen does not exist. */
@Resolver()
export class NodeResolver {
  @Query(() => Node, { nullable: true })
  @Extensions({ can: 'signed-in' })
  async node(
    @Args('id', { type: () => ID }) id: string,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ): Promise<Item | undefined> {
    return (await load([id], asOf, context))[0];
  }

  @Query(() => [Node], { nullable: 'items', description: `At most ${nodesLimit}, in the order of the ids.` })
  @Extensions({ can: 'signed-in' })
  async nodes(
    @Args('ids', { type: () => [ID] }) ids: readonly string[],
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ): Promise<readonly (Item | undefined)[]> {
    if (ids.length > nodesLimit)
      throw apiError('BAD_USER_INPUT', `ids: at most ${nodesLimit}`, { field: 'ids', maximum: nodesLimit });
    return load(ids, asOf, context);
  }
}

async function load(ids: readonly string[], asOf: AsOfInput | undefined, context: ApiContext) {
  const reader = await readerFor(context, asOf);
  return Promise.all(
    ids.map((id) => {
      const parsed = parseGlobalId(id);
      return parsed && context.loaders.one(reader, entities[parsed.type], parsed.uuid);
    }),
  );
}
