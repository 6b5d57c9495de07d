import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Seeded } from '../../libs/projections/testing/index.js';
import { killsOf, nameOf, plan } from './faults.js';
import type { Fault, Victim } from './faults.js';
import { Gate } from './gate.js';
import { Broken, mustHold, readLog, viewsMustEqual } from './invariants.js';
import { leadLives } from './life.js';
import { Load, send } from './load.js';
import type { Doors, Sent } from './load.js';
import { administrator, startPeople } from './people.js';
import { openWorkspaceOf, runs, spawnProduct, startProductProcess } from './product-process.js';
import type { ProcessIdentity, ProductProcess } from './product-process.js';
import { registerPeopleFor } from './registrar.js';
import { logEnd, tear } from './torn.js';

/** The product's promise is 5 s (test/bench/ready.bench.ts); here it shares the machine with the other suites. */
const readyWithin = 120_000;
/** A product that was killed, or has lost a store. */
const endsWithin = 60_000;
const registrars = 4;
const lives = 2;

export interface ChapterOptions {
  readonly seed: number;
  readonly kills: number;
  /** Told of each fault, with how long it took. */
  readonly say?: (line: string) => void;
}

export interface ChapterResult {
  readonly kills: number;
  readonly acknowledged: number;
  readonly events: number;
  /** Questions to the permit gate, and how many of them it let through. */
  readonly probes: number;
  readonly served: number;
}

/**
 * One installation, from `assay init` to its clean end, killed again and again under load. After each fault everything
 * that must hold is looked at. @throws Broken, with the fault and the seed, at the first that does not hold
 */
