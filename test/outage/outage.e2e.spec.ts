import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { kafkaMissing } from '../../libs/messaging/testing.js';
import { Seeded } from '../../libs/projections/testing/index.js';
import { Gate } from '../crash/gate.js';
import { mustHold, readLog, viewsMustEqualLog } from '../crash/invariants.js';
import { leadLives, openOne } from '../crash/life.js';
import { Load } from '../crash/load.js';
import type { Doors } from '../crash/load.js';
import { administrator, startPeople } from '../crash/people.js';
import type { People } from '../crash/people.js';
import { registerPeopleFor } from '../crash/registrar.js';
import { startInstallation } from './installation.js';
import type { Installation } from './installation.js';
import type { Neighbour } from './neighbours.js';
import type { Service } from './service.js';

/** `npm run test:outage -- --seconds N` sets it: ten minutes there, 20 s in `npm test`, where each neighbour goes once. */
const given = process.env['ASSAY_OUTAGE_SECONDS'];
const seconds = Number(given ?? 20);
/** Longer than a lease lives. */
const storeSeconds = Math.max(seconds, 36);
const say = given === undefined ? () => undefined : (line: string) => void process.stderr.write(`${line}\n`);

/** A neighbour that is away is seen within this time, and so is its return: retries are at most 5 s apart. */
const seenWithin = 60_000;
/** Of one processor, while a neighbour is away: who retries without bounds uses a whole one. */
const mostProcessor = 0.7;

const suite = process.platform === 'linux' ? describe : describe.skip;
if (kafkaMissing) process.stderr.write(`test/outage: the broker, relay and projector are left out: ${kafkaMissing}\n`);
const kafkaTest = kafkaMissing ? test.skip : test;
const longTest = given === undefined ? test.skip : test;

