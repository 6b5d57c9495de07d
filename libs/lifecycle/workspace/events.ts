import type { DomainEvent } from '../kernel.js';
import type { Id } from '../values.js';

/** Event 0 of an installation: the workspace, its token issuer and its first administrator. */
export type WorkspaceOpened = DomainEvent<
  'WorkspaceOpened',
  {
    readonly workspace: string;
    readonly issuer: string;
    readonly audience: string;
    readonly administrator: Id;
    readonly grantId: Id;
    readonly serviceKeyId: Id;
  }
>;

export type WorkspaceEvent = WorkspaceOpened;
