import type { AssayEvent } from '#libs/lifecycle';
import { newId, systemClock } from '#libs/runtime';
import { ServingFold } from '#libs/serving';
import { generateSigningKey, signPermit } from '#libs/signing';
import { type LeaseServer, createLeaseServer } from '../../services/process-manager/lease-server.js';

export const key = generateSigningKey();
export const token = 'lease-token';
export const modelId = newId();
export const deploymentId = newId();
export const salt = 'salt-1';

/** A ledger in memory: events are folded, leases answered and pushed as the process manager does it. */
export class Ledger {
  readonly fold = new ServingFold();
  position = 1n;
  fresh = true;
  server: LeaseServer = createLeaseServer({
    clock: systemClock,
    key,
    token,
    current: async (workspace, environment) =>
      this.fresh
        ? { directory: this.fold.directory(workspace, environment), position: this.position, ageMilliseconds: 0 }
        : undefined,
  });

  write(...events: AssayEvent[]): bigint {
    for (const event of events) {
      this.position += 1n;
      const change = this.fold.evolve({ stream: `x-main.${newId()}`, ...event, ...streamOf(event) });
      if (change) this.server.publish(change, this.position);
    }
    return this.position;
  }
}

const streamOf = (event: AssayEvent) =>
  event.type === 'DeploymentStarted' ? { stream: `deployment-main.${event.data.deploymentId}` } : {};

export function version(
  modelVersionId: string,
  number: number,
  digest: string,
  features: readonly string[],
): AssayEvent {
  const artifact = { digest, bytes: 1, mediaType: 'application/onnx' };
  const data = {
    modelVersionId,
    modelId,
    number,
    datasetVersionIds: [],
    artifact,
    features,
    grade: 'measured',
  };
  return { type: 'ModelVersionRegistered', data } as AssayEvent;
}

export function permit(
  modelVersionId: string,
  artifactDigest: string,
  change: object = {},
): { permitId: string; event: AssayEvent } {
  const document = {
    permitId: newId(),
    workspace: 'main',
    modelVersionId,
    artifactDigest,
    environment: 'production',
    basis: { kind: 'approval' as const, id: newId() },
    issuedAt: '2026-01-01T00:00:00Z',
    validUntil: '2099-01-01T00:00:00Z',
    ...change,
  };
  return { permitId: document.permitId, event: { type: 'PermitIssued', data: signPermit(document, key) } };
}

export const arm = (modelVersionId: string, permitId: string, slot: 'blue' | 'green' | 'canary', weight: number) => ({
  modelVersionId,
  permitId,
  slot,
  weight,
});

export function deployment(arms: ReturnType<typeof arm>[]): AssayEvent {
  return {
    type: 'DeploymentStarted',
    data: {
      deploymentId,
      endpoint: 'mortgage',
      environment: 'production',
      modelId,
      modelVersionId: arms[0]!.modelVersionId,
      strategy: 'blue-green',
      arms,
      salt,
    },
  };
}
