import { exportRequest } from '#libs/lifecycle/export';
import { incident } from '#libs/lifecycle/incident';
import { predictionSegment } from '#libs/lifecycle/prediction-segment';
import { partitionRelease } from '#libs/lifecycle/partition-release';
import type { DeploymentEvent, Id } from '#libs/lifecycle';
import { perform, Refusal, type Call } from './call.js';
import type { Handlers } from './handlers.js';
import { versionStanding } from './models.js';

/** What is put on record about a model in use: scored batches, incidents, exports. */
export const records: Pick<
  Handlers,
  | 'SealPredictionSegment'
  | 'OpenIncident'
  | 'CloseIncident'
  | 'RequestExport'
  | 'CompleteExport'
  | 'FailExport'
  | 'RecordEvidenceAccess'
  | 'ReleasePartition'
> = {
  SealPredictionSegment(call, input) {
    const modelId = call.directory.deployments.get(input.deploymentId)?.modelId ?? null;
    call.authorize('score', 'PredictionSegment', { modelId });
    return perform(call, predictionSegment, 'predictionSegment', input.segmentId, 'SealPredictionSegment', async () => {
      const versions = await armsEver(call, input.deploymentId);
      return { ...input, facts: versions === undefined ? {} : { versions } };
    });
  },

  OpenIncident(call, input) {
    call.authorize('report', 'Incident', { modelId: call.directory.modelOf(input.modelVersionId) ?? null });
    const data = (): object => ({ ...input, ...call.text('description') });
    return perform(call, incident, 'incident', input.incidentId, 'OpenIncident', data);
  },

  CloseIncident(call, { incidentId }) {
    const version = call.directory.incidentVersions.get(incidentId);
    call.authorize('report', 'Incident', { modelId: call.directory.modelOf(version) ?? null });
    const data = (): object => ({ incidentId, reason: call.disclosed('reason') });
    return perform(call, incident, 'incident', incidentId, 'CloseIncident', data);
  },

  RequestExport(call, { asOf, ...input }) {
    call.authorize('export', 'Export', { modelId: call.directory.modelOf(input.modelVersionId) ?? null });
    return perform(call, exportRequest, 'export', input.exportId, 'RequestExport', async () => ({
      ...input,
      asOf: String(asOf),
      facts: {
        modelVersion: (await versionStanding(call, input.modelVersionId)).status,
        head: String(call.directory.position ?? 0n),
      },
    }));
  },

  CompleteExport(call, input) {
    authorizeBuilding(call, input.exportId);
    return perform(call, exportRequest, 'export', input.exportId, 'CompleteExport', () => input);
  },

  FailExport(call, input) {
    authorizeBuilding(call, input.exportId);
    return perform(call, exportRequest, 'export', input.exportId, 'FailExport', () => input);
  },

  RecordEvidenceAccess(call, input) {
    call.authorize('export', 'Export', exportResource(call, input.exportId));
    return perform(call, exportRequest, 'export', input.exportId, 'RecordEvidenceAccess', () => input);
  },

  /** The decision alone: whoever runs the views carries it out, and every rebuild honours it. */
  ReleasePartition(call, { decision, position, ...input }) {
    call.authorize('administer', 'Workspace');
    const type = decision === 'retry' ? 'RetryPartition' : 'SkipPartition';
    const data = (): object => ({ ...input, position: String(position), reason: call.disclosed('reason') });
    return perform(call, partitionRelease, 'partitionRelease', input.view, type, data);
  },
};

/** Model versions that a deployment has ever had as arms, from its own stream: a late segment may be of an old one. */
async function armsEver(call: Call, deploymentId: Id): Promise<readonly Id[] | undefined> {
  const { events } = await call.load('deployment', deploymentId);
  if (events.length === 0) return undefined;
  const arms = (events as unknown as readonly DeploymentEvent[]).flatMap(({ data }) =>
    'arms' in data ? data.arms : [],
  );
  return [...new Set(arms.map(({ modelVersionId }) => modelVersionId))];
}

function exportResource(call: Call, exportId: Id): { readonly modelId: Id | null } {
  return { modelId: call.directory.modelOf(call.directory.exportVersions.get(exportId)) ?? null };
}

/** Whoever may take exports may have them built; so may the process that builds them. */
function authorizeBuilding(call: Call, exportId: Id): void {
  const resource = exportResource(call, exportId);
  try {
    call.authorize('automate', 'Export', resource);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    call.authorize('export', 'Export', resource);
  }
}
