import { randomUUID } from 'node:crypto';
import type {
  CallOptions,
  Channel,
  ClientDuplexStream,
  ClientReadableStream,
  ClientWritableStream,
  Metadata,
  MethodDefinition,
  ServiceError,
} from '@grpc/grpc-js';
import { Client, makeGenericClientConstructor } from '@grpc/grpc-js';
import { appendsInOrder } from './append-in-order.js';
import type { OrderedCall } from './append-in-order.js';
import { batchBank } from './batch-bank.js';
import type { BatchBank } from './batch-bank.js';
import { connect } from './connection.js';
import { ordered } from './copy-appends.js';
import type { OrderedAppends, ReadItem } from './copy-appends.js';
import { readCopyMap, splitCopyMap, withCopyMap } from './copy-map.js';
import { resultOf, storeError } from './errors.js';
import { inBatches } from './in-batches.js';
import type {
  AppendResult,
  EventStore,
  EventToAppend,
  ExpectedRevision,
  StoredEvent,
  SubscriptionItem,
} from './port.js';
import { isPlacedSystem, storedEvent } from './placed-event.js';
import type { PlacedEvent } from './placed-event.js';
import type {
  AppendFrames,
  AppendRequest,
  BatchAnswer,
  BatchAppendRequest,
  ProposedEvent,
  ReadFilter,
  ReadRequest,
  ReadResponse,
  WireEvent,
  WriteOutcome,
} from './protocol/index.js';
import { clientStreamsService, isoTime, jsonProperties } from './protocol/index.js';
import { wholeFrames } from './protocol/whole-frames.js';

export interface EventStoreOptions {
  /**
   * `esdb://…` or `esdb+discover://…`, with `tlsCAFile` and credentials where the store asks for them; `copyMap=FILE`
   * for a store that was copied from another one, whose positions and times then go on ({@link withCopyMap}).
   */
  readonly connectionString: string;
  /** How long an append may take; then it throws StoreUnavailable and its outcome is unknown. Default 10 s. */
  readonly appendTimeoutMilliseconds?: number;
}

/** Parts of the official client that it declares protected: its connection with discovery, credentials, reconnection. */
export interface Connection {
  GRPCStreamCreator<Stream>(
    client: typeof StreamsClient,
    name: string,
    creator: (client: StreamsCalls) => Stream,
    cache?: WeakMap<StreamsCalls, Stream | Promise<Stream>>,
  ): () => Promise<Stream>;
  callArguments(options: { deadline?: number }, callOptions?: CallOptions): [Metadata, CallOptions];
  supports(method: Pick<MethodDefinition<unknown, unknown>, 'path'>): Promise<boolean>;
  createChannel: () => Promise<Channel>;
  getChannel(): Promise<Channel>;
  dispose(): Promise<void>;
}

interface StreamsCalls extends Client {
  Read(request: ReadRequest, metadata: Metadata, options: CallOptions): ClientReadableStream<readonly ReadResponse[]>;
  ReadPlaced(
    request: ReadRequest,
    metadata: Metadata,
    options: CallOptions,
  ): ClientReadableStream<readonly (ReadResponse | PlacedEvent)[]>;
  Append(
    metadata: Metadata,
    options: CallOptions,
    reply: (error: ServiceError | null, outcome?: WriteOutcome) => void,
  ): ClientWritableStream<AppendRequest>;
  BatchAppend(metadata: Metadata, options: CallOptions): BatchCall;
  BatchAppendInOrder(metadata: Metadata, options: CallOptions): OrderedCall;
}

export type BatchCall = ClientDuplexStream<AppendFrames, readonly BatchAnswer[]>;

/** The official client makes the connection; these calls on it keep bytes as they are (docs/adr). */
const StreamsClient = makeGenericClientConstructor(clientStreamsService, 'Streams');

const unlimited = 2n ** 63n - 1n;
const domainEvents: ReadFilter = {
  on: 'type',
  regex: '^[^$].*',
  prefixes: [],
  window: 64,
  checkpointMultiplier: 8,
};

