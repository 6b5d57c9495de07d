import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import { InvalidCredentials, IssuerUnavailable, anonymous } from '#libs/identity';
import type { AssayAbility } from '#libs/authorization';
import type { Identified } from '#libs/identity';
import type { ApiPorts, ApiPortsWithLimits } from '../ports.js';
import { requestIdOf } from '../http/request-id.js';
import { Loaders } from '../reading/loaders.js';
import { Reading } from '../reading/reader.js';

/** What one request knows of itself. First argument of everything that acts for somebody. */
export interface ApiContext {
  readonly req: IncomingMessage;
  readonly caller: Identified;
  /** Written into every event that follows, and answered in `x-request-id`. */
  readonly correlationId: string;
  readonly ability: AssayAbility;
  /** The positions that this operation reads at. */
  readonly reading: Reading;
  readonly loaders: Loaders;
}

/** What a request of this caller starts with. */
export function contextFor(ports: ApiPortsWithLimits, req: IncomingMessage, caller: Identified): ApiContext {
  const ability = ports.abilityOf(caller);
  return {
    req,
    caller,
    correlationId: requestIdOf(req),
    ability,
    reading: new Reading(ports.readModels, caller.workspace, ability, ports.limits.waitMs),
    loaders: new Loaders(ports.vault),
  };
}

/** The address behind the connection: where a caller without sign-in is counted. */
export function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? 'unknown';
}

/** Refused credentials, answered alike from outside: 401, whichever rule they broke. The rule is counted and logged. */
export function unauthenticated(message = 'Sign in with a bearer token or a service key.'): GraphQLError {
  return new GraphQLError(message, {
    extensions: {
      code: 'UNAUTHENTICATED',
      http: { status: 401, headers: new Map([['www-authenticate', 'Bearer realm="assay"']]) },
    },
  });
}

/** Who calls, from the Authorization header alone. @throws GraphQLError with status 401 or 503 */
export async function signIn(ports: ApiPorts, authorization: string | undefined): Promise<Identified> {
  try {
    return await ports.identification.identify({ authorization });
  } catch (error) {
    if (error instanceof InvalidCredentials) {
      ports.countDenial({
        actor: anonymous(ports.clock.now().toISOString()),
        rule: error.rule,
        action: 'sign-in',
        details: { field: error.field },
      });
      throw unauthenticated('The credentials are not accepted.');
    }
    if (error instanceof IssuerUnavailable) {
      ports.log.error({ err: error }, 'the token issuer cannot be reached');
      throw new GraphQLError('The token issuer cannot be reached.', {
        extensions: { code: 'ISSUER_UNAVAILABLE', http: { status: 503 } },
      });
    }
    throw error;
  }
}
