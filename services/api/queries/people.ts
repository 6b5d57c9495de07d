import {
  Args,
  Context,
  Extensions,
  Field,
  ID,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { mayDo } from '#libs/authorization';
import { serviceKey } from '../../../libs/projections/access/tables.js';
import { RoleEnum } from '../commands/enums.js';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { NodeType, Recorded } from '../graphql/node.js';
import { DateTime } from '../graphql/scalars.js';
import { entities } from '../reading/entities.js';
import { page } from '../reading/items.js';
import type { Item, Part } from '../reading/items.js';
import { AsOfArg, AsOfInput, PageArgs, connectionOf } from '../reading/page.js';
import { readerFor } from '../reading/at.js';
import { ContentFile, Disclosure } from './values.js';

@NodeType('Identity', 'Identity', 'A person or a service: a random id. What names it lies in the vault.')
export class Identity extends Recorded {
  @Field(() => String, { description: 'person or service.' })
  kind: string;
  @Field(() => String, { description: 'registered or erased.' })
  status: string;
  @Field(() => ID, { nullable: true, description: 'Whose service it is.' })
  ownerId?: string;
  @Field(() => DateTime, { nullable: true })
  registeredAt?: string;
  @Field(() => DateTime, { nullable: true })
  erasedAt?: string;
}

@ObjectType('ServiceKey', { description: 'A key of a service. Its secret is kept nowhere.' })
@partOfAnswer
export class ServiceKey {
  @Field(() => ID)
  keyId: string;
  @Field(() => String)
  status: string;
  @Field(() => [String], { nullable: true })
  scopes?: readonly string[];
  @Field(() => DateTime, { nullable: true })
  issuedAt?: string;
  @Field(() => DateTime, { nullable: true })
  expiresAt?: string;
}

@NodeType('AccessGrant', 'AccessGrant', 'A role given to somebody, or delegated by somebody who holds it.')
export class AccessGrant extends Recorded {
  @Field(() => String, { nullable: true, description: 'grant or delegation.' })
  kind?: string;
  @Field(() => String)
  status: string;
  @Field(() => ID, { nullable: true })
  subjectId?: string;
  @Field(() => ID, { nullable: true })
  delegatorId?: string;
  @Field(() => RoleEnum, { nullable: true })
  role?: string;
  @Field(() => ID, { nullable: true, description: 'The model that it is limited to.' })
  scope?: string;
  @Field(() => DateTime, { nullable: true })
  validFrom?: string;
  @Field(() => DateTime, { nullable: true })
  validUntil?: string;
  @Field(() => DateTime, { nullable: true })
  endedAt?: string;
}

@NodeType('Export', 'Export', 'A dossier as asked for and as made, and who read it.')
export class ExportRequest extends Recorded {
  @Field(() => String)
  status: string;
  @Field(() => String, { nullable: true })
  kind?: string;
  @Field(() => ID, { nullable: true })
  modelVersionId?: string;
  @Field(() => String, { nullable: true, description: 'The position that it is a picture of.' })
  asOf?: string;
  @Field(() => DateTime, { nullable: true })
  requestedAt?: string;
  @Field(() => [ContentFile], { nullable: true })
  files?: readonly ContentFile[];
  @Field(() => String, { nullable: true })
  failure?: string;
}

const IdentityConnection = connectionOf(() => Identity, 'Identity');
const AccessGrantConnection = connectionOf(() => AccessGrant, 'AccessGrant');
const ExportConnection = connectionOf(() => ExportRequest, 'Export');

@Resolver(() => Identity)
export class IdentityResolver {
  @ResolveField(() => Disclosure, {
    nullable: true,
    description: 'Absent when there is none; its text when it may be seen.',
  })
  displayName(@Parent() { reader, displayName, uuid }: Item, @Context() { loaders }: ApiContext) {
    if (typeof displayName !== 'string') return undefined;
    if (!mayDo(reader.ability, 'reveal', 'Identity', { identityId: uuid })) return { digest: displayName };
    return loaders.text(reader, displayName);
  }

  @ResolveField(() => Identity, { nullable: true })
  owner(@Parent() { reader, ownerId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, ownerId);
  }

  @ResolveField(() => [AccessGrant], { description: 'The newest hundred that the caller may see.' })
  grants(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Item[]> {
    return loaders.children(reader, entities.AccessGrant, 'subject_id', uuid);
  }

  @ResolveField(() => [ServiceKey])
  keys(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Part[]> {
    return loaders.parts(reader, serviceKey, 'identity_id', uuid);
  }

  @Query(() => IdentityConnection)
  @Extensions({ can: { read: 'Identity' } })
  async identities(@Args() args: PageArgs, @AsOfArg() asOf: AsOfInput, @Context() context: ApiContext) {
    return page(await readerFor(context, asOf, args.after), entities.Identity, args);
  }

  @Query(() => AccessGrantConnection, { description: 'Who could do what, when.' })
  @Extensions({ can: { read: 'AccessGrant' } })
  async accessGrants(@Args() args: PageArgs, @AsOfArg() asOf: AsOfInput, @Context() context: ApiContext) {
    return page(await readerFor(context, asOf, args.after), entities.AccessGrant, args);
  }

  @Query(() => ExportConnection, { description: 'Dossiers asked for and made.' })
  @Extensions({ can: { read: 'Export' } })
  async exports(@Args() args: PageArgs, @AsOfArg() asOf: AsOfInput, @Context() context: ApiContext) {
    return page(await readerFor(context, asOf, args.after), entities.Export, args);
  }
}

@Resolver(() => AccessGrant)
export class AccessGrantResolver {
  @ResolveField(() => Identity, { nullable: true })
  subject(@Parent() { reader, subjectId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, subjectId);
  }

  @ResolveField(() => Identity, { nullable: true })
  grantedBy(@Parent() { reader, grantedBy }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, grantedBy);
  }
}

@Resolver(() => ExportRequest)
export class ExportResolver {
  @ResolveField(() => Identity, { nullable: true })
  requester(@Parent() { reader, requesterId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, requesterId);
  }
}
