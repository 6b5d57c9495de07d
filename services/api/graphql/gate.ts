import type { ApolloServerPlugin, GraphQLRequestContext } from '@apollo/server';
import { GraphQLError, Kind, visit } from 'graphql';
import type { DocumentNode, OperationDefinitionNode, SelectionSetNode } from 'graphql';
import { costOf, limitExceeded } from '../limits/document.js';
import type { Limits } from '../limits/limits.js';
import type { TokenBuckets } from '../limits/rate.js';
import type { ApiPorts } from '../ports.js';
import { addressOf, unauthenticated } from './context.js';
import type { ApiContext } from './context.js';
import { correlate } from './faults.js';
import { countRefusals } from './refusals.js';

interface Gate {
  readonly ports: ApiPorts;
  readonly limits: Limits;
  readonly actors: TokenBuckets;
  readonly addresses: TokenBuckets;
}

/**
 * What stands between a valid document and its execution, in this order: without sign-in nothing but `__typename` and
 * an empty `__type`; introspection by role; cost; rate. The document itself was limited by parser and validation.
 */
export function gatePlugin({ ports, limits, actors, addresses }: Gate): ApolloServerPlugin<ApiContext> {
  return {
    async requestDidStart() {
      return {
        async didEncounterErrors({ contextValue, errors }) {
          countRefusals(ports, contextValue.caller.actor, errors);
          correlate(errors, contextValue.correlationId);
        },
        async willSendResponse({ response }) {
          response.http.headers.set('cache-control', 'no-store');
        },
        async didResolveOperation(request) {
          const { contextValue, document, operation } = request;
          if (!operation) return;
          const { actor } = contextValue.caller;
          const signedIn = actor.kind !== 'anonymous';
          const names = rootFields(document, operation);
          if (!signedIn) {
            if (names.some((name) => name !== '__typename' && name !== '__type')) {
              ports.countDenial({
                actor,
                rule: 'NotSignedIn',
                action: 'graphql',
                details: {},
              });
              throw unauthenticated();
            }
            // Assignable at run time and read again by the execution; a document is shared, so a copy is changed.
            (request as { document: DocumentNode }).document = withoutTypes(document);
          }
          if (signedIn && names.includes('__schema') && !mayIntrospect(contextValue)) throw introspectionRefused();
          if (signedIn && names.includes('__type') && !mayIntrospect(contextValue))
            (request as { document: DocumentNode }).document = withoutTypes(document);
          const cost = costOf(request.schema, document, operation, request.request.variables ?? {});
          if (cost > limits.cost) throw limitExceeded('cost', limits.cost, cost);
          const wait = signedIn
            ? actors.take(actor.id, Math.max(1, cost))
            : addresses.take(addressOf(contextValue.req), 1);
          if (wait !== undefined) throw rateLimited(request, wait);
        },
      };
    },
  };
}

/** Who may read the whole schema: everybody who holds a role of their own; the schema file is public anyway. */
function mayIntrospect({ caller }: ApiContext): boolean {
  return caller.actor.roles.length > 0;
}

function introspectionRefused(): GraphQLError {
  return new GraphQLError('Introspection takes a role.', {
    extensions: { code: 'FORBIDDEN', http: { status: 403 } },
  });
}

export function rateLimited(request: GraphQLRequestContext<ApiContext>, seconds: number): GraphQLError {
  const whole = Math.max(1, Math.ceil(seconds));
  request.response?.http?.headers.set('retry-after', String(whole));
  return new GraphQLError(`Too many operations; try again in ${whole} s.`, {
    extensions: { code: 'RATE_LIMITED', retryAfterSeconds: whole, http: { status: 429 } },
  });
}

function rootFields(document: DocumentNode, operation: OperationDefinitionNode): readonly string[] {
  const names = new Set<string>();
  const seen = new Set<string>();
  const collect = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) names.add(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value);
        const fragment = document.definitions.find(
          (each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === selection.name.value,
        );
        if (fragment?.kind === Kind.FRAGMENT_DEFINITION) collect(fragment.selectionSet);
      }
    }
  };
  collect(operation.selectionSet);
  return [...names];
}

/** The same document, with every `__type` asking for a type that does not exist: it answers null and no error. */
function withoutTypes(document: DocumentNode): DocumentNode {
  return visit(document, {
    Field: (field) =>
      field.name.value !== '__type'
        ? undefined
        : {
            ...field,
            arguments: [
              {
                kind: Kind.ARGUMENT,
                name: { kind: Kind.NAME, value: 'name' },
                value: { kind: Kind.STRING, value: '' },
              },
            ],
          },
  });
}
