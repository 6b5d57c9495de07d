import type { PermitFacts } from '../facts.js';
import { accept, refuse } from '../kernel.js';
import type { Decision, Refused } from '../kernel.js';
import { isAfter } from '../time.js';
import type { Id, Time } from '../values.js';
import type {
  DeploymentCommand,
  PromoteDeployment,
  RollBackDeployment,
  ShiftTraffic,
  StartDeployment,
} from './commands.js';
import type { Arm, DeploymentEvent } from './events.js';
import type { Deployment } from './evolve.js';

/** The whole traffic of an endpoint in basis points. */
export const wholeTraffic = 10_000;

type Running = Extract<Deployment, { readonly status: 'running' | 'stopped' }>;

export function decide(command: DeploymentCommand, state: Deployment): Decision<DeploymentEvent> {
  const { deploymentId } = command.data;
  if (command.type === 'StartDeployment') return start(command, state);
  if (state.status === 'none') return refuse('NotFound', { deploymentId });
  if (state.status === 'stopped')
    return command.type === 'StopDeployment' ? accept() : refuse('Stopped', { deploymentId });
  switch (command.type) {
    case 'ShiftTraffic':
      return shift(command, state);
    case 'PromoteDeployment':
      return promote(command, state);
    case 'RollBackDeployment':
      return rollBack(command, state);
    case 'StopDeployment':
      return accept({ type: 'DeploymentStopped', data: command.data });
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}

function start({ data, context }: StartDeployment, state: Deployment): Decision<DeploymentEvent> {
  const { facts, weight, permitId, ...started } = data;
  const { modelVersionId, strategy } = started;
  if (state.status !== 'none') return refuse('AlreadyExists', { deploymentId: started.deploymentId });
  if (facts.versionModelId !== started.modelId)
    return refuse('OtherModel', { modelVersionId, modelId: started.modelId });
  const closed = refusePermit([facts.permit], { modelVersionId, permitId }, started.environment, context.now);
  if (closed) return closed;
  const { incumbent } = facts;
  if (incumbent?.modelVersionId === modelVersionId) return refuse('AlreadyServing', { modelVersionId });
  if (strategy === 'blue-green') {
    if (weight !== 0) return refuse('InvalidField', { field: 'weight', rule: '0 for blue-green' });
    const green: Arm = { modelVersionId, permitId, slot: 'green', weight: 0 };
    const arms: readonly Arm[] = incumbent ? [{ ...incumbent, slot: 'blue', weight: wholeTraffic }, green] : [green];
    return accept({ type: 'DeploymentStarted', data: { ...started, arms } });
  }
  if (!Number.isInteger(weight) || weight < 1 || weight >= wholeTraffic)
    return refuse('InvalidField', { field: 'weight', rule: `1 to ${wholeTraffic - 1} for a canary` });
  if (!incumbent) return refuse('NoIncumbent', { endpoint: started.endpoint });
  const arms: readonly Arm[] = [
    { ...incumbent, slot: 'blue', weight: wholeTraffic - weight },
    { modelVersionId, permitId, slot: 'canary', weight },
  ];
  return accept({ type: 'DeploymentStarted', data: { ...started, arms } });
}

function shift({ data, context }: ShiftTraffic, state: Running): Decision<DeploymentEvent> {
  const { facts, deploymentId } = data;
  const named = data.arms.map((arm) => arm.modelVersionId);
  if (named.length !== state.arms.length || !state.arms.every((arm) => named.includes(arm.modelVersionId)))
    return refuse('InvalidField', { field: 'arms', rule: 'every arm of the deployment once', arms: named });
  const weights = data.arms.map((arm) => arm.weight);
  if (!weights.every((weight) => Number.isInteger(weight) && weight >= 0))
    return refuse('InvalidField', { field: 'arms', rule: 'whole weights from 0', weights });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum !== wholeTraffic && sum !== 0)
    return refuse('InvalidField', { field: 'arms', rule: `weights sum to ${wholeTraffic} or are all 0`, sum });
  const arms = state.arms.map((arm) => ({
    ...arm,
    weight: data.arms.find((wanted) => wanted.modelVersionId === arm.modelVersionId)?.weight ?? 0,
  }));
  for (const arm of arms) {
    const closed = arm.weight > 0 && refusePermit(facts.permits, arm, state.environment, context.now);
    if (closed) return closed;
    // More traffic for a newcomer is a promotion by another name (rule 18).
    const before = state.arms.find((old) => old.modelVersionId === arm.modelVersionId)?.weight ?? 0;
    if (facts.blockedBy.length > 0 && arm.modelVersionId !== state.stable && arm.weight > before)
      return refuse('PromotionBlocked', { blockedBy: facts.blockedBy });
  }
  return accept({ type: 'TrafficShifted', data: { deploymentId, arms } });
}

function promote({ data, context }: PromoteDeployment, state: Running): Decision<DeploymentEvent> {
  const { facts, ...promoted } = data;
  const arm = state.arms.find((candidate) => candidate.modelVersionId === data.modelVersionId);
  if (!arm) return refuse('NotAnArm', { modelVersionId: data.modelVersionId });
  if (facts.blockedBy.length > 0) return refuse('PromotionBlocked', { blockedBy: facts.blockedBy });
  const closed = refusePermit(facts.permits, arm, state.environment, context.now);
  if (closed) return closed;
  return accept({ type: 'DeploymentPromoted', data: { ...promoted, arms: allTo(state.arms, data.modelVersionId) } });
}

function rollBack({ data, context }: RollBackDeployment, state: Running): Decision<DeploymentEvent> {
  const { facts, ...rolledBack } = data;
  const arm = state.arms.find((candidate) => candidate.modelVersionId === data.modelVersionId);
  if (!arm) return refuse('NotAnArm', { modelVersionId: data.modelVersionId });
  // Going back must always work. Where the old version has no permit any more, nothing serves (fail closed).
  const open = refusePermit(facts.permits, arm, state.environment, context.now) === undefined;
  return accept({
    type: 'DeploymentRolledBack',
    data: { ...rolledBack, arms: allTo(state.arms, open ? data.modelVersionId : undefined) },
  });
}

function allTo(arms: readonly Arm[], modelVersionId: Id | undefined): readonly Arm[] {
  return arms.map((arm) => ({ ...arm, weight: arm.modelVersionId === modelVersionId ? wholeTraffic : 0 }));
}

/** Rule 21: no traffic for an arm without a permit of its own that is active now, for this version and environment. */
function refusePermit(
  permits: readonly PermitFacts[],
  { modelVersionId, permitId }: Pick<Arm, 'modelVersionId' | 'permitId'>,
  environment: string,
  now: Time,
): Refused | undefined {
  const permit = permits.find((candidate) => candidate.permitId === permitId);
  const refused = (rule: string) => refuse('NoPermit', { modelVersionId, permitId, rule });
  if (!permit || permit.status === 'missing') return refused('missing');
  if (permit.status !== 'active') return refused(permit.status);
  if (permit.modelVersionId !== modelVersionId) return refused('other-version');
  if (permit.environment !== environment) return refused('other-environment');
  if (!isAfter(permit.validUntil, now)) return refused('expired');
  return undefined;
}
