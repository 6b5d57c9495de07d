import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import type { CommandResult } from '../../../libs/application/contract.js';
import { API_PORTS } from '../ports.js';
import type { ApiPorts } from '../ports.js';
import { ExecuteCommand } from './command.js';

/** The bus's end: the plain function of `libs/application`. */
@CommandHandler(ExecuteCommand)
export class ExecuteCommandHandler implements ICommandHandler<ExecuteCommand> {
  constructor(@Inject(API_PORTS) private readonly ports: ApiPorts) {}

  execute({ name, input, context }: ExecuteCommand): Promise<CommandResult> {
    return this.ports.application.execute(name, input, context);
  }
}
