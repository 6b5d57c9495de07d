import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import { isWorkspaceId } from '../streams.js';
import type { WorkspaceCommand } from './commands.js';
import type { WorkspaceEvent } from './events.js';
import type { Workspace } from './evolve.js';

export function decide(command: WorkspaceCommand, state: Workspace): Decision<WorkspaceEvent> {
  if (state.status !== 'none') return refuse('AlreadyOpen', { workspace: state.workspace });
  if (!isWorkspaceId(command.data.workspace) || command.data.workspace !== command.context.workspace)
    return refuse('InvalidField', { field: 'workspace', rule: 'the id of the workspace that the command is in' });
  return accept({ type: 'WorkspaceOpened', data: command.data });
}
