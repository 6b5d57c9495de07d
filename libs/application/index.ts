export { createApplication } from './application.js';
export type { RunningApplication } from './application.js';
export type {
  Application,
  CommandAccepted,
  CommandInputs,
  CommandName,
  CommandRefused,
  CommandResult,
} from './contract.js';
export { createFollower } from './catch-up.js';
export type { Follower } from './catch-up.js';
export type { Denial } from './denials.js';
export { Directory } from './directory.js';
export {
  decisionsView,
  describeUnreadable,
  readEvent,
  tellingOnce,
  UnreadableEvents,
  WaitingJobs,
} from './unreadable.js';
export type { Unreadable } from './unreadable.js';
export type { ApprovalEntry, DeploymentEntry, OverrideEntry, PermitEntry, VersionEntry } from './directory.js';
export type { VersionEvidence } from './evidence-of.js';
export { followDirectory } from './follow-directory.js';
export { awaitMutableTables, openMutableTables } from './mutable-tables.js';
export { openWorkspace, WorkspaceNotOpened } from './open-workspace.js';
export type { OpenedWorkspace, OpenWorkspace } from './open-workspace.js';
export type { ApplicationPorts } from './ports.js';
export { serviceActor, serviceIdentity, serviceRoles } from './services.js';
export type { ServiceRole } from './services.js';
export { commandNames, isCommandName, issuesOf } from './validation.js';
export { connectApplication } from './connect.js';
export type { Connection } from './connect.js';
