import type { Id } from '../values.js';
import type { Arm, DeploymentEvent, DeploymentStarted } from './events.js';

export type Deployment =
  | { readonly status: 'none' }
  | ({
      readonly status: 'running' | 'stopped';
      /** The version that was promoted last, or the incumbent; undefined before the first promotion. */
      readonly stable: Id | undefined;
      /** The whole split now. */
      readonly arms: readonly Arm[];
    } & DeploymentStarted['data']);

export const noDeployment: Deployment = { status: 'none' };

export function evolve(state: Deployment, event: DeploymentEvent): Deployment {
  if (event.type === 'DeploymentStarted') {
    const incumbent = event.data.arms.find((arm) => arm.modelVersionId !== event.data.modelVersionId);
    return { status: 'running', ...event.data, stable: incumbent?.modelVersionId };
  }
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'TrafficShifted':
      return { ...state, arms: event.data.arms };
    case 'DeploymentPromoted':
    case 'DeploymentRolledBack':
      return { ...state, arms: event.data.arms, stable: event.data.modelVersionId };
    case 'DeploymentStopped':
      return { ...state, status: 'stopped', arms: state.arms.map((arm) => ({ ...arm, weight: 0 })) };
    default:
      event satisfies never;
      return state;
  }
}
