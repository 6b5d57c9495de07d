import { abilityFor, denialReason, type Action, type Resource, type SubjectType } from '#libs/authorization';
import { disclose } from '#libs/disclosure';
import {
  encodeEvent,
  eventDigest,
  eventMetadata,
  InvalidEvent,
  type RecordedAssayEvent,
  type RecordedEvent,
} from '#libs/event-store';
import { anonymous, type ActiveGrant } from '#libs/identity';
import {
  streamName,
  type Aggregate,
  type AssayEvent,
  type Command,
  type CommandContext,
  type Decider,
  type DomainEvent,
  type EvidenceGrade,
  type Id,
  type Sha256,
} from '#libs/lifecycle';
import { deterministicId } from '#libs/runtime';
import type { CommandName, CommandResult } from './contract.js';
import type { Directory } from './directory.js';
import type { ApplicationPorts } from './ports.js';
import { describeUnreadable, readEvent, UnreadableEvents, type Unreadable } from './unreadable.js';

/** A rule said no. Thrown inside a use case, answered as {@link CommandRefused}; never leaves the application. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly code: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    /** The stream that it is about. */
    readonly subject?: string,
  ) {
    super(code);
  }
}

/** What a decision would rest on holds an event that nobody here can read. */
export function refuseUnreadable(unreadable: Unreadable | undefined): void {
  if (!unreadable) return;
  const { stream, eventId, type, position } = unreadable;
  const details = { stream, eventId, type, position, message: describeUnreadable(unreadable) };
  throw new Refusal('StreamUnreadable', details, stream);
}

/** A stream as read for this attempt. */
export interface Loaded {
  readonly stream: string;
  readonly events: readonly RecordedAssayEvent[];
  /** Of the last event; undefined when there is no stream. */
  readonly revision: bigint | undefined;
}

interface Pending {
  readonly digest: Sha256;
  readonly salt: string;
  readonly text: string;
  readonly subjectId: Id | undefined;
}

export interface AppendFacts {
  /** `<policyId>@<version>` where a policy decided. */
  readonly policy?: string;
  readonly evidenceGrade?: EvidenceGrade;
  /** Where the envelope must say more than the call's own context. */
  readonly context?: CommandContext;
}

export interface CallFacts {
  readonly name: CommandName;
  readonly context: CommandContext;
  readonly commandDigest: Sha256;
  /** What people wrote, by field: see {@link splitTexts}. */
  readonly texts: ReadonlyMap<string, string>;
  readonly grants: readonly ActiveGrant[];
  /** The actor's own id first, then the linked ones. */
  readonly identities: readonly Id[];
}

/** One command on its way, over all its attempts. */
export class Call {
  readonly #pending = new Map<string, Pending>();
  readonly #positions: bigint[] = [];
  readonly #written = new Set<string>();
  readonly #loaded = new Map<string, Promise<Loaded>>();
  #onBehalfOf: Id | undefined;
  /** Streams of the access index that were read or written: applied to it in the end. */
  readonly #access = new Map<string, RecordedAssayEvent[]>();

  constructor(
    readonly ports: ApplicationPorts,
    readonly facts: CallFacts,
    /** Brings the directory up to what the store holds now. */
    readonly catchUp: () => Promise<void>,
    /** Of a stream that had no event when the directory was last brought up: it need not be asked for. */
    private readonly isAbsent: (stream: string) => boolean = () => false,
  ) {}

  /** For questions that are asked outside of a command: reads, and can do nothing else. */
  static reading(ports: ApplicationPorts, workspace: string): Call {
    const now = ports.clock.now().toISOString();
    const ids = { commandId: '', correlationId: '' };
    const context = { workspace, actor: anonymous(now), now, ...ids };
    const facts = {
      name: 'RequestExport',
      context,
      commandDigest: '',
      texts: new Map(),
      grants: [],
      identities: [],
    } as const;
    return new Call(ports, facts, async () => undefined);
  }

