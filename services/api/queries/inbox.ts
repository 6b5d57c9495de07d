import { Args, Context, Extensions, Field, ID, Int, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { conditionSql, denialReason } from '#libs/authorization';
import { signingNonce } from '#libs/lifecycle/approval';
import type { Contribution, SignatureMeaning } from '#libs/lifecycle';
import { Inject } from '@nestjs/common';
import { reauthenticationSeconds } from '../commands/answers.js';
import { SignatureMeaningEnum } from '../commands/enums.js';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { apiError } from '../graphql/faults.js';
import { isUuid, uuidOf } from '../graphql/global-id.js';
import { Sha256 } from '../graphql/scalars.js';
import { API_PORTS } from '../ports.js';
import type { ApiPorts } from '../ports.js';
import { readerFor } from '../reading/at.js';
import { entities } from '../reading/entities.js';
import { page } from '../reading/items.js';
import type { Item } from '../reading/items.js';
import { AsOfArg, AsOfInput, PageArgs } from '../reading/page.js';
import type { Reader } from '../reading/reader.js';
import { Approval, ApprovalConnection } from './approvals.js';
import { Evaluation } from './evaluations.js';

@ObjectType('SigningChallenge', { description: 'What a signature would bind, and what stands in its way.' })
@partOfAnswer
export class SigningChallenge {
  @Field(() => String, {
    description: 'The `nonce` that the re-authentication has to carry: SHA-256 of {approval, evidence, meaning}.',
  })
  nonce: string;
  @Field(() => Sha256, { description: 'Digest of what would be signed.' })
  evidenceDigest: string;
  @Field(() => SignatureMeaningEnum)
  meaning: string;
  @Field(() => Int, { description: 'How old the re-authentication may be.' })
  maxAgeSeconds: number;
  @Field(() => Approval, { nullable: true })
  approval?: Approval;
  @Field(() => String, { nullable: true, description: 'Why the caller may not sign; absent when nothing is known.' })
  refusal?: string;
  @Field(() => [String], { description: 'The way on which the caller contributed, when that is why.' })
  path: readonly string[];
  @Field(() => [Evaluation], { description: 'Evaluations among the evidence that are withdrawn or past their limit.' })
  staleEvidence: readonly Evaluation[];
}

@Resolver()
export class InboxResolver {
  constructor(@Inject(API_PORTS) private readonly ports: ApiPorts) {}

  @Query(() => ApprovalConnection, {
    description: 'Approvals that wait for a signature which the caller may give now: role, stage and independence.',
  })
  @Extensions({ can: { read: 'Approval' } })
  async inbox(@Args() args: PageArgs, @AsOfArg() asOf: AsOfInput, @Context() context: ApiContext) {
    return inboxPage(await readerFor(context, asOf, args.after), context, args);
  }

  @Query(() => SigningChallenge, { description: 'What am I signing, is the evidence fresh, and may I sign it?' })
  @Extensions({ can: { read: 'Approval' } })
  async signingChallenge(
    @Args('approval', { type: () => ID }) approval: string,
    @Args('meaning', { type: () => SignatureMeaningEnum }) meaning: SignatureMeaning,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ) {
    const reader = await readerFor(context, asOf);
    const found = await context.loaders.one(reader, entities.Approval, uuidOf(approval, ['Approval']));
    if (!found) throw apiError('BAD_USER_INPUT', 'approval: nothing has this id', { field: 'approval' });
    const evidenceDigest = found['evidenceDigest'] as string;
    const { refusal, path } = standsInTheWay(found, context);
    return {
      nonce: signingNonce({ approval: found.uuid, evidence: evidenceDigest, meaning }),
      evidenceDigest,
      meaning,
      maxAgeSeconds: reauthenticationSeconds,
      approval: found,
      refusal,
      path,
      staleEvidence: await staleEvidence(found, context, this.ports.clock.now()),
    };
  }

  @Query(() => SigningChallenge, { description: 'What an emergency override would stand on now.' })
  @Extensions({ can: { read: 'Approval' } })
  async overrideChallenge(
    @Args('overrideId', { type: () => ID, description: 'The id that the override will have: a new UUID.' })
    overrideId: string,
    @Args('modelVersion', { type: () => ID }) modelVersion: string,
    @Context() context: ApiContext,
  ) {
    const override = uuidOf(overrideId, ['Override']);
    if (!override || !isUuid(override))
      throw apiError('BAD_USER_INPUT', 'overrideId: must be a UUID', { field: 'overrideId' });
    const version = await context.loaders.one(
      await readerFor(context),
      entities.ModelVersion,
      uuidOf(modelVersion, ['ModelVersion']),
    );
    const evidence = version && (await this.ports.evidenceOf(context.caller.workspace, version.uuid));
    if (!evidence) throw apiError('BAD_USER_INPUT', 'modelVersion: nothing has this id', { field: 'modelVersion' });
    return {
      nonce: signingNonce({ approval: override, evidence: evidence.evidenceDigest, meaning: 'override' }),
      evidenceDigest: evidence.evidenceDigest,
      meaning: 'override',
      maxAgeSeconds: reauthenticationSeconds,
      refusal: denialReason(context.ability, 'override', 'Approval', { modelId: version['modelId'] as string }),
      path: [],
      staleEvidence: [],
    };
  }
}

/** Pending approvals whose open stage asks for a role of the caller, and that the rules let the caller sign. */
export function inboxPage(reader: Reader, { caller: { actor } }: ApiContext, args: PageArgs) {
  const fields = {
    modelId: 't.model_id',
    requesterId: 't.requester_id',
    contributorIds: {
      array: `ARRAY(SELECT c ->> 'identityId' FROM jsonb_array_elements(coalesce(t.contributors, '[]')) AS c)`,
    },
  };
  return page(reader, entities.Approval, args, [
    { column: 't.status', value: 'pending' },
    {
      sql: (parameter) =>
        `EXISTS (SELECT 1 FROM jsonb_array_elements(t.stages) AS s, jsonb_array_elements(s -> 'quorum') AS q ` +
        `WHERE s ->> 'id' = t.open_stage AND q ->> 'role' = ANY(${parameter(actor.roles)}))`,
    },
    {
      sql: (parameter) =>
        `NOT EXISTS (SELECT 1 FROM jsonb_array_elements(t.signatures) AS s WHERE s ->> 'signerId' = ${parameter(actor.id)})`,
    },
    {
      sql: (parameter) => {
        const { text, values } = conditionSql(reader.ability, 'sign', 'Approval', fields);
        // The rule numbers its own parameters: each is given the number that it gets here.
        const numbers = values.map(parameter);
        return text.replace(/\$(\d+)/g, (_, number: string) => numbers[Number(number) - 1]!);
      },
    },
  ]);
}

function standsInTheWay(approval: Item, { ability }: ApiContext): { refusal?: string; path: readonly string[] } {
  const contributors = (approval['contributors'] ?? []) as readonly Contribution[];
  const reason = denialReason(ability, 'sign', 'Approval', {
    modelId: approval['modelId'] as string,
    requesterId: approval['requesterId'] as string,
    contributorIds: contributors.map(({ identityId }) => identityId),
  });
  if (reason === undefined) {
    const status = approval['status'] as string;
    return status === 'pending' ? { path: [] } : { refusal: `the approval is ${status}`, path: [] };
  }
  const own = contributors.find(
    ({ identityId }) => denialReason(ability, 'sign', 'Approval', { contributorIds: [identityId] }) === reason,
  );
  return { refusal: reason, path: own?.path ?? [] };
}

async function staleEvidence(approval: Item, { loaders }: ApiContext, now: Date): Promise<readonly Item[]> {
  const pins = (approval['pins'] ?? []) as readonly { kind: string; stream: string }[];
  const ids = pins
    .filter(({ kind }) => kind === 'evaluation')
    .map(({ stream }) => stream.slice(stream.indexOf('.') + 1));
  const evaluations = await loaders.many(approval.reader, entities.Evaluation, ids);
  return evaluations.filter(
    ({ status, expiresAt }) =>
      status === 'withdrawn' || (typeof expiresAt === 'string' && Date.parse(expiresAt) <= now.getTime()),
  );
}
