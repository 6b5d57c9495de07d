import type { DomainEvent } from '../kernel.js';
import type { BasisPoints, Code, Disclosed, Id, Slug, Token } from '../values.js';

/** One arm of the traffic split. Weights of a deployment sum to 10,000 (basis points) or are all 0. */
export interface Arm {
  readonly modelVersionId: Id;
  readonly permitId: Id;
  readonly slot: 'blue' | 'green' | 'canary';
  readonly weight: BasisPoints;
}

/** Stream `deployment-…`: one endpoint in one environment. `arms` is always the whole split after the event. */
export type DeploymentStarted = DomainEvent<
  'DeploymentStarted',
  {
    readonly deploymentId: Id;
    readonly endpoint: Slug;
    readonly environment: Slug;
    readonly modelId: Id;
    readonly modelVersionId: Id;
    readonly strategy: 'blue-green' | 'canary';
    readonly arms: readonly Arm[];
    /** Experiment salt of the split: arm = bucket of SHA-256(salt ‖ key). */
    readonly salt: Token;
  }
>;
export type TrafficShifted = DomainEvent<
  'TrafficShifted',
  { readonly deploymentId: Id; readonly arms: readonly Arm[] }
>;
export type DeploymentPromoted = DomainEvent<
  'DeploymentPromoted',
  { readonly deploymentId: Id; readonly modelVersionId: Id; readonly arms: readonly Arm[] }
>;
export type DeploymentRolledBack = DomainEvent<
  'DeploymentRolledBack',
  {
    readonly deploymentId: Id;
    readonly modelVersionId: Id;
    readonly arms: readonly Arm[];
    readonly cause: Code;
    readonly reason?: Disclosed;
  }
>;
export type DeploymentStopped = DomainEvent<
  'DeploymentStopped',
  { readonly deploymentId: Id; readonly cause: Code; readonly reason?: Disclosed }
>;

export type DeploymentEvent =
  DeploymentStarted | TrafficShifted | DeploymentPromoted | DeploymentRolledBack | DeploymentStopped;
