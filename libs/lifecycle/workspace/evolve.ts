import type { WorkspaceEvent, WorkspaceOpened } from './events.js';

export type Workspace = { readonly status: 'none' } | ({ readonly status: 'open' } & WorkspaceOpened['data']);

export const noWorkspace: Workspace = { status: 'none' };

export function evolve(_state: Workspace, event: WorkspaceEvent): Workspace {
  return { status: 'open', ...event.data };
}