/** What a store can tell beyond the port; for tools that look after it. */
export interface ConnectedStore extends EventStore {
  /** $all, from its beginning or `from` on, with the system's events and streams, as many at a time as have come. */
  readEverything(options?: { readonly from?: bigint }): AsyncIterable<readonly ReadItem[]>;
  /** Many appends in the order of the calls, for a copy. */
  appendInOrder(): Promise<OrderedAppends>;
  /** $all from its beginning, only events whose type begins so; the store looks for them. */
  readTypes(prefixes: readonly string[]): AsyncIterable<StoredEvent>;
  /** What `subscribeAll` yields, as many at a time as have come. */
  subscribeInBatches(options: {
    readonly after?: bigint;
    readonly signal: AbortSignal;
  }): AsyncIterable<readonly SubscriptionItem[]>;
  /** The same, where events of the usual form are not taken apart; half the work for who hands them on. */
  subscribeInPlace(options: {
    readonly after?: bigint;
    readonly signal: AbortSignal;
  }): AsyncIterable<readonly (SubscriptionItem | PlacedEvent)[]>;
}

/** The event store behind `connectionString`. Connects when first used; one per process is enough and wanted. */
export function createEventStore(options: EventStoreOptions): ConnectedStore {
  const { connectionString, copyMap } = splitCopyMap(options.connectionString);
  const store = new ConnectedEventStore({ ...options, connectionString });
  return copyMap === undefined ? store : withCopyMap(store, readCopyMap(copyMap));
}

class ConnectedEventStore implements ConnectedStore {
  #connection: Connection;
  readonly #timeout: number;
  readonly #batchCalls = new WeakMap<StreamsCalls, BatchCall | Promise<BatchCall>>();
  readonly #banks = new WeakMap<BatchCall, BatchBank>();
  #bank: BatchBank | undefined;
  /** Ends each of the reads that are under way. */
  readonly #reads = new Set<() => void>();
  #closed = false;

  constructor(readonly options: EventStoreOptions) {
    this.#connection = connect(options);
    this.#timeout = options.appendTimeoutMilliseconds ?? 10_000;
  }

  /** The official client keeps a failed answer about the store's features for ever; a new client asks again. */
  async #supportsBatch(): Promise<boolean> {
    const connection = this.#connection;
    try {
      return await connection.supports(clientStreamsService.BatchAppend);
    } catch (error) {
      if (!this.#closed && this.#connection === connection) this.#connection = connect(this.options);
      await connection.dispose().catch(() => undefined);
      throw error;
    }
  }

