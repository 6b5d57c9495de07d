import { unwrapResolverError } from '@apollo/server/errors';
import type { GraphQLFormattedError } from 'graphql';
import { GraphQLError } from 'graphql';
import { newId } from '#libs/runtime';
import type { Log } from '#libs/runtime';

/** Codes that say what the caller can do about it; everything else is a fault and is masked. */
const open = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'UNAUTHENTICATED',
  'ISSUER_UNAVAILABLE',
  'FORBIDDEN',
  'LIMIT_EXCEEDED',
  'RATE_LIMITED',
  'NOT_YET',
]);

const correlations = new WeakMap<object, string>();

/** Says which request these errors belong to, before they are masked. */
export function correlate(errors: readonly GraphQLError[], correlationId: string): void {
  for (const error of errors) correlations.set(error, correlationId);
}

/** A fault reaches the caller as a correlation id and nothing else; the log has the rest. */
export function maskFaults(log: Log): (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError {
  return (formatted, error) => {
    const code = formatted.extensions?.['code'];
    if (typeof code === 'string' && open.has(code)) {
      const { stacktrace: _stacktrace, http: _http, ...extensions } = formatted.extensions ?? {};
      return { ...formatted, extensions: typedLimit(formatted, extensions) };
    }
    const correlationId = correlations.get(error as object) ?? newId();
    log.error({ requestId: correlationId, err: unwrapResolverError(error), path: formatted.path }, 'a field failed');
    return {
      message: 'Internal error.',
      ...(formatted.path && { path: formatted.path }),
      extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId },
    };
  };
}

/** Limits of the parser and of validation come under its codes: all limits answer with one code. */
function typedLimit(formatted: GraphQLFormattedError, extensions: Record<string, unknown>): Record<string, unknown> {
  const limited = limitOf(formatted);
  return limited ? { ...extensions, ...limited, code: 'LIMIT_EXCEEDED' } : extensions;
}

/** The limit that an error says was exceeded. */
export function limitOf({
  message,
  extensions,
}: Pick<GraphQLFormattedError, 'message' | 'extensions'>):
  { readonly limit: unknown; readonly maximum: unknown } | undefined {
  if (extensions && 'limit' in extensions) return { limit: extensions['limit'], maximum: extensions['maximum'] };
  const tokens = /^Syntax Error: Document contains more tha[tn] (\d+) tokens/.exec(message);
  return tokens ? { limit: 'tokens', maximum: Number(tokens[1]) } : undefined;
}

/** An error of ours that the caller may see. */
export function apiError(code: string, message: string, extensions: Readonly<Record<string, unknown>> = {}) {
  return new GraphQLError(message, { extensions: { ...extensions, code } });
}
