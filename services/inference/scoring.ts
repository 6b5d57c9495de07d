import {
  type ClosedRule,
  type InferenceRequest,
  type InferenceResponse,
  type ListedDeployment,
  type ListedVersion,
  type Tensor,
  MalformedInference,
  armOf,
  bucketOf,
  valuesToJson,
} from '#libs/serving';
import { type Clock, newId } from '#libs/runtime';
import type { LeaseClient } from './lease-client.js';
import type { LoadedModel, Models } from './models.js';
import { type PredictionLog, PredictionLogFull } from './prediction-log.js';

/** Why nothing was scored. Each is counted under its name. */
export type RefusalRule =
  | ClosedRule
  | 'UnknownModel'
  | 'UnknownVersion'
  | 'NoTraffic'
  | 'MalformedRequest'
  | 'ArtifactUnavailable'
  | 'PredictionLogFull'
  | 'Overloaded';

/** 404 and 400 are the caller's, 403 is a decision on the ledger, 503 passes by itself. */
const statusOf: Readonly<Record<RefusalRule, number>> = {
  NoPermit: 403,
  PermitSignature: 403,
  PermitSuspended: 403,
  PermitRevoked: 403,
  PermitExpired: 403,
  ArtifactMismatch: 403,
  NoLease: 503,
  LeaseExpired: 503,
  UnknownModel: 404,
  UnknownVersion: 404,
  NoTraffic: 503,
  MalformedRequest: 400,
  ArtifactUnavailable: 503,
  PredictionLogFull: 503,
  Overloaded: 503,
};

export class InferenceRefused extends Error {
  override readonly name = 'InferenceRefused';
  readonly status: number;
  constructor(
    readonly rule: RefusalRule,
    detail: string,
  ) {
    super(detail);
    this.status = statusOf[rule];
  }
}

export interface ScoringDependencies {
  readonly clock: Clock;
  readonly lease: LeaseClient;
  readonly models: Models;
  readonly log: PredictionLog;
  readonly rowLimit: number;
}

export interface Chosen {
  readonly deployment: ListedDeployment;
  readonly version: ListedVersion;
  readonly slot: string;
  readonly bucket?: number;
}

/** The deployments of an endpoint, oldest first, from the newest lease. @throws InferenceRefused */
function deploymentsOf(lease: LeaseClient, endpoint: string): readonly ListedDeployment[] {
  const held = lease.lastLease();
  if (!held) throw new InferenceRefused('NoLease', 'no lease has been granted to this server yet');
  const deployments = held.deployments.filter((candidate) => candidate.endpoint === endpoint);
  if (deployments.length === 0)
    throw new InferenceRefused('UnknownModel', `nothing is deployed under ${JSON.stringify(endpoint)}`);
  return deployments;
}

/** The newest deployment of the endpoint that gives traffic to anything. @throws InferenceRefused */
export function findDeployment(lease: LeaseClient, endpoint: string): ListedDeployment {
  const deployments = deploymentsOf(lease, endpoint);
  const serving = deployments.findLast(({ arms }) => arms.some(({ weight }) => weight > 0));
  return serving ?? deployments.at(-1)!;
}

/** The version that the caller named, by its number or id, among the endpoint's arms. @throws InferenceRefused */
export function namedVersion(lease: LeaseClient, endpoint: string, name: string): Chosen {
  for (const deployment of [...deploymentsOf(lease, endpoint)].reverse())
    for (const arm of deployment.arms) {
      const version = lease.lastLease()?.versions.get(arm.modelVersionId);
      if (version && (version.modelVersionId === name || String(version.number) === name))
        return { deployment, version, slot: arm.slot };
    }
  throw new InferenceRefused('UnknownVersion', `version ${JSON.stringify(name)} is no arm of this endpoint`);
}

/** The arm that the salted hash of the key gives. @throws InferenceRefused */
export function splitVersion(lease: LeaseClient, deployment: ListedDeployment, key: string): Chosen {
  const bucket = bucketOf(deployment.salt, key);
  const arm = armOf(deployment.arms, bucket);
  if (!arm) throw new InferenceRefused('NoTraffic', 'all weights of this deployment are 0');
  const version = lease.lastLease()?.versions.get(arm.modelVersionId);
  if (!version) throw new InferenceRefused('UnknownVersion', 'the arm names a version that the lease does not list');
  return { deployment, version, slot: arm.slot, bucket };
}

