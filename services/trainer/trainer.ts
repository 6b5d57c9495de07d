import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Application, type CommandInputs, serviceActor, WaitingJobs } from '#libs/application';
import type { ContentStore } from '#libs/content';
import { type StoredEvent, type SubscriptionItem, decodeEvent } from '#libs/event-store';
import type { CommandContext, Id } from '#libs/lifecycle';
import { type Clock, deterministicId } from '#libs/runtime';
import type { ChildLimits, ChildProgress } from './child.js';
import { type MeasuredEvaluation, evaluate } from './evaluate.js';
import { JobRefused } from './files.js';
import { type Run, TrainingFold } from './fold.js';
import { train, trialsOf } from './train.js';

export interface TrainerDependencies {
  /** $all, from the process's fan-out. */
  readonly subscribe: (options: {
    readonly after?: bigint;
    readonly signal: AbortSignal;
  }) => AsyncIterable<SubscriptionItem>;
  readonly application: Application;
  readonly content: Pick<ContentStore, 'read' | 'add'>;
  readonly clock: Clock;
  /** Work folder; results that are complete survive a crash in it. */
  readonly folder: string;
  readonly limits?: Partial<ChildLimits>;
  /** Default true. False where it only evaluates: beside an api whose trainer is a process of its own. */
  readonly takesRuns?: boolean;
  readonly onProgress?: (trainingRunId: Id, progress: ChildProgress) => void;
  readonly onFault?: (what: 'PoisonEvent' | 'CommandRefused' | 'WillRetry' | 'Stopped', detail: unknown) => void;
}

/** What one job gets at most. A job document may ask for less. */
export const trainerLimits: ChildLimits = { seconds: 3600, memoryMegabytes: 2048 };

export interface Trainer {
  /** Resolves when everything in the store has been folded for the first time. */
  readonly ready: Promise<void>;
  /** Runs that wait or are being computed. */
  openRuns(): readonly Id[];
  /** Measures a model version once the fold has reached `position`; the caller records it in a person's name. */
  evaluate(modelVersionId: Id, position?: bigint): Promise<MeasuredEvaluation>;
  close(): Promise<void>;
}

const shortestRetry = 250;
const longestRetry = 10_000;
/** How long an evaluation waits for the fold to come to the position that its asker knows. */
const reachMilliseconds = 10_000;

/**
 * Takes up each started run of the engine `assay`, one after the other, and answers it with CompleteTraining or
 * FailTraining. At least once: what a killed trainer left open is open in the fold of the next one, which goes on behind the
 * trials of a search that had ended; and the command's id is made of the run, so that the ledger holds one answer. It acts
 * as `trainer-service`: it may complete and fail runs and nothing else.
 */
