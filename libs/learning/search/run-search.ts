import { canonicalDigest } from '#libs/signing';
import { InputError } from '#libs/statistics';
import type { Candidate, FoldScores } from '../job/candidate.js';
import type { Job } from '../job/document.js';
import { validateCandidate } from '../job/validate.js';
import type { Prepared } from '../job/prepare.js';
import type { CandidateResult } from '../job/validate.js';
import { bayesianSearch } from './bayesian.js';
import { candidateSpace } from './candidates.js';
import type { SearchDocument } from './document.js';
import { lossOf, objectiveOf } from './objective.js';
import type { Objective } from './objective.js';
import { geneticSearch, gridSearch, randomSearch, successiveHalving } from './simple.js';
import type { Space } from './space.js';
import type { Observation, Strategy } from './strategy.js';
import type { TrialRecord } from './trials.js';

export interface SearchOptions {
  /** Throws where the run is cancelled or over a limit. */
  readonly checkpoint: () => void;
  /** As {@link searchDigest} gives it. */
  readonly digest: string;
  /** Of nested validation: the outer fold whose training rows are searched. */
  readonly outerFold?: number;
  /** Trials of an earlier, interrupted run from this search's first on: they are taken as they are. */
  readonly recorded: readonly TrialRecord[];
  /** A trial has ended; what it throws ends the search. */
  readonly onTrial: (trial: TrialRecord) => void;
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

export interface SearchResult {
  readonly candidate: Candidate;
  readonly best: TrialRecord;
  readonly objective: Objective;
  readonly trials: readonly TrialRecord[];
  /** Why it ended: nothing left to try, or the budget's end. */
  readonly ended: 'complete' | 'trials' | 'seconds';
}

/** Digest of what the trials of one search have in common: the job, but for its data path and limits, and the rows. */
export function searchDigest(job: Job, rowDigest: string): string {
  const { data: _, limits: __, deadline: ___, ...own } = job;
  return canonicalDigest({ job: own, rows: rowDigest });
}

/**
 * Tries candidates on the job's folds until nothing is left or the budget is spent, and gives the best of those on all
 * rows. Trials are a function of job, rows and seed (where no budget of seconds ends them): recorded ones are not run
 * again.
 * @throws InputError `EmptySpace`, `SearchSpace`, `Budget`, `UnknownScore`, `TrialsDiffer`, `NoTrial` (all failed: the
 * first one's error is named), and what `checkpoint` throws
 */
export function runSearch(prepared: Prepared, search: SearchDocument, options: SearchOptions): SearchResult {
  const { space, candidateAt } = candidateSpace(prepared, search);
  const strategy = strategyOf(space, prepared.seed, search);
  const total = totalOf(strategy, search);
  const objective = objectiveOf(search, prepared.problem);
  const trials: TrialRecord[] = [];
  const observations: Observation[] = [];
  const keep = (trial: TrialRecord): void => {
    trials.push(trial);
    observations.push({
      ...trial.point!,
      fraction: trial.fraction,
      ...(trial.loss === null ? {} : { loss: trial.loss }),
    });
    options.onProgress?.(trials.length, Number.isFinite(total) ? total : undefined);
  };
  let spent = 0;
  let ended: SearchResult['ended'] = 'complete';
  for (;;) {
    options.checkpoint();
    if (trials.length >= total) {
      if (strategy.trials > total) ended = 'trials';
      break;
    }
    if (spent >= (search.budget?.seconds ?? Infinity) * 1000) {
      ended = 'seconds';
      break;
    }
    const recorded = options.recorded[trials.length];
    const proposal = strategy.propose(observations);
    if (!proposal) break;
    const candidate = candidateAt(proposal.family, proposal.unit);
    const plan = {
      trial: trials.length,
      ...(options.outerFold === undefined ? {} : { outerFold: options.outerFold }),
      search: options.digest,
      point: { family: proposal.family, unit: [...proposal.unit] },
      fraction: proposal.fraction,
    };
    if (recorded && planOf(recorded) !== planOf({ ...plan, candidate })) throw trialsDiffer(plan);
    const trial = recorded ?? runTrial(prepared, candidate, objective, plan, options.checkpoint);
    if (!recorded) options.onTrial(trial);
    spent += trial.resources.milliseconds;
    keep(trial);
  }
  return { ...bestOf(trials), objective, trials, ended };
}

type TrialPlan = Pick<TrialRecord, 'trial' | 'outerFold' | 'search' | 'point' | 'fraction'>;

/** What a trial is before it runs. */
function planOf({
  trial,
  outerFold,
  search,
  point,
  fraction,
  candidate,
}: TrialPlan & Pick<TrialRecord, 'candidate'>): string {
  return canonicalDigest({ trial, outerFold, search, point, fraction, candidate });
}

/** A recorded trial is none that this search would run. */
export function trialsDiffer({ trial, outerFold }: Pick<TrialRecord, 'trial' | 'outerFold'>): InputError {
  const where = outerFold === undefined ? '' : ` of outer fold ${outerFold}`;
  return new InputError('TrialsDiffer', `recorded trial ${trial}${where} is not what this search tries`, {
    row: trial,
    rule: 'trials of this version of Assay, unchanged',
  });
}

function runTrial(
  prepared: Prepared,
  candidate: Candidate,
  objective: Objective,
  plan: TrialPlan,
  checkpoint: () => void,
): TrialRecord {
  const started = performance.now();
  const cpu = process.cpuUsage();
  let folds: readonly FoldScores[] = [];
  let outcome: Pick<TrialRecord, 'status' | 'loss' | 'scores' | 'error'>;
  // What a checkpoint throws ends the search; what an algorithm throws ends the trial.
  let stopped: unknown;
  try {
    const result = validateCandidate(prepared, candidate, {
      trainingFraction: plan.fraction,
      checkpoint: () => {
        try {
          checkpoint();
        } catch (error) {
          stopped = error;
          throw error;
        }
      },
    });
    folds = result.folds;
    const loss = lossOf(objective, result.mean);
    outcome = { status: loss === undefined ? 'undefined' : 'scored', loss: loss ?? null, scores: result.mean };
  } catch (error) {
    if (stopped || !(error instanceof InputError) || error.code === 'UnknownScore') throw error;
    const { field } = error.place;
    outcome = { status: 'failed', loss: null, scores: {}, error: { code: error.code, ...(field ? { field } : {}) } };
  }
  const used = process.cpuUsage(cpu);
  return {
    version: 1,
    ...plan,
    candidate,
    ...outcome,
    folds: folds.map(foldOf),
    resources: {
      milliseconds: performance.now() - started,
      cpuMilliseconds: (used.user + used.system) / 1000,
      fitMilliseconds: folds.reduce((sum, { fitMilliseconds }) => sum + fitMilliseconds, 0),
      scoreMilliseconds: folds.reduce((sum, { scoreMilliseconds }) => sum + scoreMilliseconds, 0),
      memoryBytes: process.memoryUsage.rss(),
    },
  };
}

/** The one trial of a job without a search. */
export function plainTrial(candidate: Candidate, { folds, mean }: CandidateResult, digest: string): TrialRecord {
  const fitMilliseconds = folds.reduce((sum, own) => sum + own.fitMilliseconds, 0);
  const scoreMilliseconds = folds.reduce((sum, own) => sum + own.scoreMilliseconds, 0);
  const milliseconds = fitMilliseconds + scoreMilliseconds;
  return {
    version: 1,
    trial: 0,
    search: digest,
    candidate,
    fraction: 1,
    status: 'scored',
    loss: null,
    scores: mean,
    folds: folds.map(foldOf),
    resources: { milliseconds, fitMilliseconds, scoreMilliseconds, memoryBytes: process.memoryUsage.rss() },
  };
}

function foldOf({ fold, rows, testRows, scores, summary }: FoldScores): TrialRecord['folds'][number] {
  const { converged } = summary;
  return { fold, rows, testRows, scores, converged: typeof converged === 'boolean' ? converged : null };
}

function bestOf(trials: readonly TrialRecord[]): Pick<SearchResult, 'best' | 'candidate'> {
  // Losses on a share of the rows are not compared with those on more of them.
  const most = Math.max(...trials.filter(({ loss }) => loss !== null).map(({ fraction }) => fraction));
  const own = trials.filter(({ loss, fraction }) => loss !== null && fraction === most);
  if (own.length === 0) {
    const code = trials.find(({ error }) => error)?.error?.code;
    throw new InputError('NoTrial', `none of ${trials.length} trials has a score${code ? ` (${code})` : ''}`, {
      field: 'search',
      rule: 'at least one trial that can be scored',
      ...(code ? { first: code } : {}),
    });
  }
  const best = own.reduce((a, b) => (b.loss! < a.loss! ? b : a));
  return { best, candidate: best.candidate };
}

function strategyOf(space: Space, seed: number, { method }: SearchDocument): Strategy {
  switch (method.name) {
    case 'grid':
      return gridSearch(space);
    case 'random':
      return randomSearch(space, seed);
    case 'bayesian':
      return bayesianSearch(space, seed, method);
    case 'genetic':
      return geneticSearch(space, seed, method);
    case 'successive_halving':
      return successiveHalving(space, seed, method);
  }
}

/** @throws InputError `Budget` where the search has no end, or ends before its method does */
function totalOf({ name, trials }: Strategy, { budget }: SearchDocument): number {
  if (trials === Infinity && budget?.trials === undefined && budget?.seconds === undefined)
    throw new InputError('Budget', `${name} search has no end without a budget`, {
      field: 'search.budget',
      rule: 'trials or seconds',
    });
  if (Number.isFinite(trials) && (budget?.trials ?? Infinity) < trials)
    throw new InputError('Budget', `${name} search has ${trials} trials, the budget ${budget!.trials}`, {
      field: 'search.budget.trials',
      rule: `at least ${trials}`,
    });
  return Math.min(trials, budget?.trials ?? Infinity);
}
