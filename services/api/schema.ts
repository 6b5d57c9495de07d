import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { lexicographicSortSchema, printSchema } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { schemaOptions } from './graphql/options.js';
import { resolvers } from './resolvers.js';

/** The schema as the resolvers declare it, without anything behind it: for the committed SDL and for tests. */
export async function buildApiSchema(): Promise<GraphQLSchema> {
  const builder = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
  try {
    const schema = await builder.get(GraphQLSchemaFactory).create(resolvers, schemaOptions);
    return lexicographicSortSchema(schema);
  } finally {
    await builder.close();
  }
}

/** `schemas/schema.graphql`, byte for byte. */
export async function apiSdl(): Promise<string> {
  const head =
    '# What the API answers. Written by `node scripts/graphql-schema.mjs`; `npm run check` compares it.\n' +
    '# Limits and errors: docs/limits.md.\n\n';
  return `${head}${printSchema(await buildApiSchema())}\n`;
}
