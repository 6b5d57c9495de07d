import type { LoggerService } from '@nestjs/common';
import { GraphQLError } from 'graphql';
import type { Log } from '#libs/runtime';

/** Nest's own messages on the process's log. What it says while starting is of no use to an operator. */
export function nestLog(log: Log): LoggerService {
  const context = (rest: unknown[]): string | undefined => {
    const last = rest.at(-1);
    return typeof last === 'string' ? last : undefined;
  };
  return {
    log: (message: unknown, ...rest: unknown[]) => log.debug({ context: context(rest) }, String(message)),
    warn: (message: unknown, ...rest: unknown[]) => log.warn({ context: context(rest) }, String(message)),
    error: (message: unknown, ...rest: unknown[]) => {
      // Answers to the caller, not faults: those are logged where they are masked.
      if (message instanceof GraphQLError) return;
      log.error({ context: context(rest), ...(message instanceof Error && { err: message }) }, String(message));
    },
    fatal: (message: unknown, ...rest: unknown[]) => log.fatal({ context: context(rest) }, String(message)),
    debug: (message: unknown, ...rest: unknown[]) => log.trace({ context: context(rest) }, String(message)),
  };
}
