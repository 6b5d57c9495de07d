import type { DomainEvent } from '../kernel.js';
import type { WorkspaceId } from '../streams.js';
import type { Id, Token } from '../values.js';

/** Event 0 of an installation: the workspace, its token issuer and its first administrator. */
export type WorkspaceOpened = DomainEvent<
  'WorkspaceOpened',
  {
    readonly workspace: WorkspaceId;
    readonly issuer: Token;
    readonly audience: Token;
    readonly administrator: Id;
    readonly grantId: Id;
    readonly serviceKeyId: Id;
  }
>;

export type WorkspaceEvent = WorkspaceOpened;
