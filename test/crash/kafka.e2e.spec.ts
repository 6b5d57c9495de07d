import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { kafkaMissing } from '../../libs/messaging/testing.js';
import { Seeded } from '../../libs/projections/testing/index.js';
import { startInstallation } from '../outage/installation.js';
import type { Installation } from '../outage/installation.js';
import { Gate } from './gate.js';
import { mustHold, readLog, viewsMustEqualLog } from './invariants.js';
import { leadLives } from './life.js';
import { Load } from './load.js';
import type { Doors } from './load.js';
import { administrator, startPeople } from './people.js';
import type { People } from './people.js';
import { registerPeopleFor } from './registrar.js';

/** Part of `npm run test:crash` only: a broker and eight programs take the machine for minutes. */
const given = process.env['ASSAY_CRASH_KILLS'];
const kills = Number(given ?? 0);
const seed = Number(process.env['ASSAY_CRASH_SEED'] ?? randomInt(2 ** 31));
const why = given === undefined ? 'npm run test:crash plays it' : kafkaMissing;
const suite = why === undefined && process.platform === 'linux' ? describe : describe.skip;
if (given !== undefined && kafkaMissing) process.stderr.write(`test/crash: nothing over Kafka: ${kafkaMissing}\n`);

/** What can be killed, restarted, held and let go: a process of ours, a store or the broker. */
interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  hold(): void;
  release(): void;
}

suite(`over Kafka (${why === undefined ? `--seed ${seed}` : `skipped: ${why}`})`, () => {
  const doors: Doors = { api: undefined, inference: undefined };
  const load = new Load(doors);
  const gate = new Gate(doors);
  const random = new Seeded(seed);
  let people: People;
  let all: Installation;

  beforeAll(async () => {
    people = await startPeople();
    all = await startInstallation({ issuer: people.issuer, admin: administrator, kafka: true, projectors: 2 });
    doors.api = all.product.url;
    doors.inference = all.inference.url;
    const prepared = await people.prepare(all.product.url);
    const { workspace, serviceKey } = all;
    load.add(() => leadLives({ load, people, prepared, gate, workspace, random: new Seeded(seed + 1), name: 'life' }));
    load.add(() => registerPeopleFor(load, serviceKey, new Seeded(seed + 2), 1));
  }, 600_000);

  afterAll(async () => {
    await load.stop();
    await gate.stop();
    await all?.close();
    await people?.close();
  }, 120_000);

  const victims = (): readonly Victim[] => [
    ...[all.relay!, ...all.projectors, all.inference, all.manager].map((service) => ({
      name: service.name,
      kill: () => service.kill(),
      restart: async () => {
        if (service === all.inference) gate.starts.push(Date.now());
        await service.start();
        doors.inference = all.inference.url;
      },
      hold: () => service.hold(),
      release: () => service.release(),
    })),
    all.broker!,
    all.postgres,
    all.ledger,
  ];

  async function fault(): Promise<number> {
    const chosen = random.shuffle(victims()).slice(0, 1 + random.whole(2));
    const held = random.whole(3) === 0;
    process.stderr.write(`${held ? 'hold' : 'kill'} ${chosen.map(({ name }) => name).join('+')}\n`);
    const disturbance = { from: Date.now(), to: Number.POSITIVE_INFINITY };
    gate.disturbances.push(disturbance);
    try {
      if (held) {
        for (const victim of chosen) victim.hold();
        await sleep(random.whole(15_000));
      } else {
        await Promise.all(chosen.map((victim) => victim.kill()));
        await sleep(random.whole(2_000));
      }
    } finally {
      if (held) for (const victim of chosen) victim.release();
      // Together: a service says that it has begun only when its database is back.
      else await Promise.all(chosen.map((victim) => victim.restart()));
    }
    const { length } = load.acknowledged;
    await until('the load is answered', () => load.acknowledged.length > length + 3);
    disturbance.to = Date.now();
    return chosen.length;
  }

  test('killed and held, alone and in pairs: nothing acknowledged is lost, and every view is the fold of the log', async () => {
    let done = 0;
    while (done < Math.ceil(kills / 4)) {
      load.resume();
      const { length } = load.acknowledged;
      await until('the load is answered', () => load.acknowledged.length > length + 5 + random.whole(10));
      done += await fault();
      await load.pause();
      expect(load.faults).toEqual([]);
      const events = await rested();
      mustHold(events, load.acknowledged.slice());
      await viewsMustEqualLog(all.databaseUrl, all.ledger.connectionString);
      await viewsMustEqualLog(all.viewsUrl, all.ledger.connectionString);
      expect(gate.violations(events)).toEqual([]);
    }
    process.stderr.write(`${JSON.stringify({ kills: done, acknowledged: load.acknowledged.length })}\n`);
  }, 10_800_000);

  /** The log, when the permit issuer has nothing more to add. */
  async function rested() {
    let events = await readLog(all.ledger.connectionString);
    for (;;) {
      await sleep(500);
      const again = await readLog(all.ledger.connectionString);
      if (again.length === events.length) return again;
      events = again;
    }
  }
});

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 240_000; !holds();) {
    if (Date.now() > deadline) throw new Error(`this did not come about: ${what}`);
    await sleep(20);
  }
}
