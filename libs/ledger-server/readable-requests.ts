import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { MalformedMessage } from '#libs/event-store/protocol';

/** What a handler gets: the request, or why it cannot be read. */
export type Received<Request> = Request | MalformedMessage;

/**
 * grpc-js answers a request that does not decode with a text that names nothing. Here the reason reaches the
 * handler, which answers INVALID_ARGUMENT with field and rule.
 */
export function readable<Service extends ServiceDefinition>(service: Service): Service {
  const wrap = (definition: MethodDefinition<unknown, unknown>): MethodDefinition<unknown, unknown> => ({
    ...definition,
    requestDeserialize: (bytes) => {
      try {
        return definition.requestDeserialize(bytes);
      } catch (error) {
        return error instanceof MalformedMessage
          ? error
          : new MalformedMessage(`no protobuf: ${(error as Error).message}`);
      }
    },
  });
  return Object.fromEntries(
    Object.entries(service).map(([name, definition]) => [name, wrap(definition as MethodDefinition<unknown, unknown>)]),
  ) as unknown as Service;
}
