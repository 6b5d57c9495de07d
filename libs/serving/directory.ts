import type { Arm } from '../lifecycle/deployment/events.js';
import type { Permit, PermitEvent } from '../lifecycle/permit/events.js';
import { type PermitState, evolve as evolvePermit, noPermit } from '../lifecycle/permit/evolve.js';
import type { AssayEvent } from '#libs/lifecycle';
import { parseStreamName } from '#libs/lifecycle';
import type { SignedPermit } from '#libs/signing';

export type PermitStatus = 'active' | 'suspended' | 'revoked' | 'expired';

/** A permit with what has become of it. `cause` is the code of the event that closed it. */
export interface ListedPermit extends SignedPermit<Permit> {
  readonly status: PermitStatus;
  readonly cause?: string;
}

export interface ListedVersion {
  readonly modelVersionId: string;
  readonly modelId: string;
  readonly number: number;
  readonly artifactDigest: string;
  readonly features: readonly string[];
}

export interface ListedDeployment {
  readonly deploymentId: string;
  readonly endpoint: string;
  readonly modelId: string;
  readonly salt: string;
  readonly arms: readonly Arm[];
}

/** What an inference server of one workspace and environment needs to know, and nothing else. */
export interface Directory {
  readonly deployments: readonly ListedDeployment[];
  readonly versions: readonly ListedVersion[];
  readonly permits: readonly ListedPermit[];
}

/** A deployment with where it runs. */
export interface Deployed extends ListedDeployment {
  readonly workspace: string;
  readonly environment: string;
}

/**
 * Fold of the events that say who may serve what. Mutable: one instance belongs to one $all fold, in order.
 * Keeps versions and permits for good (some hundred bytes each); stopped deployments are dropped.
 */
export class ServingFold {
  readonly #versions = new Map<string, ListedVersion>();
  readonly #deployments = new Map<string, Deployed>();
  readonly #permits = new Map<string, ListedPermit>();
  readonly #permitStates = new Map<string, PermitState>();
  readonly #permitsOfVersion = new Map<string, string[]>();

  permit(permitId: string): ListedPermit | undefined {
    return this.#permits.get(permitId);
  }

  /** Why a permit is suspended: it is active again when all of these are gone. */
  suspendedBy(permitId: string): readonly string[] {
    const state = this.#permitStates.get(permitId);
    return state?.status === 'suspended' ? state.causes : [];
  }

  /** Running deployments that have a version among their arms. */
  deploymentsOf(modelVersionId: string): readonly Deployed[] {
    return [...this.#deployments.values()].filter(({ arms }) =>
      arms.some((arm) => arm.modelVersionId === modelVersionId),
    );
  }

  /** What the event changed: a permit that closed is pushed to the servers at once. */
  evolve(event: { readonly stream: string; readonly type: string; readonly data: object }): Change | undefined {
    const { type, data } = event as AssayEvent;
    switch (type) {
      case 'ModelVersionRegistered': {
        const { modelVersionId, modelId, number, artifact, features } = data;
        this.#versions.set(modelVersionId, {
          modelVersionId,
          modelId,
          number,
          artifactDigest: artifact.digest,
          features,
        });
        return undefined;
      }
      case 'PermitIssued':
        this.#permitsOfVersion.set(data.permit.modelVersionId, [
          ...(this.#permitsOfVersion.get(data.permit.modelVersionId) ?? []),
          data.permit.permitId,
        ]);
        this.#permits.set(data.permit.permitId, { ...data, status: 'active' });
        return this.#permitMoved(data.permit.permitId, { type, data });
      case 'PermitSuspended':
      case 'PermitResumed':
      case 'PermitRevoked':
      case 'PermitExpired':
        return this.#permitMoved(data.permitId, { type, data } as PermitEvent);
      case 'DeploymentStarted': {
        const { deploymentId, endpoint, environment, modelId, salt, arms } = data;
        const workspace = parseStreamName(event.stream)?.workspace;
        if (workspace !== undefined)
          this.#deployments.set(deploymentId, { deploymentId, endpoint, modelId, salt, arms, workspace, environment });
        return { kind: 'changed' };
      }
      case 'TrafficShifted':
      case 'DeploymentPromoted':
      case 'DeploymentRolledBack': {
        const deployment = this.#deployments.get(data.deploymentId);
        if (deployment) this.#deployments.set(data.deploymentId, { ...deployment, arms: data.arms });
        return { kind: 'changed' };
      }
      case 'DeploymentStopped':
        this.#deployments.delete(data.deploymentId);
        return { kind: 'changed' };
      default:
        return undefined;
    }
  }

  /** Deployments of the environment, the versions of their arms, and each version's permits that matter. */
  directory(workspace: string, environment: string): Directory {
    const deployments = [...this.#deployments.values()].filter(
      (deployment) => deployment.workspace === workspace && deployment.environment === environment,
    );
    const ids = new Set(deployments.flatMap(({ arms }) => arms.map(({ modelVersionId }) => modelVersionId)));
    const permits = [...ids].flatMap((id) => this.#permitsThatMatter(id, workspace, environment));
    return {
      deployments: deployments.map(({ deploymentId, endpoint, modelId, salt, arms }) => ({
        deploymentId,
        endpoint,
        modelId,
        salt,
        arms,
      })),
      versions: [...ids].flatMap((id) => this.#versions.get(id) ?? []),
      permits,
    };
  }

  /** Those not yet over, and the newest of the others, so that a refusal can say what happened. */
  #permitsThatMatter(modelVersionId: string, workspace: string, environment: string): readonly ListedPermit[] {
    const all = (this.#permitsOfVersion.get(modelVersionId) ?? [])
      .map((id) => this.#permits.get(id)!)
      .filter(({ permit }) => permit.environment === environment && permit.workspace === workspace);
    const live = all.filter(({ status }) => status === 'active' || status === 'suspended');
    const over = all.filter(({ status }) => status === 'revoked' || status === 'expired').slice(-1);
    return [...over, ...live];
  }

  #permitMoved(permitId: string, event: PermitEvent): Change | undefined {
    const listed = this.#permits.get(permitId);
    const state = evolvePermit(this.#permitStates.get(permitId) ?? noPermit, event);
    if (!listed || state.status === 'none') return undefined;
    this.#permitStates.set(permitId, state);
    const { permit, signature, keyId } = listed;
    const { status } = state;
    if (status === 'active') {
      this.#permits.set(permitId, { permit, signature, keyId, status });
      return { kind: 'changed' };
    }
    const stated = (event.data as { readonly cause?: string }).cause;
    const cause = state.status === 'suspended' ? state.causes.at(-1) : stated;
    const why = cause === undefined ? {} : { cause };
    this.#permits.set(permitId, { permit, signature, keyId, status, ...why });
    const { workspace, environment } = permit;
    return { kind: 'closed', permitId, status, workspace, environment, ...why };
  }
}

export type Change =
  | { readonly kind: 'changed' }
  | {
      readonly kind: 'closed';
      readonly permitId: string;
      readonly status: Exclude<PermitStatus, 'active'>;
      readonly cause?: string;
      readonly workspace: string;
      readonly environment: string;
    };
