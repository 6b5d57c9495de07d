import type { AssayEvent, EventOf, EventType, PolicyDocument, StagePolicy } from '#libs/lifecycle';
import { streamName, type Aggregate } from '#libs/lifecycle';
import { encodeEvent, eventDigest, eventMetadata, type RecordedAssayEvent, type StoredEvent } from '#libs/event-store';

/** A small seeded generator (mulberry32): the same seed, the same history. */
export class Seeded {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** In [0, 1). */
  real(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
  /** In 0 … below − 1. */
  whole(below: number): number {
    return Math.floor(this.real() * below);
  }
  pick<Item>(items: readonly Item[]): Item {
    return items[this.whole(items.length)]!;
  }
  some<Item>(items: readonly Item[], most: number): Item[] {
    return [...new Set(Array.from({ length: this.whole(most + 1) }, () => this.pick(items)))].filter(
      (item) => item !== undefined,
    );
  }
  shuffle<Item>(items: readonly Item[]): Item[] {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last -= 1) {
      const other = this.whole(last + 1);
      [result[last], result[other]] = [result[other]!, result[last]!];
    }
    return result;
  }
  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.whole(16).toString(16)).join('');
  }
  uuid(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-8${this.hex(3)}-${this.hex(12)}`;
  }
}

export interface HistoryEvent {
  readonly recorded: RecordedAssayEvent;
  readonly stored: StoredEvent;
}

/**
 * Writes events as the application would: valid by schema, dense revisions, growing positions with holes, an
 * occasional step back of the store's clock. Whoever calls `append` decides what happens.
 */
export class HistoryWriter {
  readonly events: HistoryEvent[] = [];
  readonly #revisions = new Map<string, bigint>();
  #position = 0n;
  #milliseconds = Date.parse('2026-03-01T08:00:00.000Z');

  constructor(readonly random: Seeded) {}

  /** The time of the next event. */
  get now(): string {
    return new Date(this.#milliseconds).toISOString();
  }

  append<Type extends EventType>(
    workspace: string,
    aggregate: Aggregate,
    id: string,
    type: Type,
    data: EventOf<Type>['data'],
    actorId: string = this.random.uuid(),
  ): RecordedAssayEvent {
    const { random } = this;
    const stream = streamName(aggregate, workspace, id);
    const revision = (this.#revisions.get(stream) ?? -1n) + 1n;
    this.#revisions.set(stream, revision);
    this.#position += BigInt(1 + random.whole(200));
    this.#milliseconds += random.whole(4_000) - (random.whole(20) === 0 ? 3_000 : 0);
    const occurredAt = this.now.replace('Z', random.whole(2) === 0 ? 'Z' : '+00:00');
    const event = { type, data } as unknown as AssayEvent;
    const metadata = eventMetadata(event, {
      id: random.uuid(),
      stream,
      commandDigest: random.hex(64),
      context: {
        workspace,
        actor: {
          id: actorId,
          kind: 'person',
          roles: ['validator'],
          groups: [],
          authentication: { method: 'oidc', time: occurredAt },
        },
        ...(random.whole(8) === 0 && { onBehalfOf: random.uuid() }),
        commandId: random.uuid(),
        correlationId: random.uuid(),
        now: occurredAt,
      },
    });
    const bytes = encodeEvent(event, metadata);
    const stored = { ...bytes, stream, revision, position: this.#position, recordedAt: this.now };
    const recorded = {
      id: metadata.id,
      type,
      data,
      metadata,
      stream,
      revision,
      position: this.#position,
      recordedAt: this.now,
      digest: eventDigest(bytes),
    } as unknown as RecordedAssayEvent;
    this.events.push({ recorded, stored });
    return recorded;
  }

  /** The newest event of a stream, for a pin. */
  head(aggregate: Aggregate, workspace: string, id: string): { stream: string; revision: string; digest: string } {
    const stream = streamName(aggregate, workspace, id);
    const found = this.events.findLast(({ recorded }) => recorded.stream === stream)?.recorded;
    return { stream, revision: String(found?.revision ?? 0n), digest: found?.digest ?? this.random.hex(64) };
  }
}

export const testStages: readonly StagePolicy[] = [
  {
    id: 'validation',
    quorum: [{ role: 'validator', minimum: 1 }],
    meaning: 'validated',
    timeoutHours: 72,
    acr: ['urn:assay:fresh'],
    onConditionLapse: 'suspend',
  },
  {
    id: 'risk',
    quorum: [{ role: 'risk-officer', minimum: 1 }],
    meaning: 'approved',
    timeoutHours: 72,
    acr: ['urn:assay:fresh'],
    onConditionLapse: 'suspend',
  },
];

const tier = { stages: testStages, approvalValidDays: 180 };

export const testPolicy: PolicyDocument = {
  decision: { label: 'deny', favourable: 'no', scored: 'yes', threshold: 0.3 },
  gates: [
    { id: 'four-fifths', measure: 'ratio@assay', attribute: 'afam', operator: '>=', threshold: 0.8, reads: 'point' },
  ],
  riskFunction: 'bias-and-variability@1',
  tiers: { low: tier, medium: tier, high: tier },
  evidenceValidDays: 90,
  override: { validMinutes: 60, reviewHours: 72, reviewRole: 'risk-officer', acr: ['urn:assay:fresh'] },
  minimumGroupSize: 30,
};