/**
 * Loads the artifact of a version, after the permit gate has opened for exactly its digest: {@link Models} runs no
 * bytes that have another one. @throws InferenceRefused
 */
export async function openModel(
  { lease, models }: Pick<ScoringDependencies, 'lease' | 'models'>,
  version: ListedVersion,
): Promise<{ readonly model: LoadedModel; readonly permitId: string }> {
  const gate = (): string => {
    const verdict = lease.check(version);
    if (verdict.open) return verdict.permitId;
    const { rule, cause } = verdict;
    throw new InferenceRefused(
      rule,
      `the permit gate is closed for version ${version.number}${cause ? `: ${cause}` : ''}`,
    );
  };
  gate();
  let model: LoadedModel;
  try {
    model = await models.load(version.artifactDigest);
  } catch (error) {
    throw new InferenceRefused('ArtifactUnavailable', (error as Error).message);
  }
  return { model, permitId: gate() }; // Asked again: loading took its time.
}

/** Scores one request: split, gate, run, log, answer. @throws InferenceRefused, MalformedInference */
export async function score(
  dependencies: ScoringDependencies,
  endpoint: string,
  versionName: string | undefined,
  request: InferenceRequest,
): Promise<InferenceResponse> {
  const { lease, log, clock, rowLimit } = dependencies;
  const requestId = request.id ?? newId();
  const chosen =
    versionName === undefined
      ? splitVersion(lease, findDeployment(lease, endpoint), request.key ?? requestId)
      : namedVersion(lease, endpoint, versionName);
  const rows = rowsOf(request.inputs, rowLimit);
  const { model, permitId } = await openModel(dependencies, chosen.version);
  const wanted = request.outputs?.map(({ name }) => name) ?? model.outputs.map(({ name }) => name);
  for (const name of wanted)
    if (!model.outputs.some((output) => output.name === name))
      throw new MalformedInference('outputs', `the model has no output named ${name}`);
  const outputs = await model.run(request.inputs, wanted);
  const { modelVersionId, number } = chosen.version;
  let segment: string;
  try {
    segment = await log.append(chosen.deployment.deploymentId, {
      requestId,
      at: clock.now().toISOString(),
      modelVersionId,
      permitId,
      slot: chosen.slot,
      ...(chosen.bucket === undefined ? {} : { bucket: chosen.bucket }),
      ...(request.key === undefined ? {} : { key: request.key }),
      rows,
      inputs: request.inputs.map(logged),
      outputs: outputs.map(logged),
    });
  } catch (error) {
    if (error instanceof PredictionLogFull) throw new InferenceRefused('PredictionLogFull', error.message);
    throw error;
  }
  return {
    modelName: endpoint,
    modelVersion: String(number),
    id: requestId,
    parameters: {
      model_version_id: modelVersionId,
      permit: permitId,
      slot: chosen.slot,
      segment,
      ...(chosen.bucket === undefined ? {} : { bucket: chosen.bucket }),
    },
    outputs: outputs.map((output) => ({
      ...output,
      binary: request.outputs?.find(({ name }) => name === output.name)?.binary ?? request.binaryOutput,
    })),
  };
}

/** Rows of a batch: the first dimension, the same in all inputs. */
function rowsOf(inputs: readonly Tensor[], limit: number): number {
  const rows = inputs[0]!.shape[0]!;
  if (inputs.some(({ shape }) => shape[0] !== rows))
    throw new MalformedInference('inputs', 'the first dimension is the number of rows, the same in every input');
  if (rows < 1 || rows > limit) throw new MalformedInference('inputs', `1 to ${limit} rows a request`);
  return rows;
}

function logged(tensor: Tensor): object {
  const { name, datatype, shape } = tensor;
  return { name, datatype, shape, data: valuesToJson(tensor) };
}
