import type { Arm } from '../lifecycle/deployment/events.js';
import type { History } from './history.js';
import type { DossierEvent, DossierInput } from './source.js';

/** A time during which a deployment's split stood still. Shares are basis points. */
export interface SplitSpan {
  readonly deploymentId: string;
  readonly endpoint: string;
  readonly environment: string;
  readonly arms: readonly Arm[];
  readonly since: DossierEvent;
  /** The event that ended it; undefined when it stood at the position of the dossier. */
  readonly until: DossierEvent | undefined;
}

/** What the version of the dossier served, and with which share of traffic. */
export interface ServingSpan extends Omit<SplitSpan, 'arms'> {
  readonly slot: Arm['slot'];
  readonly permitId: string;
  readonly share: number;
}

/** Every split of every deployment, in order. */
export function splitSpans(history: History): readonly SplitSpan[] {
  return history.streams('deployment').flatMap((events) => {
    const spans: SplitSpan[] = [];
    let endpoint = '';
    let environment = '';
    let deploymentId = '';
    for (const event of events) {
      if (event.type === 'DeploymentStarted') {
        const data = event.data as { endpoint: string; environment: string; deploymentId: string };
        ({ endpoint, environment, deploymentId } = data);
      }
      const last = spans.at(-1);
      if (last) spans[spans.length - 1] = { ...last, until: event };
      if (event.type === 'DeploymentStopped') break;
      if ('arms' in event.data)
        spans.push({ deploymentId, endpoint, environment, arms: event.data.arms, since: event, until: undefined });
    }
    return spans;
  });
}

/** Adjoining spans with the same arm and share are one. */
export function servingSpans(history: History, input: Pick<DossierInput, 'modelVersionId'>): readonly ServingSpan[] {
  const spans: ServingSpan[] = [];
  for (const { arms, ...span } of splitSpans(history)) {
    const arm = arms.find(({ modelVersionId }) => modelVersionId === input.modelVersionId);
    if (!arm) continue;
    const { slot, permitId, weight } = arm;
    const last = spans.at(-1);
    if (last && last.until === span.since && last.share === weight && last.slot === slot && last.permitId === permitId)
      spans[spans.length - 1] = { ...last, until: span.until };
    else spans.push({ ...span, slot, permitId, share: weight });
  }
  return spans;
}
