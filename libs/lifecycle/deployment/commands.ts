import type { Command } from '../kernel.js';
import type { PermitFacts, PromotionBlock } from '../facts.js';
import type { Code, Disclosed, Id, Slug, Token } from '../values.js';
import type { Arm } from './events.js';

export type StartDeployment = Command<
  'StartDeployment',
  {
    readonly deploymentId: Id;
    readonly endpoint: Slug;
    readonly environment: Slug;
    readonly modelId: Id;
    readonly modelVersionId: Id;
    readonly permitId: Id;
    readonly strategy: 'blue-green' | 'canary';
    /** Of the new arm, basis points: 0 for blue-green, 1 to 9,999 for a canary. */
    readonly weight: number;
    readonly salt: Token;
    readonly facts: {
      readonly permit: PermitFacts;
      /** The model of the version, as registered. */
      readonly versionModelId?: Id;
      /** Who serves the endpoint now: the arm with all or most of its traffic. A canary needs one. */
      readonly incumbent?: Pick<Arm, 'modelVersionId' | 'permitId'>;
    };
  }
>;
export type ShiftTraffic = Command<
  'ShiftTraffic',
  {
    readonly deploymentId: Id;
    /** One for each arm of the deployment. */
    readonly arms: readonly Pick<Arm, 'modelVersionId' | 'weight'>[];
    readonly facts: { readonly permits: readonly PermitFacts[]; readonly blockedBy: readonly PromotionBlock[] };
  }
>;
export type PromoteDeployment = Command<
  'PromoteDeployment',
  {
    readonly deploymentId: Id;
    readonly modelVersionId: Id;
    readonly facts: {
      readonly permits: readonly PermitFacts[];
      /** Overrides of this model whose review is overdue, and whatever else blocks (rule 18). */
      readonly blockedBy: readonly PromotionBlock[];
    };
  }
>;
/** Never refused for want of a permit: with none, every weight becomes 0 and the gate stays closed. */
export type RollBackDeployment = Command<
  'RollBackDeployment',
  {
    readonly deploymentId: Id;
    readonly modelVersionId: Id;
    readonly cause: Code;
    readonly reason?: Disclosed;
    readonly facts: { readonly permits: readonly PermitFacts[] };
  }
>;
export type StopDeployment = Command<
  'StopDeployment',
  { readonly deploymentId: Id; readonly cause: Code; readonly reason?: Disclosed }
>;

export type DeploymentCommand =
  StartDeployment | ShiftTraffic | PromoteDeployment | RollBackDeployment | StopDeployment;
