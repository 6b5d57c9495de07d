import type { Decider } from '../kernel.js';
import type { WorkspaceCommand } from './commands.js';
import { decide } from './decide.js';
import type { WorkspaceEvent } from './events.js';
import { evolve, noWorkspace, type Workspace } from './evolve.js';

export type { Workspace } from './evolve.js';
export const workspace: Decider<WorkspaceCommand, WorkspaceEvent, Workspace> = { initial: noWorkspace, decide, evolve };