  /** With the delegator, once {@link authorize} has found that the right is a delegated one. */
  get context(): CommandContext {
    return this.#onBehalfOf === undefined
      ? this.facts.context
      : { ...this.facts.context, onBehalfOf: this.#onBehalfOf };
  }

  get directory(): Directory {
    return this.ports.directory;
  }

  get workspace(): string {
    return this.context.workspace;
  }

  stream(aggregate: Aggregate, id: string): string {
    return streamName(aggregate, this.workspace, id);
  }

  /**
   * What one's own grants do not allow may be allowed by a delegated one: then the act is the delegator's too, and
   * the envelope says so (rules 1 and 17).
   * @throws Refusal `NotPermitted` with the reason.
   */
  authorize(action: Action, type: SubjectType, resource?: Resource): void {
    const { context, grants, identities } = this.facts;
    const own = grants.filter(({ delegatorId }) => delegatorId === undefined);
    const reasonWith = (held: readonly ActiveGrant[]): string | undefined =>
      denialReason(abilityFor(context.actor, held, identities), action, type, resource);
    const reason = reasonWith(own);
    if (reason === undefined) return;
    const delegated = grants.find(
      (grant) => grant.delegatorId !== undefined && reasonWith([...own, grant]) === undefined,
    );
    // Together they may be forbidden what each alone allows: deny wins over all that is held.
    if (!delegated || reasonWith(grants) !== undefined)
      throw new Refusal('NotPermitted', { action, on: type, reason, roles: context.actor.roles });
    this.#onBehalfOf = delegated.delegatorId;
  }

  load(aggregate: Aggregate, id: string): Promise<Loaded> {
    return this.loadStream(this.stream(aggregate, id));
  }

  /**
   * For the stream that the command then appends to, and for no other: what does not exist yet is not asked for. Where
   * somebody was quicker, the append expects no stream, meets one, and the command is decided again.
   */
  loadOwn(aggregate: Aggregate, id: string): Promise<Loaded> {
    const stream = this.stream(aggregate, id);
    if (this.#loaded.has(stream) || this.#written.has(stream) || !this.isAbsent(stream)) return this.loadStream(stream);
    return Promise.resolve({ stream, events: [], revision: undefined });
  }

  /** Read once in an attempt: what was decided on is one picture, and the expected revision guards it. */
  loadStream(stream: string): Promise<Loaded> {
    const known = this.#loaded.get(stream);
    if (known) return known;
    const loading = this.#read(stream);
    this.#loaded.set(stream, loading);
    return loading;
  }

  /** Forgets what was read: the next attempt decides on what stands then. */
  begin(): void {
    this.#loaded.clear();
  }

  async #read(stream: string): Promise<Loaded> {
    const events: RecordedAssayEvent[] = [];
    let revision: bigint | undefined;
    for await (const stored of this.ports.store.readStream(stream)) {
      revision = stored.revision;
      try {
        events.push(readEvent(stored)!);
      } catch (error) {
        if (!(error instanceof InvalidEvent)) throw error;
        if (!this.directory.unreadable.isPassed(stored.id)) refuseUnreadable(new UnreadableEvents().add(stored, error));
      }
    }
    if (isAccess(stream)) this.#access.set(stream, [...events]);
    return { stream, events, revision };
  }

  /**
   * The answer to a command that was carried out before: its id stands in the metadata of what it wrote.
   * @throws Refusal `IdempotencyConflict` when the id came with other content.
   */
  async repeated(loaded: Loaded): Promise<CommandResult | undefined> {
    const own = loaded.events.filter(({ metadata }) => metadata.commandId === this.context.commandId);
    if (own.length === 0) return undefined;
    const same = own.every(({ metadata }) => metadata.commandDigest === this.facts.commandDigest);
    if (!same || !(await this.#sameTexts()))
      throw new Refusal('IdempotencyConflict', { commandId: this.context.commandId }, loaded.stream);
    const positions = own.map(({ position }) => position);
    return { outcome: 'accepted', position: positions.at(-1)!, positions, repeated: true };
  }

  /**
   * The digest of a text of the input, which an event may hold; the text goes to the vault before the event is
   * appended. The same field gives the same digest on every attempt. `subjectId`: whose personal data it is.
   */
  disclosed(field: string, subjectId?: Id): Sha256 {
    const known = this.#pending.get(field);
    if (known) return known.digest;
    const text = this.facts.texts.get(field);
    if (text === undefined) throw new Error(`${this.facts.name} has no text ${field}`);
    const pending = { ...disclose(text), text, subjectId };
    this.#pending.set(field, pending);
    return pending.digest;
  }

  /** For a member that may be left out: `{...call.text('reason')}`. */
  text<Field extends string>(field: Field, subjectId?: Id): { readonly [F in Field]?: Sha256 } {
    if (!this.facts.texts.has(field)) return {};
    return { [field]: this.disclosed(field, subjectId) } as { readonly [F in Field]?: Sha256 };
  }

  /** Vault rows first, then the events, expecting the stream as it was loaded. Returns the position of the last. */
  async append(
    loaded: Loaded,
    events: readonly DomainEvent[],
    { context = this.context, ...facts }: AppendFacts = {},
  ): Promise<bigint> {
    const { stream, revision } = loaded;
    const first = (revision ?? -1n) + 1n;
    const encoded = events.map((event, index) => {
      const id = deterministicId(this.context.commandId, stream, String(first + BigInt(index)));
      const { commandDigest } = this.facts;
      const metadata = eventMetadata(event as AssayEvent, { id, stream, context, commandDigest, ...facts });
      return { event, metadata, stored: encodeEvent(event as AssayEvent, metadata) };
    });
    const bytes = encoded.map(({ stored }) => stored);
    this.#loaded.delete(stream);
    this.#written.add(stream);
    const digests = await this.#putTexts(stream, bytes);
    const result = await this.ports.store.append(stream, bytes, revision ?? 'no_stream');
    this.#positions.push(result.position);
    if (digests.length > 0)
      this.ports.vault
        .confirm(this.workspace, digests)
        // The sweep settles what is not confirmed here.
        .catch((error: unknown) => this.ports.onFault?.('vault rows were not confirmed', error));
    if (isAccess(stream)) {
      const recordedAt = this.context.now;
      const written = encoded.map(({ event, metadata, stored }, index) => ({
        ...event,
        id: stored.id,
        metadata,
        stream,
        revision: first + BigInt(index),
        position: result.position,
        recordedAt,
        digest: eventDigest(stored),
      }));
      this.#access.set(stream, [...loaded.events, ...(written as RecordedEvent[])] as RecordedAssayEvent[]);
    }
    return result.position;
  }

  /** Something has been written on this or an earlier attempt. */
  get hasWritten(): boolean {
    return this.#positions.length > 0;
  }

  /** What was written in this command, or where the stream stood when nothing had to be. */
  accepted(unchanged?: Loaded): CommandResult {
    const positions = [...this.#positions];
    const position = positions.at(-1) ?? unchanged?.events.at(-1)?.position ?? this.directory.position ?? 0n;
    return { outcome: 'accepted', position, positions, repeated: false };
  }

  /** A grant counts at once in the process that made it. */
  applyAccess(): void {
    for (const events of this.#access.values()) for (const event of events) this.directory.access.apply(event);
  }

  /** The texts whose digests these events hold. */
  async #putTexts(stream: string, events: readonly { readonly data: Uint8Array }[]): Promise<string[]> {
    if (this.#pending.size === 0) return [];
    const held = [...this.#pending].filter(([, { digest }]) =>
      events.some(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.length).includes(digest)),
    );
    const entries = held.map(([field, { digest, salt, text, subjectId }]) => ({
      digest,
      salt,
      text,
      field,
      stream,
      commandId: this.context.commandId,
      ...(subjectId !== undefined && { subjectId }),
    }));
    await this.ports.vault.put(this.workspace, entries);
    return entries.map(({ digest }) => digest);
  }

  /** Texts are no part of the command's digest (it would be an unsalted hash of them): compared with the vault. */
  async #sameTexts(): Promise<boolean> {
    const kept = await this.ports.vault.textsOfCommand(this.workspace, this.context.commandId);
    return [...this.facts.texts].every(([field, text]) => (kept.get(field) ?? text) === text);
  }
}

export function fold<C extends Command, E extends DomainEvent, State>(
  decider: Decider<C, E, State>,
  { events }: Loaded,
): State {
  return (events as unknown as readonly E[]).reduce((state, event) => decider.evolve(state, event), decider.initial);
}

/**
 * The way of most commands: load the stream, answer a repeat, decide, append. `data` is asked for on every attempt,
 * with the state as loaded, so that facts are as fresh as the decision.
 */
export async function perform<C extends Command, E extends DomainEvent, State>(
  call: Call,
  decider: Decider<C, E, State>,
  aggregate: Aggregate,
  id: string,
  type: C['type'],
  data: (state: State, loaded: Loaded) => object | Promise<object>,
  facts: AppendFacts = {},
): Promise<CommandResult> {
  const loaded = await call.loadOwn(aggregate, id);
  const before = await call.repeated(loaded);
  if (before) return before;
  const state = fold(decider, loaded);
  const content = await data(state, loaded);
  const events = decide(call, decider, loaded, state, type, content);
  if (events.length > 0) await call.append(loaded, events, facts);
  return call.accepted(loaded);
}

/** What the decider says to it now. @throws Refusal with the decider's code and details. */
export function decide<C extends Command, E extends DomainEvent, State>(
  call: Call,
  decider: Decider<C, E, State>,
  loaded: Loaded,
  state: State,
  type: C['type'],
  data: object,
  context: CommandContext = call.context,
): readonly E[] {
  const decision = decider.decide({ type, data, context } as unknown as C, state);
  if (decision.outcome === 'refused') throw new Refusal(decision.code, decision.details, loaded.stream);
  return decision.events;
}

function isAccess(stream: string): boolean {
  return /^(identity|accessGrant|workspace)-/.test(stream);
}
