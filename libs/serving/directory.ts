import type { Arm } from '../lifecycle/deployment/events.js';
import type { Permit } from '../lifecycle/permit/events.js';
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

interface Deployed extends ListedDeployment {
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
  readonly #permitsOfVersion = new Map<string, string[]>();

  permit(permitId: string): ListedPermit | undefined {
    return this.#permits.get(permitId);
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
      case 'PermitIssued': {
        const { permitId, modelVersionId } = data.permit;
        this.#permits.set(permitId, { ...data, status: 'active' });
        this.#permitsOfVersion.set(modelVersionId, [...(this.#permitsOfVersion.get(modelVersionId) ?? []), permitId]);
        return { kind: 'changed' };
      }
      case 'PermitSuspended':
        return this.#close(data.permitId, 'suspended', data.cause);
      case 'PermitRevoked':
        return this.#close(data.permitId, 'revoked', data.cause);
      case 'PermitExpired':
        return this.#close(data.permitId, 'expired');
      case 'PermitResumed': {
        const permit = this.#permits.get(data.permitId);
        if (permit?.status !== 'suspended') return undefined;
        this.#permits.set(data.permitId, { permit: permit.permit, ...signatureOf(permit), status: 'active' });
        return { kind: 'changed' };
      }
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

  #close(permitId: string, status: Exclude<PermitStatus, 'active'>, cause?: string): Change | undefined {
    const permit = this.#permits.get(permitId);
    if (!permit || permit.status === 'revoked' || permit.status === 'expired') return undefined;
    this.#permits.set(permitId, {
      permit: permit.permit,
      ...signatureOf(permit),
      status,
      ...(cause === undefined ? {} : { cause }),
    });
    const { workspace, environment } = permit.permit;
    return { kind: 'closed', permitId, status, workspace, environment, ...(cause === undefined ? {} : { cause }) };
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

function signatureOf({ signature, keyId }: ListedPermit): { signature: string; keyId: string } {
  return { signature, keyId };
}