export async function runChapter(options: ChapterOptions): Promise<ChapterResult> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-crash-'));
  chmodSync(folder, 0o711);
  const chapter = new Chapter(folder, options);
  try {
    return await chapter.run();
  } finally {
    await chapter.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface StoreUrls {
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
}

class Chapter {
  readonly #random: Seeded;
  readonly #doors: Doors = { api: undefined, inference: undefined };
  readonly #load = new Load(this.#doors);
  readonly #gate = new Gate(this.#doors);
  readonly #seen = new Map<number, ProcessIdentity>();
  #product: ProductProcess | undefined;
  #key = '';
  #people: Awaited<ReturnType<typeof startPeople>> | undefined;

  constructor(
    readonly folder: string,
    readonly options: ChapterOptions,
  ) {
    this.#random = new Seeded(options.seed);
  }

  async run(): Promise<ChapterResult> {
    const { seed, kills, say } = this.options;
    const faults = plan(this.#random, kills);
    await this.#open();
    let events = 0;
    for (const [index, fault] of faults.entries()) {
      const times = [performance.now()];
      try {
        for (const step of [() => this.#underLoad(), () => this.#cause(fault), () => this.#look()]) {
          events = (await step()) ?? events;
          times.push(performance.now());
        }
      } catch (error) {
        const what = `fault ${index + 1} of ${faults.length} (${nameOf(fault)}), seed ${seed}`;
        throw new Broken(`${what}: ${(error as Error).stack}\n${this.#product?.said() ?? ''}`, { cause: error });
      }
      const [load, away, look] = times.slice(1).map((time, at) => Math.round(time - times[at]!));
      say?.(`${String(index + 1).padStart(4)}  ${nameOf(fault)}: load ${load} ms, fault ${away} ms, checks ${look} ms`);
    }
    await this.#end();
    const { probes } = this.#gate;
    return {
      kills: faults.reduce((sum, fault) => sum + killsOf(fault), 0),
      acknowledged: this.#load.acknowledged.length,
      events,
      probes: probes.length,
      served: probes.filter(({ status }) => status === 200).length,
    };
  }

  async close(): Promise<void> {
    await this.#load.stop();
    await this.#gate.stop();
    this.#product?.killGroup('SIGKILL');
    await gone([...this.#seen.values()], 15_000);
    await this.#people?.close();
  }

  async #open(): Promise<void> {
    this.#people = await startPeople();
    this.#gate.starts.push(Date.now());
    await this.#arrived(await startProductProcess(this.folder, readyWithin));
    const opened = await openWorkspaceOf(this.folder, { issuer: this.#people.issuer, admin: administrator });
    this.#key = opened.serviceKey;
    const prepared = await this.#people.prepare(this.#product!.url);
    const { seed } = this.options;
    for (let number = 1; number <= registrars; number += 1)
      this.#load.add(() => registerPeopleFor(this.#load, this.#key, new Seeded(seed + number), number));
    for (let number = 1; number <= lives; number += 1) {
      const random = new Seeded(seed + registrars + number);
      const { workspace } = opened;
      const given = { load: this.#load, people: this.#people, prepared, gate: this.#gate, workspace, random };
      this.#load.add(() => leadLives({ ...given, name: `life-${number}` }));
    }
  }

  async #arrived(product: ProductProcess): Promise<void> {
    this.#product = product;
    this.#remember();
    this.#doors.api = product.url;
    this.#load.moved();
    void this.#inferenceOf(product);
  }

  /** The models are served a moment after the api, and before a workspace is open not at all. */
  async #inferenceOf(product: ProductProcess): Promise<void> {
    while (this.#product === product && !this.#load.stopping.signal.aborted) {
      this.#doors.inference = product.inferenceUrl();
      if (this.#doors.inference !== undefined) return;
      await sleep(20);
    }
  }

  #remember(): void {
    for (const one of this.#product!.tree()) this.#seen.set(one.pid, one);
  }

  async #underLoad(): Promise<void> {
    const { acknowledged } = this.#load;
    const enough = acknowledged.length + 5 + this.#random.whole(20);
    const until = Date.now() + 60_000;
    this.#load.resume();
    while (acknowledged.length < enough && this.#load.faults.length === 0) {
      if (Date.now() > until) throw new Broken('the load was not answered for a minute');
      await sleep(2);
    }
    await sleep(this.#random.whole(60));
  }

  async #cause(fault: Fault): Promise<void> {
    const disturbance = { from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.#gate.disturbances.push(disturbance);
    this.#remember();
    const old = [...this.#seen.values()];
    let restarted = true;
    if (fault.kind === 'kill') await this.#kill(fault.victims, fault.heldFor);
    else if (fault.kind === 'kill-again') await this.#killTwice(fault.after);
    else if (fault.kind === 'torn') await this.#tear();
    else {
      restarted = false;
      if (fault.kind === 'hold') await this.#hold(fault.victim, fault.milliseconds);
      else await this.#killBackend();
    }
    if (restarted) {
      const left = await gone(old, 15_000);
      if (left.length > 0) throw new Broken(`these outlived their product: ${JSON.stringify(left)}`);
      for (const one of old) this.#seen.delete(one.pid);
    }
    disturbance.to = Date.now();
  }

  #pids(...roles: readonly string[]): number[] {
    return this.#product!.tree()
      .filter(({ role }) => roles.includes(role))
      .map(({ pid }) => pid);
  }

  async #kill(victims: readonly Victim[], heldFor: number | undefined): Promise<void> {
    const product = this.#product!;
    const targets = victims.flatMap((victim) => {
      if (victim === 'survivor') return [...this.#pids('guard'), -product.pid];
      if (victim === 'group') return [-product.pid];
      return this.#pids(victim);
    });
    if (targets.length < victims.length) throw new Broken(`${victims.join()} was not found`);
    if (heldFor !== undefined) {
      signal(targets, 'SIGSTOP');
      await sleep(heldFor);
    }
    signal(targets, 'SIGKILL');
    const end = await this.#ended();
    // A product that lost a store says so and ends, so that whoever looks after it starts it again.
    const stores = victims.every((victim) => victim === 'ledger' || victim === 'postgres');
    if (!stores && end !== 'SIGKILL') throw new Broken(`the product ended with ${end} after SIGKILL`);
    if (stores && (end !== 1 || !/assay ends: (the ledger server|Postgres) /.test(product.said())))
      throw new Broken(`without its store the product ended with ${end} and said: ${product.said()}`);
    await this.#start();
  }

  async #killTwice(after: number): Promise<void> {
    this.#product!.killGroup('SIGKILL');
    await this.#ended();
    const started = spawnProduct(this.folder);
    await sleep(after);
    for (const one of started.tree()) this.#seen.set(one.pid, one);
    started.killGroup('SIGKILL');
    await started.ended;
    await this.#start();
  }

  async #hold(victim: 'main' | 'ledger' | 'postgres', milliseconds: number): Promise<void> {
    const targets = this.#pids(victim, ...(victim === 'postgres' ? ['backend'] : []));
    signal(targets, 'SIGSTOP');
    await sleep(milliseconds);
    signal(targets, 'SIGCONT');
  }

  /** Postgres ends all its backends then, and recovers: until it answers again nobody can hear of a revocation. */
  async #killBackend(): Promise<void> {
    const clients = this.#product!.tree().filter(
      ({ role, words }) => role === 'backend' && /^postgres: \w+ \w+ 127/.test(words[0]!),
    );
    signal([this.#random.pick(clients).pid], 'SIGKILL');
    const { databaseUrl } = this.#stores();
    await sleep(50);
    await patiently(() => logEnd(databaseUrl));
  }

  /**
   * The ledger is held back with appends in its sockets, then main, so that nobody can hear of what the ledger writes
   * when it goes on: all that lies behind `from` is unacknowledged, and torn.
   */
  async #tear(): Promise<void> {
    const product = this.#product!;
    const { databaseUrl } = this.#stores();
    signal(this.#pids('ledger'), 'SIGSTOP');
    await sleep(50);
    const from = await logEnd(databaseUrl);
    signal([product.pid], 'SIGSTOP');
    signal(this.#pids('ledger'), 'SIGCONT');
    await sleep(100 + this.#random.whole(200));
    const to = await logEnd(databaseUrl);
    signal([...this.#pids('guard', 'postgres', 'backend'), -product.pid], 'SIGKILL');
    await this.#ended();
    await gone([...this.#seen.values()], 15_000);
    tear(join(this.folder, 'postgres', 'cluster'), from, to, this.#random);
    await this.#start();
  }

  async #ended(): Promise<number | NodeJS.Signals> {
    this.#doors.api = undefined;
    this.#doors.inference = undefined;
    const product = this.#product!;
    const end = await Promise.race([product.ended, sleep(endsWithin, undefined, { ref: false })]);
    if (end === undefined) throw new Broken(`the product still runs ${endsWithin} ms after it should have ended`);
    return end;
  }

  async #start(): Promise<void> {
    // Mostly at once, while the old tree may still be dying.
    if (this.#random.whole(4) === 0) await sleep(this.#random.whole(1_000));
    this.#gate.starts.push(Date.now());
    await this.#arrived(await startProductProcess(this.folder, readyWithin));
  }

  #stores(): StoreUrls {
    return JSON.parse(readFileSync(join(this.folder, 'stores.json'), 'utf8')) as StoreUrls;
  }

  /** Everything that must hold after a fault. Returns how many events there are. */
  async #look(): Promise<number> {
    const { acknowledged, faults } = this.#load;
    await this.#load.pause();
    if (faults[0]) throw faults[0];
    const { databaseUrl, eventStoreUrl } = this.#stores();
    const known = acknowledged.length;
    let events = await patiently(() => readLog(eventStoreUrl));
    mustHold(events, acknowledged.slice(0, known));
    for (let agree = false; !agree;) {
      try {
        await patiently(() => viewsMustEqual(databaseUrl, events));
        agree = true;
      } catch (error) {
        // Nobody sends commands now, but the permit issuer acts by itself: the views may know more than what was read.
        const before = events.length;
        events = await patiently(() => readLog(eventStoreUrl));
        if (events.length === before) throw error;
      }
    }
    const [violation] = this.#gate.violations(events);
    if (violation !== undefined) throw new Broken(violation);
    const registered = acknowledged.filter(({ mutation }) => mutation === 'registerPerson');
    if (registered.length > 0) await this.#repeat(this.#random.pick(registered));
    return events.length;
  }

  async #repeat(sent: Sent & { readonly positions: readonly string[] }): Promise<void> {
    const answer = await patiently(() => send(this.#doors.api!, this.#key, sent));
    if (!answer.repeated || answer.positions.join() !== sent.positions.join())
      throw new Broken(`a repetition of ${sent.input.commandId} was answered with ${JSON.stringify(answer)}`);
  }

  async #end(): Promise<void> {
    await this.#load.stop();
    await this.#gate.stop();
    const product = this.#product!;
    const tree = product.tree();
    process.kill(product.pid, 'SIGTERM');
    const end = await product.ended;
    if (end !== 0) throw new Broken(`a clean stop ended with ${end}: ${product.said()}`);
    const left = await gone(tree, 15_000);
    if (left.length > 0) throw new Broken(`these outlived a clean stop: ${JSON.stringify(left)}`);
  }
}

function signal(targets: readonly number[], name: NodeJS.Signals): void {
  for (const pid of targets) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** A store that lost its connections a moment ago may refuse the next one; what is broken is not asked again. */
async function patiently<Result>(act: () => Promise<Result>): Promise<Result> {
  for (const deadline = Date.now() + 30_000; ;) {
    try {
      return await act();
    } catch (error) {
      if (error instanceof Broken || Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

async function gone(processes: readonly ProcessIdentity[], milliseconds: number): Promise<ProcessIdentity[]> {
  for (let waited = 0; processes.some(runs) && waited < milliseconds; waited += 20) await sleep(20);
  return processes.filter(runs);
}
