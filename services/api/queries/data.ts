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
import { dataQuality } from '../../../libs/projections/inventory/tables.js';
import { EvidenceGradeEnum } from '../commands/enums.js';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { NodeType, Recorded } from '../graphql/node.js';
import { DateTime, Sha256 } from '../graphql/scalars.js';
import { readerFor } from '../reading/at.js';
import { entities } from '../reading/entities.js';
import { page } from '../reading/items.js';
import type { Item, Part } from '../reading/items.js';
import { AsOfArg, AsOfInput, PageArgs, connectionOf } from '../reading/page.js';
import { Identity } from './people.js';
import { Column, ContentFile, Disclosure } from './values.js';

@ObjectType('Code', { description: 'A commit and the people who wrote it.' })
@partOfAnswer
export class Code {
  @Field(() => String)
  repository: string;
  @Field(() => String)
  commit: string;
  @Field(() => [ID])
  authorIds: readonly string[];
}

/** The code of an item, as its columns hold it. */
export function codeOf({ code, reader }: Item): (Code & Pick<Item, 'reader'>) | undefined {
  if (!code) return undefined;
  const { repository, commit, authors } = code as { repository: string; commit: string; authors: readonly string[] };
  return { repository, commit, authorIds: authors, reader };
}

@NodeType('Dataset', 'Dataset', 'A data set as registered; its versions are sealed each for itself.')
export class Dataset extends Recorded {
  @Field(() => String)
  name: string;
  @Field(() => String)
  purpose: string;
  @Field(() => String)
  legalBasis: string;
  @Field(() => String, { nullable: true })
  licence?: string;
  @Field(() => DateTime)
  registeredAt: string;
}

@ObjectType('DataQualityFinding')
@partOfAnswer
export class DataQualityFinding {
  @Field(() => String)
  rule: string;
  @Field(() => String, { nullable: true })
  columnName?: string;
  @Field(() => Sha256)
  detail: string;
  @Field(() => DateTime)
  foundAt: string;
}

@NodeType('DatasetVersion', 'DatasetVersion', 'Data as sealed: never changed, perhaps withdrawn.')
export class DatasetVersion extends Recorded {
  @Field(() => Int, { nullable: true })
  number?: number;
  @Field(() => String, { description: 'sealed or withdrawn.' })
  status: string;
  @Field(() => ContentFile, { nullable: true })
  content?: ContentFile;
  @Field(() => String, { nullable: true, description: 'Digest of the rows that does not depend on their order.' })
  rowDigest?: string;
  @Field(() => Float, { nullable: true })
  rows?: number;
  @Field(() => [Column], { nullable: true })
  columns?: readonly Column[];
  @Field(() => ContentFile, { nullable: true })
  profile?: ContentFile;
  @Field(() => EvidenceGradeEnum, { nullable: true })
  grade?: string;
  @Field(() => DateTime, { nullable: true })
  sealedAt?: string;
  @Field(() => DateTime, { nullable: true })
  withdrawnAt?: string;
}

export const DatasetConnection = connectionOf(() => Dataset, 'Dataset');

@Resolver(() => Code)
export class CodeResolver {
  @ResolveField(() => [Identity], { description: 'Those that the caller may see.' })
  authors(@Parent() { reader, authorIds }: Code & Pick<Item, 'reader'>, @Context() { loaders }: ApiContext) {
    return loaders.many(reader, entities.Identity, authorIds);
  }
}

@Resolver(() => Dataset)
export class DatasetResolver {
  @ResolveField(() => Disclosure, { nullable: true })
  description(@Parent() { reader, description }: Item, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, description);
  }

  @ResolveField(() => Identity, { nullable: true })
  registeredBy(@Parent() { reader, registeredBy }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, registeredBy);
  }

  @ResolveField(() => [DatasetVersion], { description: 'Newest first, at most a hundred.' })
  versions(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Item[]> {
    return loaders.children(reader, entities.DatasetVersion, 'dataset_id', uuid);
  }

  @Query(() => DatasetConnection)
  @Extensions({ can: { read: 'Dataset' } })
  async datasets(@Args() args: PageArgs, @AsOfArg() asOf: AsOfInput, @Context() context: ApiContext) {
    return page(await readerFor(context, asOf, args.after), entities.Dataset, args);
  }
}

@Resolver(() => DatasetVersion)
export class DatasetVersionResolver {
  @ResolveField(() => Dataset, { nullable: true })
  dataset(@Parent() { reader, datasetId }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Dataset, datasetId);
  }

  @ResolveField(() => Code, { nullable: true })
  code(@Parent() item: Item) {
    return codeOf(item);
  }

  @ResolveField(() => Identity, { nullable: true })
  sealedBy(@Parent() { reader, sealedBy }: Item, @Context() { loaders }: ApiContext) {
    return loaders.one(reader, entities.Identity, sealedBy);
  }

  @ResolveField(() => [DatasetVersion])
  derivedFrom(@Parent() { reader, derivedFrom }: Item, @Context() { loaders }: ApiContext): Promise<readonly Item[]> {
    return loaders.many(reader, entities.DatasetVersion, derivedFrom);
  }

  @ResolveField(() => Disclosure, { nullable: true })
  withdrawalReason(@Parent() { reader, withdrawalReason }: Item, @Context() { loaders }: ApiContext) {
    return loaders.disclosure(reader, withdrawalReason);
  }

  @ResolveField(() => [DataQualityFinding])
  quality(@Parent() { reader, uuid }: Item, @Context() { loaders }: ApiContext): Promise<readonly Part[]> {
    return loaders.parts(reader, dataQuality, 'dataset_version_id', uuid);
  }
}