  async append(stream: string, events: readonly EventToAppend[], expected: ExpectedRevision): Promise<AppendResult> {
    const proposed = events.map(propose);
    try {
      const bank = this.#bank?.isOpen ? this.#bank : (this.#bank = await this.#openBank());
      const outcome = await (bank
        ? bank.ask(this.#batched(stream, proposed, expected), this.#timeout)
        : this.#append(stream, proposed, expected));
      return resultOf(outcome, stream, expected);
    } catch (error) {
      throw storeError(error, stream);
    }
  }

  /** The call on which appends go to a store that takes many at a time; undefined: it takes one. */
  async #openBank(): Promise<BatchBank | undefined> {
    if (!(await this.#supportsBatch())) return undefined;
    const open = (client: StreamsCalls): BatchCall => {
      const call = client.BatchAppend(...this.#connection.callArguments({}, { deadline: Infinity }));
      wholeFrames(call);
      this.#banks.set(call, batchBank(call));
      return call;
    };
    const call = await this.#connection.GRPCStreamCreator(StreamsClient, 'append', open, this.#batchCalls)();
    return this.#banks.get(call)!;
  }

  async appendInOrder(): Promise<OrderedAppends> {
    try {
      if (!(await this.#supportsBatch())) return ordered(this);
      const open = (client: StreamsCalls): OrderedCall => {
        const call = client.BatchAppendInOrder(...this.#connection.callArguments({}, { deadline: Infinity }));
        wholeFrames(call);
        return call;
      };
      const call = await this.#connection.GRPCStreamCreator(StreamsClient, 'append', open)();
      return appendsInOrder(call, this.#timeout);
    } catch (error) {
      throw storeError(error, '$all');
    }
  }

  #batched(stream: string, events: readonly ProposedEvent[], expected: ExpectedRevision): BatchAppendRequest {
    const options = { stream, expected, deadline: Date.now() + this.#timeout };
    return { correlation: randomUUID(), options, events, isFinal: true };
  }

  async #append(stream: string, events: readonly ProposedEvent[], expected: ExpectedRevision): Promise<WriteOutcome> {
    let outcome: Promise<WriteOutcome> | undefined;
    const creator = (client: StreamsCalls) => {
      const [metadata, options] = this.#connection.callArguments({ deadline: this.#timeout });
      let call: ClientWritableStream<AppendRequest> | undefined;
      outcome = new Promise((resolve, reject) => {
        call = client.Append(metadata, options, (error, reply) => (error ? reject(error) : resolve(reply!)));
      });
      call!.on('error', () => undefined);
      return call!;
    };
    const call = await this.#connection.GRPCStreamCreator(StreamsClient, 'append', creator)();
    call.write({ kind: 'options', options: { stream, expected } });
    for (const event of events) call.write({ kind: 'event', event });
    call.end();
    return outcome!;
  }

  async *readStream(
    stream: string,
    options: { readonly from?: bigint; readonly backwards?: boolean; readonly maxCount?: number } = {},
  ): AsyncIterable<StoredEvent> {
    const backwards = options.backwards ?? false;
    const request: ReadRequest = {
      ...plainRead,
      stream,
      from: options.from ?? (backwards ? 'end' : 'start'),
      backwards,
      count: options.maxCount === undefined ? unlimited : BigInt(options.maxCount),
    };
    for await (const responses of this.#read(request, stream))
      for (const response of responses) if (response.kind === 'event' && response.event) yield stored(response.event);
  }

  async *readAll(
    options: { readonly from?: bigint; readonly backwards?: boolean; readonly maxCount?: number } = {},
  ): AsyncIterable<StoredEvent> {
    const backwards = options.backwards ?? false;
    let left = options.maxCount ?? Infinity;
    if (left <= 0) return;
    const from = options.from ?? (backwards ? 'end' : 'start');
    for await (const responses of this.#read({ ...plainRead, from, backwards, count: unlimited }, '$all')) {
      for (const response of responses) {
        if (response.kind !== 'event' || !response.event || isSystem(response.event)) continue;
        yield stored(response.event);
        left -= 1;
        if (left <= 0) return;
      }
    }
  }

  async *readEverything({ from }: { readonly from?: bigint } = {}): AsyncIterable<readonly ReadItem[]> {
    const request: ReadRequest = { ...plainRead, from: from ?? 'start', backwards: false, count: unlimited };
    for await (const responses of this.#answers('ReadPlaced', request, '$all')) {
      const items: ReadItem[] = [];
      for (const response of responses)
        if (response.kind === 'placed') items.push(response);
        else if (response.kind === 'event' && response.event)
          items.push({ kind: 'event', event: stored(response.event) });
      if (items.length > 0) yield items;
    }
  }

  async *readTypes(prefixes: readonly string[]): AsyncIterable<StoredEvent> {
    const filter: ReadFilter = { on: 'type', prefixes, checkpointMultiplier: 1 };
    const request: ReadRequest = { ...plainRead, from: 'start', backwards: false, count: unlimited, filter };
    for await (const responses of this.#read(request, '$all'))
      for (const response of responses) if (response.kind === 'event' && response.event) yield stored(response.event);
  }

  async *subscribeAll(options: {
    readonly after?: bigint;
    readonly signal: AbortSignal;
  }): AsyncIterable<SubscriptionItem> {
    for await (const items of this.subscribeInBatches(options))
      for (const item of items) {
        if (options.signal.aborted) return;
        yield item;
      }
  }

  async *subscribeInBatches(options: {
    readonly after?: bigint;
    readonly signal: AbortSignal;
  }): AsyncIterable<readonly SubscriptionItem[]> {
    for await (const items of this.subscribeInPlace(options))
      yield items.map((item) => (item.kind === 'placed' ? { kind: 'event', event: storedEvent(item) } : item));
  }

  async *subscribeInPlace({
    after,
    signal,
  }: {
    readonly after?: bigint;
    readonly signal: AbortSignal;
  }): AsyncIterable<readonly (SubscriptionItem | PlacedEvent)[]> {
    const request: ReadRequest = { ...plainRead, from: after ?? 'start', backwards: false, filter: domainEvents };
    for await (const responses of this.#answers('ReadPlaced', request, '$all', signal)) {
      if (signal.aborted) return;
      const items: (SubscriptionItem | PlacedEvent)[] = [];
      for (const response of responses) {
        if (response.kind === 'placed') {
          if (!isPlacedSystem(response)) items.push(response);
        } else if (response.kind === 'event' && response.event) {
          if (!isSystem(response.event)) items.push({ kind: 'event', event: stored(response.event) });
        } else if (response.kind === 'checkpoint') items.push({ kind: 'checkpoint', position: response.position });
        else if (response.kind === 'caught-up') items.push({ kind: 'caught-up' });
      }
      if (items.length > 0) yield items;
    }
    // A subscription has no end of its own: an orderly one is the server going away.
    if (!signal.aborted) throw storeError(new Error('the subscription ended'), '$all');
  }

  #read(request: ReadRequest, stream: string, signal?: AbortSignal): AsyncGenerator<readonly ReadResponse[]> {
    return this.#answers('Read', request, stream, signal) as AsyncGenerator<readonly ReadResponse[]>;
  }

  async *#answers(
    method: 'Read' | 'ReadPlaced',
    request: ReadRequest,
    stream: string,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly (ReadResponse | PlacedEvent)[]> {
    if (signal?.aborted) return;
    let isOver = false;
    let call: ClientReadableStream<readonly (ReadResponse | PlacedEvent)[]> | undefined;
    // Destroyed too: a call that has ended with answers unread would never be finished for the official client.
    const cancel = () => {
      call?.cancel();
      call?.destroy();
    };
    try {
      call = await this.#connection.GRPCStreamCreator(StreamsClient, 'read', (client) => {
        const created = client[method](request, ...this.#connection.callArguments({}, { deadline: Infinity }));
        created.on('error', () => undefined);
        wholeFrames(created);
        return created;
      })();
      this.#reads.add(cancel);
      signal?.addEventListener('abort', cancel);
      if (signal?.aborted) cancel();
      yield* inBatches<ReadResponse | PlacedEvent>(call);
      isOver = true;
    } catch (error) {
      if (signal?.aborted) return;
      throw storeError(error, stream);
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#reads.delete(cancel);
      // A read that the server has ended is not cancelled: a server that gets many resets ends the connection
      // (HTTP/2 rapid reset, CVE-2023-44487: Node allows 33 a second beyond a burst of 1,000).
      if (!isOver) cancel();
    }
  }

  async ping(): Promise<void> {
    const signal = AbortSignal.timeout(5_000);
    const request: ReadRequest = { ...plainRead, from: 'end', backwards: true, count: 1n };
    for await (const responses of this.#read(request, '$all', signal))
      if (responses.some(({ kind }) => kind === 'event')) break;
    if (signal.aborted) throw storeError(new Error('no answer within 5 s'), '$all');
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const cancel of this.#reads) cancel();
    await this.#connection.dispose();
    (await this.#connection.getChannel()).close();
  }
}

const plainRead = { resolveLinks: false, uuid: 'string', compatibility: 0 } as const;

function propose({ id, type, data, metadata }: EventToAppend): ProposedEvent {
  return { id, properties: jsonProperties(type), data, metadata };
}

const isSystem = (event: WireEvent): boolean => event.stream.startsWith('$') || event.type.startsWith('$');

function stored(event: WireEvent): StoredEvent {
  const { id, type, data, metadata, stream, revision, position, created } = event;
  return { id, type, data, metadata, stream, revision, position, recordedAt: isoTime(created) };
}
