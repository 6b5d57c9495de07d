import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { BuildSchemaOptions } from '@nestjs/graphql';
import type { GraphQLSchema } from 'graphql';
import { socketOptions } from '../subscriptions/socket.js';
import { limitRule } from '../limits/document.js';
import { TokenBuckets } from '../limits/rate.js';
import type { ApiPortsWithLimits } from '../ports.js';
import { authorise } from './authorise.js';
import { contextFor, signIn } from './context.js';
import type { ApiContext } from './context.js';
import { maskFaults } from './faults.js';
import { gatePlugin } from './gate.js';

/** How the schema is made from the classes; the same for the server and for the committed SDL. */
export const schemaOptions: BuildSchemaOptions = {};

/** Apollo as Assay runs it: no explorer, no batches, no GET across sites, limits on, faults masked. */
export function graphqlOptions(ports: ApiPortsWithLimits): ApolloDriverConfig {
  const { clock, limits } = ports;
  let schema: GraphQLSchema | undefined;
  return {
    driver: ApolloDriver,
    path: '/graphql',
    autoSchemaFile: true,
    buildSchemaOptions: schemaOptions,
    sortSchema: true,
    transformSchema: (built) => (schema = authorise(built)),
    subscriptions: { 'graphql-ws': socketOptions(ports, () => schema!) as unknown as true },
    graphiql: false,
    // Who may introspect is decided at the gate, by role.
    introspection: true,
    hideSchemaDetailsFromClientErrors: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    autoTransformHttpErrors: false,
    includeStacktraceInErrorResponses: false,
    parseOptions: { maxTokens: limits.tokens },
    validationRules: [limitRule(limits)],
    formatError: maskFaults(ports.log),
    context: async ({ req }: { req: IncomingMessage; res: ServerResponse }): Promise<ApiContext> =>
      contextFor(ports, req, await signIn(ports, req.headers.authorization)),
    plugins: [
      // It would look at every field of every answer, to find each time that nothing may be kept: see the gate.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      gatePlugin({
        ports,
        limits,
        actors: new TokenBuckets(clock, limits.ratePerSecond, limits.rateBurst),
        addresses: new TokenBuckets(clock, limits.anonymousRatePerSecond, limits.anonymousRateBurst),
      }),
    ],
  };
}
