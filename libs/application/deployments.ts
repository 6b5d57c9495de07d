import type { Arm, Id, PermitFacts, PromotionBlock } from '#libs/lifecycle';
import { deployment, type Deployment } from '#libs/lifecycle/deployment';
import { permit } from '#libs/lifecycle/permit';
import { deterministicId } from '#libs/runtime';
import { fold, perform, refuseUnreadable, type Call } from './call.js';
import type { Handlers } from './handlers.js';
import { versionStanding } from './models.js';

export const deployments: Pick<
  Handlers,
  'StartDeployment' | 'ShiftTraffic' | 'PromoteDeployment' | 'RollBackDeployment' | 'StopDeployment'
> = {
  StartDeployment(call, input) {
    call.authorize('deploy', 'Deployment', { modelId: input.modelId });
    return perform(call, deployment, 'deployment', input.deploymentId, 'StartDeployment', async () => {
      const { modelId } = await versionStanding(call, input.modelVersionId);
      const incumbent = await incumbentOf(call, input.endpoint, input.environment);
      return {
        ...input,
        salt: deterministicId('traffic-split', call.workspace, input.deploymentId, call.context.commandId),
        facts: {
          permit: await permitFacts(call, input.permitId),
          ...(modelId !== undefined && { versionModelId: modelId }),
          ...(incumbent && { incumbent }),
        },
      };
    });
  },

  ShiftTraffic(call, input) {
    authorize(call, input.deploymentId);
    return perform(call, deployment, 'deployment', input.deploymentId, 'ShiftTraffic', async (state) => ({
      ...input,
      facts: { permits: await permitsOf(call, state), blockedBy: blocks(call, state) },
    }));
  },

  PromoteDeployment(call, input) {
    authorize(call, input.deploymentId);
    return perform(call, deployment, 'deployment', input.deploymentId, 'PromoteDeployment', async (state) => ({
      ...input,
      facts: { permits: await permitsOf(call, state), blockedBy: blocks(call, state) },
    }));
  },

  RollBackDeployment(call, { deploymentId, modelVersionId, cause }) {
    authorize(call, deploymentId);
    return perform(call, deployment, 'deployment', deploymentId, 'RollBackDeployment', async (state) => ({
      deploymentId,
      modelVersionId,
      cause,
      ...call.text('reason'),
      facts: { permits: await permitsOf(call, state) },
    }));
  },

  StopDeployment(call, { deploymentId, cause }) {
    authorize(call, deploymentId);
    const data = (): object => ({ deploymentId, cause, ...call.text('reason') });
    return perform(call, deployment, 'deployment', deploymentId, 'StopDeployment', data);
  },
};

function authorize(call: Call, deploymentId: Id): void {
  call.authorize('deploy', 'Deployment', { modelId: call.directory.deployments.get(deploymentId)?.modelId ?? null });
}

/** The arm with most of the traffic of an endpoint, from the stream of the deployment that serves it. */
async function incumbentOf(
  call: Call,
  endpoint: string,
  environment: string,
): Promise<Pick<Arm, 'modelVersionId' | 'permitId'> | undefined> {
  const serving = call.directory.servingAt(endpoint, environment);
  if (!serving) return undefined;
  const state = fold(deployment, await call.load('deployment', serving.deploymentId));
  if (state.status !== 'running') return undefined;
  const [most] = state.arms.toSorted((a, b) => b.weight - a.weight);
  return most && most.weight > 0 ? { modelVersionId: most.modelVersionId, permitId: most.permitId } : undefined;
}

async function permitFacts(call: Call, permitId: Id): Promise<PermitFacts> {
  const state = fold(permit, await call.load('permit', permitId));
  if (state.status === 'none')
    return { permitId, status: 'missing', modelVersionId: '', environment: '', validUntil: '' };
  const { modelVersionId, environment, validUntil } = state.permit;
  return { permitId, status: state.status, modelVersionId, environment, validUntil };
}

function permitsOf(call: Call, state: Deployment): Promise<readonly PermitFacts[]> {
  const ids = state.status === 'none' ? [] : [...new Set(state.arms.map(({ permitId }) => permitId))];
  return Promise.all(ids.map((id) => permitFacts(call, id)));
}

/** Rule 18: an override of the model whose review is overdue, whether or not the process manager has said so yet. */
function blocks(call: Call, state: Deployment): readonly PromotionBlock[] {
  if (state.status === 'none') return [];
  const now = Date.parse(call.context.now);
  const { approvals, overrides, unreadable } = call.directory;
  // An override of this model, or a stream of which nobody can say what it is.
  const hidden = unreadable.in('approval').find(({ id }) => {
    const modelId = overrides.get(id)?.modelId ?? approvals.get(id)?.modelId;
    return modelId === undefined || modelId === state.modelId;
  });
  refuseUnreadable(hidden);
  return [...overrides.values()]
    .filter(({ modelId }) => modelId === state.modelId)
    .filter(({ status, reviewDueAt }) => status === 'lapsed' || (status === 'used' && Date.parse(reviewDueAt) <= now))
    .map(({ overrideId }) => ({
      code: 'OverrideReviewOverdue',
      id: overrideId,
      stream: call.stream('approval', overrideId),
    }));
}
