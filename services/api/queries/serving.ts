import { Args, Context, Extensions, Field, ObjectType, Query, Resolver } from '@nestjs/graphql';
import type { Arm } from '../../../libs/lifecycle/deployment/events.js';
import { conditionSql } from '#libs/authorization';
import type { ApiContext } from '../graphql/context.js';
import { partOfAnswer } from '../graphql/errors.js';
import { DateTime } from '../graphql/scalars.js';
import { readerFor } from '../reading/at.js';
import { entities } from '../reading/entities.js';
import { AsOfArg, AsOfInput } from '../reading/page.js';
import { Deployment, TrafficArm, TrafficArmResolver } from './deployments.js';

@ObjectType('ServingArm', { description: 'A version that decided at the time asked for, and its share.' })
@partOfAnswer
export class ServingArm extends TrafficArm {
  @Field(() => DateTime, { description: 'Since when the split was as it is here.' })
  since: string;
  @Field(() => Deployment, { nullable: true })
  deployment?: Deployment;
}

@Resolver(() => ServingArm)
export class ServingResolver extends TrafficArmResolver {
  @Query(() => [ServingArm], {
    description:
      'Which version decided at an endpoint on that date, as known `asOf`. Several where a canary shared the traffic.',
  })
  @Extensions({ can: { read: 'Deployment' } })
  async decidedBy(
    @Args('endpoint', { type: () => String }) endpoint: string,
    @Args('environment', { type: () => String }) environment: string,
    @Args('at', { type: () => DateTime }) at: string,
    @AsOfArg() asOf: AsOfInput,
    @Context() context: ApiContext,
  ) {
    const reader = await readerFor(context, asOf);
    const { text, values } = conditionSql(reader.ability, 'read', 'Deployment', { modelId: 'd.model_id' }, 6);
    const { rows } = await reader.query(
      `SELECT DISTINCT ON (c.deployment_id) c.deployment_id, c.act, c.at, c.arms, d.started_at ` +
        `FROM read.deployment_change_at($1, $2) AS c JOIN read.deployment_at($1, $2) AS d USING (deployment_id) ` +
        `WHERE d.endpoint = $3 AND d.environment = $4 AND c.at <= $5 AND ${text} ` +
        `ORDER BY c.deployment_id, c.position DESC, c.ordinal DESC`,
      [reader.workspace, String(reader.asOf), endpoint, environment, new Date(at).toISOString(), ...values],
    );
    // The deployment that was started last and had traffic is the one that decided.
    const serving = rows
      .map(
        (row) =>
          ({ ...row, arms: (row['arms'] as readonly Arm[]).filter(({ weight }) => weight > 0) }) as unknown as Served,
      )
      .filter(({ act, arms }) => act !== 'stopped' && arms.length > 0)
      .sort((left, right) => (left.started_at < right.started_at ? -1 : 1))
      .at(-1);
    if (!serving) return [];
    const deployment = await context.loaders.one(reader, entities.Deployment, serving.deployment_id);
    return serving.arms.map((arm) => ({ ...arm, reader, since: serving.at, deployment }));
  }
}

interface Served {
  readonly deployment_id: string;
  readonly act: string;
  readonly at: string;
  readonly started_at: string;
  readonly arms: readonly Arm[];
}
