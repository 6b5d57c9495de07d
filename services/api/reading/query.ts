import { Inject } from '@nestjs/common';
import { Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { API_PORTS } from '../ports.js';
import type { ApiPorts } from '../ports.js';
import type { ReadModels, Row } from './reader.js';

/** A question to the read models on its way through the bus: the views of `libs/projections` are behind it. */
export class ReadModelQuery extends Query<{ readonly rows: readonly Row[] }> {
  constructor(
    readonly text: string,
    readonly values: readonly unknown[],
  ) {
    super();
  }
}

/** The bus's end. */
@QueryHandler(ReadModelQuery)
export class ReadModelQueryHandler implements IQueryHandler<ReadModelQuery> {
  constructor(@Inject(API_PORTS) private readonly ports: ApiPorts) {}

  execute({ text, values }: ReadModelQuery): Promise<{ readonly rows: readonly Row[] }> {
    return this.ports.readModels.query(text, values);
  }
}

/** The same read models, every question to them over the bus. */
export function overBus(bus: QueryBus, models: ReadModels): ReadModels {
  return { ...models, query: (text, values) => bus.execute(new ReadModelQuery(text, values)) };
}