export function startTrainer(dependencies: TrainerDependencies): Trainer {
  const { application, clock, content, onFault } = dependencies;
  const fold = new TrainingFold();
  const ended = new AbortController();
  const limits = { ...trainerLimits, ...dependencies.limits };
  const { signal } = ended;
  const answered = new Set<Id>();
  const waiting = new WaitingJobs('trainingRun', (error) => onFault?.('PoisonEvent', error));
  const watchers = new Set<() => void>();
  const folder = join(dependencies.folder, 'runs');
  let caughtUp = false;
  let working: Promise<void> | undefined;
  let markReady: () => void;
  const ready = new Promise<void>((resolve) => (markReady = resolve));

  async function follow(): Promise<void> {
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder))
      if (name.includes('.')) await rm(join(folder, name), { recursive: true, force: true }); // Half done by a killed one.
    for await (const item of dependencies.subscribe({ signal })) {
      if (item.kind === 'event') {
        take(item.event);
        fold.position = item.event.position;
      } else if (item.kind === 'caught-up') {
        caughtUp = true;
        waiting.tell();
        markReady();
      }
      for (const look of watchers) look();
      if (caughtUp) work();
    }
  }

  /** A run with an event that cannot be read is left alone until that has been passed by. */
  function take(stored: StoredEvent): void {
    try {
      const event = decodeEvent(stored);
      if (!event) return;
      waiting.apply(event);
      fold.apply(event);
    } catch (error) {
      waiting.add(stored, error);
      if (caughtUp) waiting.tell();
    }
  }

  /** @throws JobRefused `NotReady` when the fold does not come so far in time. */
  function reached(position: bigint): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: JobRefused): void => {
        clearTimeout(deadline);
        watchers.delete(look);
        if (error) reject(error);
        else resolve();
      };
      const look = (): void => {
        if ((fold.position ?? -1n) >= position) settle();
      };
      const late = new JobRefused('NotReady', `the trainer has not read position ${position} yet`);
      const deadline = setTimeout(settle, reachMilliseconds, late);
      watchers.add(look);
      look();
    });
  }

  function work(): void {
    const next = [...fold.open].find((id) => !answered.has(id) && !waiting.has(id));
    if (working || next === undefined || signal.aborted) return;
    working = answer(fold.runs.get(next)!).finally(() => {
      working = undefined;
      work();
    });
  }

  async function answer(run: Run): Promise<void> {
    const { trainingRunId } = run;
    const { decisions } = waiting;
    for (let wait = shortestRetry; !signal.aborted; wait = Math.min(wait * 2, longestRetry)) {
      try {
        const done = await compute(run);
        if (!done) return;
        const result = await execute(run, done);
        if (result.outcome === 'refused') onFault?.('CommandRefused', { trainingRunId, code: result.code });
        if (result.outcome === 'refused' && result.code === 'StreamUnreadable')
          return waiting.refused(trainingRunId, decisions);
        answered.add(trainingRunId);
        await rm(join(folder, trainingRunId), { recursive: true, force: true });
        await rm(trialsOf(folder, trainingRunId), { force: true });
        return;
      } catch (error) {
        if (signal.aborted) return;
        // The ledger, the content store or this machine: not the job's fault, so it is not failed for it.
        onFault?.('WillRetry', error);
        await new Promise((resolve) => setTimeout(resolve, wait).unref());
      }
    }
  }

  async function compute(run: Run): Promise<Answer | undefined> {
    const { trainingRunId } = run;
    try {
      const data = fold.datasets.get(run.datasetVersionIds[0] ?? '');
      const onProgress = (progress: ChildProgress): void => dependencies.onProgress?.(trainingRunId, progress);
      const input = await train(run, data, { content, folder, limits, signal, onProgress });
      return input && { name: 'CompleteTraining', input };
    } catch (error) {
      if (!(error instanceof JobRefused)) throw error;
      return { name: 'FailTraining', input: { trainingRunId, code: error.code, detail: error.message } };
    }
  }

  function execute({ workspace, trainingRunId, correlationId, eventId }: Run, { name, input }: Answer) {
    const now = clock.now().toISOString();
    const context: CommandContext = {
      workspace,
      actor: serviceActor(workspace, 'trainer-service', now),
      commandId: deterministicId('trainer', workspace, trainingRunId, name),
      correlationId,
      causationId: eventId,
      now,
    };
    return application.execute(name, input, context);
  }

  const following = follow().catch((error: unknown) => {
    if (!signal.aborted) onFault?.('Stopped', error);
  });

  return {
    ready,
    openRuns: () => [...fold.open].filter((id) => !answered.has(id) && !waiting.has(id)),
    async evaluate(modelVersionId, position) {
      await ready;
      if (position !== undefined) await reached(position);
      return evaluate(fold, modelVersionId, { content, folder, limits, signal });
    },
    async close() {
      ended.abort();
      await Promise.allSettled([following, working]);
    },
  };
}

type Answer =
  | { readonly name: 'CompleteTraining'; readonly input: CommandInputs['CompleteTraining'] }
  | { readonly name: 'FailTraining'; readonly input: CommandInputs['FailTraining'] };
