// Reads $all from the beginning up to a position (argument 3) from the store (argument 1), as the relay does, and prints
// events/s of what comes after another position (argument 2): by then it is as warm as the relay is when its clock runs.
// A program, so that it runs with the same options as the relay.
import { createEventStore } from '#libs/event-store';

const [connectionString, from, to] = process.argv.slice(2) as [string, string, string];
const store = createEventStore({ connectionString });
const [first, last] = [Number(from), Number(to)];
let count = 0;
let started: number | undefined;
reading: for await (const items of store.subscribeInPlace({ signal: AbortSignal.timeout(600_000) }))
  for (const item of items) {
    if (item.kind !== 'placed') continue;
    if (started !== undefined) count += 1;
    else if (item.position >= first) started = performance.now();
    if (item.position === last) break reading;
  }
process.stdout.write(`${count / ((performance.now() - (started ?? Number.NaN)) / 1_000)}\n`);
process.exit(0);
