import { Context, Extensions, Field, ID, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { RoleEnum } from '../commands/enums.js';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { globalId } from '../graphql/global-id.js';

@ObjectType({ description: 'Who asks, as this request is signed in.' })
@partOfAnswer
export class Viewer {
  @Field(() => ID)
  id: string;
  @Field(() => String)
  kind: string;
  @Field(() => [RoleEnum])
  roles: readonly string[];
  @Field(() => String)
  workspace: string;
}

@Resolver()
export class ViewerResolver {
  @Query(() => Viewer)
  @Extensions({ can: 'signed-in' })
  viewer(@Context() { caller: { actor, workspace } }: ApiContext): Viewer {
    const id = globalId('Identity', actor.id);
    return { id, kind: actor.kind, roles: actor.roles, workspace };
  }
}
