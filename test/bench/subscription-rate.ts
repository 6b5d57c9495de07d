// Reads $all after a position (argument 2; -1: from the beginning) up to another one (argument 3) from the store
// (argument 1), as the relay does, three times, and prints the best of the last two rates in events/s. A program, so that
// it runs with the same options as the relay.
import { createEventStore } from '#libs/event-store';

const [connectionString, from, to] = process.argv.slice(2) as [string, string, string];
const store = createEventStore({ connectionString });
const last = BigInt(to);
let best = 0;
for (const after of [-1n, BigInt(from), BigInt(from)]) {
  let count = 0;
  const started = performance.now();
  const signal = AbortSignal.timeout(600_000);
  reading: for await (const items of store.subscribeInBatches({ ...(after >= 0n && { after }), signal }))
    for (const item of items) {
      if (item.kind !== 'event') continue;
      count += 1;
      if (item.event.position === last) break reading;
    }
  if (after >= 0n) best = Math.max(best, count / ((performance.now() - started) / 1_000));
}
await store.close();
process.stdout.write(`${best}\n`);
process.exit(0);
