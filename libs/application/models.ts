import type { Id } from '#libs/lifecycle';
import { model, modelVersion } from '#libs/lifecycle/model';
import { policy } from '#libs/lifecycle/policy';
import { trainingRun } from '#libs/lifecycle/training-run';
import { decide, fold, perform, Refusal, type Call } from './call.js';
import { datasetStanding } from './data.js';
import type { Handlers } from './handlers.js';
import { reserveName } from './names.js';
import { standingOf } from './relations.js';

export const models: Pick<
  Handlers,
  | 'RegisterModel'
  | 'MoveModelAlias'
  | 'StartTraining'
  | 'CompleteTraining'
  | 'FailTraining'
  | 'CancelTraining'
  | 'RegisterModelVersion'
  | 'RetireModelVersion'
> = {
  async RegisterModel(call, input) {
    call.authorize('register', 'Model', { modelId: input.modelId });
    const loaded = await call.load('model', input.modelId);
    const before = await call.repeated(loaded);
    if (before) return before;
    const found = fold(policy, await call.load('policy', input.policyId));
    const events = decide(call, model, loaded, fold(model, loaded), 'RegisterModel', {
      ...input,
      ...call.text('description'),
      facts: {
        owner: await standingOf(call, input.ownerId),
        policy: found.status === 'none' ? 'missing' : 'published',
      },
    });
    await reserveName(call, 'model', input.name, input.modelId);
    await call.append(loaded, events);
    return call.accepted();
  },

  MoveModelAlias(call, input) {
    call.authorize('register', 'Model', { modelId: input.modelId });
    return perform(call, model, 'model', input.modelId, 'MoveModelAlias', () => input);
  },

  StartTraining(call, input) {
    call.authorize('train', 'TrainingRun', { modelId: input.modelId });
    return perform(call, trainingRun, 'trainingRun', input.trainingRunId, 'StartTraining', async () => ({
      ...input,
      facts: {
        model: (await call.load('model', input.modelId)).revision === undefined ? 'missing' : 'registered',
        datasets: await datasetFacts(call, input.datasetVersionIds),
      },
    }));
  },

  CompleteTraining(call, input) {
    authorizeRun(call, input.trainingRunId);
    return perform(call, trainingRun, 'trainingRun', input.trainingRunId, 'CompleteTraining', () => input);
  },

  FailTraining(call, { trainingRunId, code }) {
    authorizeRun(call, trainingRunId);
    const data = (): object => ({ trainingRunId, code, ...call.text('detail') });
    return perform(call, trainingRun, 'trainingRun', trainingRunId, 'FailTraining', data);
  },

  CancelTraining(call, { trainingRunId }) {
    authorizeRun(call, trainingRunId);
    const data = (): object => ({ trainingRunId, ...call.text('reason') });
    return perform(call, trainingRun, 'trainingRun', trainingRunId, 'CancelTraining', data);
  },

  /** The model's stream gives the number, then the version's own stream begins: a repeat finds its number there. */
  async RegisterModelVersion(call, input) {
    const { modelId, modelVersionId, trainingRunId } = input;
    call.authorize('register', 'ModelVersion', { modelId });
    const loaded = await call.load('modelVersion', modelVersionId);
    const before = await call.repeated(loaded);
    if (before) return before;
    const facts = {
      datasets: await datasetFacts(call, input.datasetVersionIds),
      ...(trainingRunId !== undefined && { trainingRun: await runFacts(call, trainingRunId) }),
    };
    const state = fold(modelVersion, loaded);
    // Decided once without its number, so that a refused version takes none.
    decide(call, modelVersion, loaded, state, 'RegisterModelVersion', { ...input, number: 1, facts });
    const number = await takeNumber(call, modelId, modelVersionId);
    const events = decide(call, modelVersion, loaded, state, 'RegisterModelVersion', { ...input, number, facts });
    await call.append(loaded, events);
    return call.accepted();
  },

  RetireModelVersion(call, { modelVersionId, successorId }) {
    const modelId = call.directory.modelOf(modelVersionId);
    call.authorize('retire', 'ModelVersion', { modelId: modelId ?? null });
    return perform(call, modelVersion, 'modelVersion', modelVersionId, 'RetireModelVersion', async () => {
      const successor = successorId === undefined ? undefined : await versionStanding(call, successorId);
      return {
        modelVersionId,
        ...(successorId !== undefined && { successorId }),
        reason: call.disclosed('reason'),
        facts: { serving: call.directory.servingVersion(modelVersionId), ...(successor && { successor }) },
      };
    });
  },
};

/** Read from the version's own stream. */
export async function versionStanding(
  call: Call,
  id: Id,
): Promise<{
  readonly status: 'registered' | 'retired' | 'missing';
  readonly modelId?: Id;
  readonly artifactDigest?: string;
}> {
  const state = fold(modelVersion, await call.load('modelVersion', id));
  if (state.status === 'none') return { status: 'missing' };
  return { status: state.status, modelId: state.modelId, artifactDigest: state.artifact.digest };
}

function datasetFacts(call: Call, ids: readonly Id[]): Promise<readonly object[]> {
  const facts = ids.map(async (id) => ({ datasetVersionId: id, status: await datasetStanding(call, id) }));
  return Promise.all(facts);
}

async function runFacts(call: Call, id: Id): Promise<object> {
  const state = fold(trainingRun, await call.load('trainingRun', id));
  if (state.status === 'none') return { status: 'missing' };
  const artifactDigest = state.status === 'completed' ? state.result.artifact.digest : undefined;
  return {
    status: state.status,
    modelId: state.modelId,
    grade: state.grade,
    ...(artifactDigest !== undefined && { artifactDigest }),
  };
}

function authorizeRun(call: Call, trainingRunId: Id): void {
  call.authorize('train', 'TrainingRun', { modelId: call.directory.trainingModels.get(trainingRunId) ?? null });
}

async function takeNumber(call: Call, modelId: Id, modelVersionId: Id): Promise<number> {
  const loaded = await call.load('model', modelId);
  const state = fold(model, loaded);
  const events = decide(call, model, loaded, state, 'NumberModelVersion', { modelId, modelVersionId });
  if (events.length > 0) await call.append(loaded, events);
  const after = events.reduce((before, event) => model.evolve(before, event), state);
  const number = after.status === 'none' ? undefined : after.versions[modelVersionId];
  if (number === undefined) throw new Refusal('NotFound', { modelId });
  return number;
}
