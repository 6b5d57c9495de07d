import { storedEvent } from '../event-store/placed-event.js';
import { eventRecord } from './event-record.js';
import { TopicMismatch } from './port.js';
import type { BatchHandler, IncomingRecord, Messaging, OutgoingRecord } from './port.js';

/** A topic as a test sees it: what is written when, and what a member of the group is given. */
export interface MemoryTopic {
  readonly records: readonly (readonly IncomingRecord[])[];
  /** Puts records at the end of their partitions, whoever they are from. */
  write(records: readonly OutgoingRecord[]): void;
  /** Where the members' hints stand. */
  readonly hints: ReadonlyMap<number, bigint>;
  /** Takes records away for good, as a wrong retention or a deleted topic would. */
  replace(partition: number, records: readonly IncomingRecord[]): void;
}

/** Records of one partition in one answer: few, so that partitions get out of step. */
const fetched = 7;

interface Member {
  readonly handler: BatchHandler;
  readonly next: Map<number, bigint>;
  assigned: readonly number[];
}

/**
 * The port over lists in memory, with one group: for specs about what is in the topic. Partitions are dealt out anew
 * whenever a member comes or goes; everything that Kafka itself does is tested on the real broker.
 */
export function memoryMessaging(name: string, partitions: number): { messaging: Messaging; topic: MemoryTopic } {
  const lists: IncomingRecord[][] = Array.from({ length: partitions }, () => []);
  const hints = new Map<number, bigint>();
  const members = new Set<Member>();
  let wake: (() => void)[] = [];
  const woken = () => new Promise<void>((resolve) => wake.push(resolve));
  const tell = () => {
    for (const resolve of wake) resolve();
    wake = [];
  };

  function share(): void {
    const all = [...members];
    for (const [index, member] of all.entries()) {
      member.next.clear();
      member.assigned = lists.flatMap((_, partition) => (partition % all.length === index ? [partition] : []));
      member.handler.assigned?.(member.assigned);
    }
    tell();
  }

  /** One batch of one partition, if there is any. */
  async function deliver(member: Member, partition: number): Promise<boolean> {
    const { handler, next } = member;
    let from = next.get(partition);
    if (from === undefined) {
      from = (await handler.startOffset(partition)) ?? hints.get(partition) ?? 0n;
      next.set(partition, from);
    }
    const records = lists[partition]!.slice(Number(from), Number(from) + 100);
    if (records.length === 0) return false;
    const end = from + BigInt(records.length);
    const given = member.assigned;
    const answer = await handler.handle(
      partition,
      records,
      async () => {
        if (given !== member.assigned) throw new Error('the group is shared out anew');
      },
      BigInt(lists[partition]!.length) - end,
    );
    // Neither shared out anew nor sent elsewhere meanwhile.
    if (given === member.assigned && next.get(partition) === from) next.set(partition, answer ?? end);
    return true;
  }

  async function run(member: Member): Promise<void> {
    while (members.has(member)) {
      let isIdle = true;
      for (const partition of member.assigned) {
        try {
          if (await deliver(member, partition)) isIdle = false;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 10));
          isIdle = false;
        }
      }
      if (isIdle && members.has(member)) await woken();
    }
  }

  const topic: MemoryTopic = {
    records: lists,
    hints,
    write(records) {
      for (const { partition, key, value, headers } of records) {
        const list = lists[partition]!;
        const bytes = Object.entries(headers).map(([header, content]) => [header, Buffer.from(content as string)]);
        const offset = BigInt(list.length);
        list.push({ partition, offset, timestamp: Date.now(), key, value, headers: Object.fromEntries(bytes) });
      }
      tell();
    },
    replace(partition, records) {
      lists[partition] = records.map((record, index) => ({ ...record, offset: BigInt(index) }));
      tell();
    },
  };

  const messaging: Messaging = {
    async ensureTopic(wanted) {
      if (wanted.partitions !== partitions) throw new TopicMismatch(`topic ${name}: ${partitions} partitions`);
      return 'existing';
    },
    partitions: async (wanted) => (wanted === name ? partitions : undefined),
    async publisher() {
      return {
        publish: async (_, records) =>
          topic.write(
            records.flatMap((one) => {
              if (!('events' in one)) return [one];
              const stored = one.events.map((event) => ('bytes' in event ? storedEvent(event) : event));
              return stored.map((event) => eventRecord(event, one.relay, one.partition));
            }),
          ),
        close: async () => undefined,
      };
    },
    async subscribe(_topic, _group, handler) {
      const member: Member = { handler, next: new Map(), assigned: [] };
      members.add(member);
      share();
      const running = run(member);
      return {
        async commit(offsets) {
          for (const [partition, offset] of offsets) hints.set(partition, offset);
        },
        seek(partition, offset) {
          member.next.set(partition, offset);
          tell();
        },
        async close() {
          members.delete(member);
          if (members.size > 0) share();
          tell();
          await running;
        },
      };
    },
    endOffsets: async () => new Map(lists.map((list, partition) => [partition, BigInt(list.length)])),
    startOffsets: async () => new Map(lists.map((_, partition) => [partition, 0n])),
    fetch: async (_, offsets) =>
      new Map(
        [...offsets].map(([partition, from]) => [
          partition,
          lists[partition]!.slice(Number(from), Number(from) + fetched),
        ]),
      ),
    offsetsAt: async (_, time) =>
      new Map(
        lists.map((list, partition) => {
          const found = list.findIndex(({ timestamp }) => timestamp >= time);
          return [partition, BigInt(found < 0 ? list.length : found)];
        }),
      ),
    ping: async () => undefined,
    close: async () => undefined,
  };
  return { messaging, topic };
}
