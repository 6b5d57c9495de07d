import { applyDecorators } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { Extensions, Mutation } from '@nestjs/graphql';
import type { CommandContext } from '#libs/lifecycle';
import type { CommandInputs, CommandName, CommandResult } from '../../../libs/application/contract.js';
import { EvidenceChanged, GateFailed, ReauthenticationRequired } from '../graphql/errors.js';
import { resultOf } from '../graphql/result.js';
import { Command } from '@nestjs/cqrs';

/** A command on its way through the bus: the plain handler of `libs/application` is behind it. */
export class ExecuteCommand<Name extends CommandName = CommandName> extends Command<CommandResult> {
  constructor(
    readonly name: Name,
    readonly input: CommandInputs[Name],
    readonly context: CommandContext,
  ) {
    super();
  }
}

export const gateErrors = [GateFailed];
export const signingErrors = [EvidenceChanged, ReauthenticationRequired];

/**
 * A mutation that is one command. Who may do it is decided by the application, with the denial recorded there; the API
 * itself lets nobody through who is not signed in.
 */
export function CommandMutation(
  name: CommandName,
  options: {
    /** The mutation's own name, where it is not the command's. */
    readonly name?: string;
    readonly description?: string;
    readonly errors?: readonly Type<unknown>[];
    readonly success?: Type<unknown>;
  } = {},
): MethodDecorator {
  const mutation = options.name ?? `${name[0]!.toLowerCase()}${name.slice(1)}`;
  const union = resultOf(mutation, options.errors, options.success);
  return applyDecorators(
    Mutation(() => union, { name: mutation, description: options.description }),
    Extensions({ can: { command: name } }),
  );
}