suite('outages', () => {
  const doors: Doors = { api: undefined, inference: undefined };
  // What is away is what matters here: the other suites need the two cores too.
  const load = new Load(doors, 100);
  const gate = new Gate(doors);
  let people: People;
  let all: Installation;

  beforeAll(async () => {
    people = await startPeople();
    all = await startInstallation({
      issuer: people.issuer,
      admin: administrator,
      kafka: !kafkaMissing,
      projectors: 1,
    });
    doors.api = all.product.url;
    doors.inference = all.inference.url;
    const prepared = await people.prepare(all.product.url);
    const { workspace, serviceKey } = all;
    const life = { load, people, prepared, gate, workspace, random: new Seeded(1), name: 'life' };
    await openOne(life, 'steady');
    load.add(() => leadLives(life));
    load.add(() => registerPeopleFor(load, serviceKey, new Seeded(2), 1));
    await everybodyReady();
  }, 300_000);

  afterAll(async () => {
    await load.stop();
    await gate.stop();
    await all?.close();
    await people?.close();
  }, 60_000);

  const services = () =>
    [all.product, all.manager, all.inference, all.relay, ...all.projectors].filter(
      (one): one is Service => one !== undefined,
    );

  async function everybodyReady(): Promise<void> {
    let unready: readonly string[] = [];
    const look = async () => {
      const reasons = await Promise.all(services().map(async (one) => [one.name, await reasonsOf(one)] as const));
      unready = reasons.filter(([, reason]) => reason !== '').map((one) => one.join(' says '));
      return unready.length === 0;
    };
    await until(() => `everybody is ready: ${unready.join(', ')}`, look);
  }

  /** Takes the neighbour away, looks at who says what, brings it back, and looks whether all is as it was. */
  async function outage(
    neighbour: Neighbour,
    how: 'held' | 'killed',
    forSeconds: number,
    reasons: readonly (readonly [Service | undefined, RegExp])[],
    meanwhile: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    const began = Date.now();
    const used = new Map(services().map((service) => [service, service.processorSeconds()]));
    const disturbance = { from: began, to: Number.POSITIVE_INFINITY };
    gate.disturbances.push(disturbance);
    if (how === 'held') neighbour.hold();
    else await neighbour.kill();
    try {
      for (const [service, reason] of reasons) {
        if (!service) continue;
        await until(`${service.name} says ${reason}`, async () => reason.test(await reasonsOf(service)));
        say(`${service.name} said so after ${Date.now() - began} ms: ${await reasonsOf(service)}`);
      }
      await meanwhile();
      for (const service of services()) {
        expect({ service: service.name, runs: service.runs }).toEqual({ service: service.name, runs: true });
        // The api signs in whoever reads its metrics, by keys that are in Postgres.
        if (service === all.product && neighbour === all.postgres) continue;
        expect(await service.metric('process_cpu_seconds_total', all.serviceKey)).toBeGreaterThan(0);
      }
      const rest = began + forSeconds * 1000 - Date.now();
      if (rest > 0) await sleep(rest);
      const elapsed = (Date.now() - began) / 1000;
      // The product is under load all the time; the others have nothing to do but to try again.
      for (const service of services().filter((one) => one !== all.product)) {
        const share = (service.processorSeconds() - used.get(service)!) / elapsed;
        expect({ service: service.name, tooMuch: share > mostProcessor, share }).toMatchObject({ tooMuch: false });
      }
    } finally {
      if (how === 'held') neighbour.release();
      else await neighbour.restart();
    }
    const back = Date.now();
    await everybodyReady();
    disturbance.to = Date.now();
    say(`everybody was ready ${disturbance.to - back} ms after the return of ${neighbour.name}`);
    await isAsItWas();
  }

  /** The load goes on, nothing acknowledged is lost, and both databases hold the fold of the log. */
  async function isAsItWas(): Promise<void> {
    const { length } = load.acknowledged;
    await until('the load is answered', async () => load.acknowledged.length > length + 3);
    expect(load.faults).toEqual([]);
    await load.pause();
    try {
      let events = await readLog(all.ledger.connectionString);
      mustHold(events, load.acknowledged.slice());
      // The permit issuer acts by itself: the log may grow a little more.
      await until('the log rests', async () => {
        const { length: before } = events;
        await sleep(300);
        events = await readLog(all.ledger.connectionString);
        return events.length === before;
      });
      await viewsMustEqualLog(all.databaseUrl, all.ledger.connectionString);
      if (all.relay) {
        await viewsMustEqualLog(all.viewsUrl, all.ledger.connectionString);
        await until('the relay has caught up', async () => (await all.relay!.metric('assay_relay_caught_up')) === 1);
        for (const projector of all.projectors)
          await until('no lag', async () => (await projector.metric('assay_projection_lag_events')) === 0);
      }
      expect(gate.violations(events)).toEqual([]);
    } finally {
      load.resume();
    }
  }

  const brokerAway = [
    [() => all.relay, /broker/],
    [() => all.projectors[0], /broker/],
  ] as const;
  const postgresAway = [
    [() => all.product, /database/],
    [() => all.manager, /database/],
    [() => all.inference, /database/],
    [() => all.relay, /database-away/],
    [() => all.projectors[0], /database/],
  ] as const;
  const storeAway = [
    [() => all.product, /event-store/],
    [() => all.manager, /event-store/],
    [() => all.inference, /event-store/],
    [() => all.relay, /event-store/],
  ] as const;
  const now = (reasons: readonly (readonly [() => Service | undefined, RegExp])[]) =>
    reasons.map(([service, reason]) => [service(), reason] as const);
  const answersOfSteady = () => gate.probes.filter(({ endpoint }) => endpoint === 'steady');
  const limit = (forSeconds: number) => forSeconds * 1000 + 300_000;

  async function brokerOutage(how: 'held' | 'killed'): Promise<void> {
    await outage(all.broker!, how, seconds, now(brokerAway), async () => {
      const { length } = load.acknowledged;
      await until('commands are answered without the broker', async () => load.acknowledged.length > length + 3);
    });
  }
  async function postgresOutage(how: 'held' | 'killed'): Promise<void> {
    await outage(all.postgres, how, seconds, now(postgresAway), async () => {
      const { length } = answersOfSteady();
      await until('predictions are served without Postgres', async () =>
        answersOfSteady()
          .slice(length)
          .some(({ status }) => status === 200),
      );
    });
  }
  async function storeOutage(how: 'held' | 'killed'): Promise<void> {
    await outage(all.ledger, how, storeSeconds, now(storeAway), async () => {
      await until('the gate closes: nothing proves that it may be open', async () => {
        const last = answersOfSteady().at(-1);
        return last !== undefined && last.status !== 200;
      });
      expect(await reasonsOf(all.inference)).toMatch(/lease/);
    });
    await until('the gate opens again', async () => answersOfSteady().at(-1)?.status === 200);
  }

  kafkaTest('the broker is killed and comes back', () => brokerOutage('killed'), limit(seconds));
  test('Postgres hangs and goes on', () => postgresOutage('held'), limit(seconds));
  test('the event store hangs and goes on', () => storeOutage('held'), limit(storeSeconds));
  (kafkaMissing ? test.skip : longTest)('the broker hangs and goes on', () => brokerOutage('held'), limit(seconds));
  longTest('Postgres is killed and comes back', () => postgresOutage('killed'), limit(seconds));
  longTest('the event store is killed and comes back', () => storeOutage('killed'), limit(storeSeconds));
});

/** What it says at /health/ready, as text; empty when it is ready. */
async function reasonsOf(service: Service): Promise<string> {
  const { reasons } = await service.health().catch((error: Error) => ({ reasons: { health: error.message } }));
  return Object.entries(reasons)
    .map(([name, reason]) => `${name}: ${reason}`)
    .join('; ');
}

async function until(what: string | (() => string), holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + seenWithin + storeSeconds * 1000; ;) {
    if (await holds()) return;
    if (Date.now() > deadline) throw new Error(`this did not come about: ${typeof what === 'string' ? what : what()}`);
    await sleep(50);
  }
}
