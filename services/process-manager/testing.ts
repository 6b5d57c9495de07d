import type { RecordedAssayEvent } from '#libs/event-store';
import type { AssayEvent } from '#libs/lifecycle';
import { boston, id, time } from '../../libs/lifecycle/examples.js';
import { GovernanceView } from './view.js';

const streamOf: Readonly<Record<string, (event: AssayEvent) => string>> = {
  Approval: () => `approval-${boston}.${id('approval')}`,
  Override: () => `approval-${boston}.${id('override')}`,
  Permit: (event) => `permit-${boston}.${'permitId' in event.data ? event.data.permitId : id('permit')}`,
  Evaluation: () => `evaluation-${boston}.${id('evaluation')}`,
  Gate: () => `evaluation-${boston}.${id('evaluation')}`,
  Identity: () => `identity-${boston}.${id('vera')}`,
  Deployment: () => `deployment-${boston}.${id('deployment')}`,
  Model: () => `modelVersion-${boston}.${id('version')}`,
  Access: () => `accessGrant-${boston}.${id('grant')}`,
  Delegation: () => `accessGrant-${boston}.${id('grant')}`,
  Incident: () => `incident-${boston}.${id('incident')}`,
};

/** A view that is fed event after event, each recorded a minute after the one before. For specs. */
export class FedView extends GovernanceView {
  readonly #revisions = new Map<string, bigint>();
  #fed = 0;

  feed(...events: readonly AssayEvent[]): this {
    for (const event of events) {
      const kind = /^(TrafficShifted)/.test(event.type) ? 'Deployment' : /^[A-Z][a-z]+/.exec(event.type)![0];
      const stream = streamOf[kind]!(event);
      const revision = (this.#revisions.get(stream) ?? -1n) + 1n;
      this.#revisions.set(stream, revision);
      this.apply({
        ...event,
        id: id(`event-${this.#fed}`),
        stream,
        revision,
        position: BigInt(this.#fed + 1),
        recordedAt: time(this.#fed),
        metadata: { workspace: boston, correlationId: id('correlation'), occurredAt: time(this.#fed) },
      } as unknown as RecordedAssayEvent);
      this.#fed += 1;
    }
    return this;
  }
}

export function given(...events: readonly AssayEvent[]): FedView {
  return new FedView().feed(...events);
}
