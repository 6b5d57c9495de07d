import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from '#libs/runtime';
import { treeOf } from '../crash/product-process.js';

const readyWithin = 240_000;

export interface Readiness {
  readonly status: number;
  /** Why not, by the name of the check. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** A program of this clone as a process of its own, with all that it starts. Ends with the test, however that ends. */
export class Service {
  #child: ChildProcess | undefined;
  #said = '';
  #line = '';
  #ended: Promise<unknown> = Promise.resolve();

  constructor(
    readonly name: string,
    /** From the clone's root. */
    readonly program: string,
    readonly args: readonly string[],
    readonly environment: Readonly<Record<string, string>>,
    /** What the line looks like with which it says that it runs. */
    readonly ready: RegExp,
  ) {}

  /** Where it does its work, as its line says. */
  get url(): string {
    return this.ready.exec(this.#line)?.[1] ?? '';
  }

  /** Where it is looked at: a port of its own, or that of its work. */
  get healthUrl(): string {
    return /health at (http:\S+)/.exec(this.#line)?.[1] ?? this.url;
  }

  get line(): string {
    return this.#line;
  }

  /** What it has written to its standard error, the last of it. */
  get said(): string {
    return this.#said;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  /** Starts it and waits for its line. @throws when it ends before, with what it said */
  async start(): Promise<void> {
    const root = repositoryRoot();
    const child = spawn(process.execPath, [join(root, this.program), ...this.args], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        ...this.environment,
        ASSAY_PARENT: String(process.pid),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#line = '';
    this.#ended = once(child, 'exit');
    let end: unknown;
    void this.#ended.then((value) => (end = value));
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#line = (this.#line + text).slice(-20_000)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#said = (this.#said + text).slice(-20_000)));
    for (const deadline = Date.now() + readyWithin; !this.ready.test(this.#line);) {
      if (end !== undefined) throw new Error(`${this.name} ended with ${String(end)}: ${this.#said}`);
      if (Date.now() > deadline) throw new Error(`${this.name} did not start: ${this.#line}${this.#said}`);
      await sleep(20);
    }
  }

  /** SIGSTOP to it and all that it started: it hangs, with its connections open. */
  hold(): void {
    this.#signal('SIGSTOP');
  }

  release(): void {
    this.#signal('SIGCONT');
  }

  /** kill -9 of the process and all that it started. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#ended;
  }

  async stop(): Promise<void> {
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.release();
    this.#child.kill('SIGTERM');
    const insist = setTimeout(() => this.#signal('SIGKILL'), 20_000);
    await this.#ended;
    clearTimeout(insist);
  }

  /** Whether the very process that was started last still runs. */
  get runs(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async health(): Promise<Readiness> {
    const response = await fetch(`${this.healthUrl}/health/ready`, { signal: AbortSignal.timeout(10_000) });
    const body = (await response.json()) as { reasons?: Record<string, string> };
    return { status: response.status, reasons: body.reasons ?? {} };
  }

  /** One of its metrics; undefined when it has none of that name. The api's are not for everybody. */
  async metric(name: string, token = ''): Promise<number | undefined> {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${this.healthUrl}/metrics`, { headers, signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1];
    return value === undefined ? undefined : Number(value);
  }

  /** Seconds of processor time that it has used, without what it started. */
  processorSeconds(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  #signal(name: NodeJS.Signals): void {
    if (!this.#child?.pid) return;
    for (const { pid } of treeOf(this.#child.pid)) {
      try {
        process.kill(pid, name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
}
