import type { Call } from './call.js';
import type { CommandInputs, CommandName, CommandResult } from './contract.js';
import type { TextFree } from './texts.js';

export type Handler<Name extends CommandName> = (
  call: Call,
  input: TextFree<CommandInputs[Name]>,
) => Promise<CommandResult>;

/** One use case for each command. */
export type Handlers = { readonly [Name in CommandName]: Handler<Name> };
