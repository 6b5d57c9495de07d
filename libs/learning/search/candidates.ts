import { Generator, InputError } from '#libs/statistics';
import { algorithmTask } from '../job/problem.js';
import { algorithmOf } from '../job/prepare.js';
import type { Prepared } from '../job/prepare.js';
import type { AlgorithmDocument, Candidate } from '../job/candidate.js';
import { parseJob } from '../job/document.js';
import type { Job } from '../job/document.js';
import type { StepDocument } from '../features/step.js';
import type { SearchDocument } from './document.js';
import { Space } from './space.js';

interface FamilyBase {
  readonly algorithm: AlgorithmDocument;
  readonly pipeline?: readonly StepDocument[];
}

/** What a search tries: the space, and the candidate at each of its points. */
export interface CandidateSpace {
  readonly space: Space;
  candidateAt(family: number, unit: ArrayLike<number>): Candidate;
}

/**
 * The space of a job's search, with candidates from all over it held against the job's schema before anything is fitted.
 * @throws InputError `EmptySpace`, `SearchSpace`, `UnsupportedTask`, naming the parameter and the rule
 */
export function candidateSpace(
  { job, problem }: Pick<Prepared, 'job' | 'problem'>,
  search: SearchDocument,
): CandidateSpace {
  const families = [
    { base: baseOf(job, job), parameters: search.parameters ?? {} },
    ...(search.families ?? []).map((own) => ({ base: baseOf(own, job), parameters: own.parameters ?? {} })),
  ];
  for (const [index, { base }] of families.entries()) {
    const { name, tasks } = algorithmOf(base.algorithm);
    if (!tasks.includes(algorithmTask(problem)))
      throw new InputError('UnsupportedTask', `${name} does no ${algorithmTask(problem)}`, {
        field: index === 0 ? 'algorithm.name' : `search.families.${index - 1}.algorithm.name`,
        rule: `one of ${tasks.join(', ')}`,
      });
  }
  const space = new Space(families);
  const candidateAt = (family: number, unit: ArrayLike<number>): Candidate => {
    const document = structuredClone(families[family]!.base);
    for (const [name, value] of Object.entries(space.decode(family, unit))) place(document, name, value);
    return document;
  };
  checkCandidates(job, space, candidateAt);
  return { space, candidateAt };
}

function baseOf(own: FamilyBase, { pipeline }: Pick<Job, 'pipeline'>): FamilyBase {
  const steps = own.pipeline ?? pipeline;
  return { algorithm: own.algorithm, ...(steps ? { pipeline: steps } : {}) };
}

/** Sets `l2`, `earlyStopping.patience` of the algorithm, or `pipeline.0.count` of a step. */
function place(document: FamilyBase, name: string, value: unknown): void {
  const path = name.split('.');
  const last = path.pop()!;
  let target: unknown = path[0] === 'pipeline' ? document : document.algorithm;
  for (const key of path) {
    const holder = target as Record<string, unknown>;
    if (path[0] !== 'pipeline') holder[key] ??= {};
    target = holder[key];
    if (typeof target !== 'object' || target === null)
      throw new InputError('SearchSpace', `there is no "${path.join('.')}" to vary "${last}" in`, {
        field: `search.parameters.${name}`,
        rule: 'a hyperparameter of the algorithm, or of a step of the pipeline',
      });
  }
  if (last === 'name' && path.length === 0)
    throw new InputError('SearchSpace', 'algorithms are chosen by families, not by name', {
      field: 'search.parameters.name',
      rule: 'search.families',
    });
  (target as Record<string, unknown>)[last] = value;
}

/** The cube's corners on every coordinate and some draws, each held against the schema. */
function checkCandidates(job: Job, space: Space, candidateAt: CandidateSpace['candidateAt']): void {
  const random = new Generator(0);
  const { search: _, ...plain } = job;
  space.families.forEach((_, family) => {
    const width = space.width(family);
    const points = [
      new Float64Array(width),
      new Float64Array(width).fill(1),
      ...Array.from({ length: 16 }, () => Float64Array.from({ length: width }, () => random.uniform())),
    ];
    for (const unit of points)
      try {
        parseJob({ ...plain, ...candidateAt(family, unit) });
      } catch (error) {
        if (!(error instanceof InputError) || error.code !== 'InvalidJob') throw error;
        throw new InputError('SearchSpace', `the space holds what no job may ask: ${error.message}`, {
          ...error.place,
          field: family === 0 ? 'search.parameters' : `search.families.${family - 1}`,
        });
      }
  });
}
