import type { Command } from '../kernel.js';
import type { WorkspaceOpened } from './events.js';

export type OpenWorkspace = Command<'OpenWorkspace', WorkspaceOpened['data']>;

export type WorkspaceCommand = OpenWorkspace;
