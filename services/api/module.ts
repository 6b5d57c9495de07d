import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ApolloDriver } from '@nestjs/apollo';
import { CqrsModule, QueryBus } from '@nestjs/cqrs';
import { GraphQLModule } from '@nestjs/graphql';
import { Commands } from './commands/commands.js';
import { ExecuteCommandHandler } from './commands/handler.js';
import { graphqlOptions } from './graphql/options.js';
import { ContentController } from './http/content.controller.js';
import { HealthController } from './http/health.controller.js';
import { MetricsController } from './http/metrics.controller.js';
import { API_PORTS } from './ports.js';
import type { ApiPortsWithLimits } from './ports.js';
import { ReadModelQueryHandler, overBus } from './reading/query.js';
import { resolvers } from './resolvers.js';

@Module({})
class ApiModule {}

/** Everything that the API is made of, over its ports. */
export function apiModule(ports: ApiPortsWithLimits): DynamicModule {
  return {
    module: ApiModule,
    imports: [
      CqrsModule.forRoot(),
      GraphQLModule.forRootAsync({
        driver: ApolloDriver,
        inject: [QueryBus],
        useFactory: (bus: QueryBus) => graphqlOptions({ ...ports, readModels: overBus(bus, ports.readModels) }),
      }),
    ],
    controllers: [ContentController, HealthController, MetricsController],
    providers: [
      { provide: API_PORTS, useValue: ports },
      Commands,
      ExecuteCommandHandler,
      ReadModelQueryHandler,
      ...resolvers,
    ],
  };
}
