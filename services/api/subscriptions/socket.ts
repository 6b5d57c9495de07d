import type { IncomingMessage } from 'node:http';
import { CloseCode } from 'graphql-ws';
import type { Context, SubscribePayload } from 'graphql-ws';
import { GraphQLError, OperationTypeNode, getOperationAST, parse, specifiedRules, validate } from 'graphql';
import type { DocumentNode, ExecutionArgs, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Actor } from '#libs/lifecycle';
import { contextFor, signIn } from '../graphql/context.js';
import type { ApiContext } from '../graphql/context.js';
import { apiError, correlate, maskFaults } from '../graphql/faults.js';
import { countRefusals } from '../graphql/refusals.js';
import { limitRule } from '../limits/document.js';
import type { ApiPortsWithLimits } from '../ports.js';

interface Extra {
  readonly request: IncomingMessage;
  readonly socket: { close(code: number, reason: string): void };
  actor?: Actor;
  authorization?: string;
}

type SocketContext = Context<Record<string, unknown>, Extra>;

/**
 * GraphQL over WebSocket (graphql-transport-ws): subscriptions only. Who calls is said once, in the payload of
 * `connection_init` ({authorization: "Bearer …"}), and asked again at every moment that something is sent.
 */
export function socketOptions(ports: ApiPortsWithLimits, schema: () => GraphQLSchema) {
  const { limits } = ports;
  const connections = new Map<string, number>();
  const mask = maskFaults(ports.log);

  return {
    connectionInitWaitTimeout: 5_000,

    async onConnect(context: SocketContext): Promise<boolean> {
      const { extra, connectionParams } = context;
      const authorization = connectionParams?.['authorization'];
      if (typeof authorization !== 'string') return false;
      // Refused credentials end the connection as `false` does: 4403, and nothing is said of why.
      const caller = await signIn(ports, authorization).catch(() => undefined);
      if (!caller || caller.actor.kind === 'anonymous') return false;
      const { id } = caller.actor;
      const open = connections.get(id) ?? 0;
      if (open >= limits.connections) {
        const details = { limit: 'connections', maximum: limits.connections };
        ports.countDenial({ actor: caller.actor, rule: 'LimitExceeded', action: 'graphql', details });
        extra.socket.close(CloseCode.Forbidden, `at most ${limits.connections} connections of one actor`);
        return false;
      }
      connections.set(id, open + 1);
      extra.actor = caller.actor;
      extra.authorization = authorization;
      return true;
    },

    onDisconnect({ extra }: SocketContext): void {
      if (!extra.actor) return;
      const { id } = extra.actor;
      const open = (connections.get(id) ?? 1) - 1;
      if (open > 0) connections.set(id, open);
      else connections.delete(id);
    },

    async onSubscribe(
      { extra, subscriptions }: SocketContext,
      _id: string,
      { query, variables, operationName }: SubscribePayload,
    ): Promise<ExecutionArgs | readonly GraphQLError[]> {
      if (Object.keys(subscriptions).length > limits.subscriptions)
        return [tooMany('subscriptions', limits.subscriptions)];
      let document: DocumentNode;
      try {
        document = parse(query, { maxTokens: limits.tokens });
      } catch (error) {
        return [error as GraphQLError];
      }
      const errors = validate(schema(), document, [...specifiedRules, limitRule(limits)]);
      if (errors.length > 0) return errors;
      if (getOperationAST(document, operationName)?.operation !== OperationTypeNode.SUBSCRIPTION)
        return [apiError('BAD_REQUEST', 'Queries and mutations go over HTTP.')];
      const { authorization } = extra;
      const request = Object.assign(Object.create(extra.request) as IncomingMessage, { headers: { authorization } });
      return {
        schema: schema(),
        document,
        variableValues: variables,
        operationName,
        contextValue: contextFor(ports, request, await signIn(ports, authorization)),
      };
    },

    onNext(_context: SocketContext, _id: string, _payload: unknown, args: ExecutionArgs, result: ExecutionResult) {
      if (!result.errors) return undefined;
      const { caller, correlationId } = args.contextValue as ApiContext;
      countRefusals(ports, caller.actor, result.errors);
      correlate(result.errors, correlationId);
      return { ...result, errors: result.errors.map((error) => mask(error.toJSON(), error)) };
    },

    onError({ extra }: SocketContext, _id: string, _payload: unknown, errors: readonly GraphQLError[]) {
      if (extra.actor) countRefusals(ports, extra.actor, errors);
      return errors.map((error) => mask(withCode(error), error));
    },
  };
}

/** What parsing and validation say carries no code of its own. */
function withCode(error: GraphQLError) {
  const formatted = error.toJSON();
  return { ...formatted, extensions: { code: 'GRAPHQL_VALIDATION_FAILED', ...formatted.extensions } };
}

function tooMany(limit: string, maximum: number): GraphQLError {
  return new GraphQLError(`The connection exceeds the limit of ${maximum} for ${limit}.`, {
    extensions: { code: 'LIMIT_EXCEEDED', limit, maximum },
  });
}
