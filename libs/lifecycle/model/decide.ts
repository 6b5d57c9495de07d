import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import { refuseUnusable } from '../training-run/decide.js';
import type { ModelCommand, ModelVersionCommand, RegisterModelVersion, RetireModelVersion } from './commands.js';
import type { ModelEvent, ModelVersionEvent } from './events.js';
import type { Model, ModelVersion } from './evolve.js';

export function decide(command: ModelCommand, state: Model): Decision<ModelEvent> {
  const { modelId } = command.data;
  if (command.type === 'RegisterModel') {
    const { facts, ...data } = command.data;
    if (state.status !== 'none') return refuse('AlreadyExists', { modelId });
    if (facts.owner !== 'person') return refuse('OwnerNotAPerson', { ownerId: data.ownerId, owner: facts.owner });
    if (facts.policy !== 'published') return refuse('NotFound', { policyId: data.policyId });
    return accept({ type: 'ModelRegistered', data });
  }
  if (state.status === 'none') return refuse('NotFound', { modelId });
  switch (command.type) {
    case 'NumberModelVersion': {
      const { modelVersionId } = command.data;
      if (state.versions[modelVersionId] !== undefined) return accept();
      const number = Object.keys(state.versions).length + 1;
      return accept({ type: 'ModelVersionNumbered', data: { modelId, modelVersionId, number } });
    }
    case 'MoveModelAlias': {
      const { alias, modelVersionId } = command.data;
      if (modelVersionId !== undefined && state.versions[modelVersionId] === undefined)
        return refuse('NotFound', { modelVersionId });
      if (state.aliases[alias] === modelVersionId) return accept();
      return accept({ type: 'ModelAliasMoved', data: command.data });
    }
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}

export function decideVersion(command: ModelVersionCommand, state: ModelVersion): Decision<ModelVersionEvent> {
  switch (command.type) {
    case 'RegisterModelVersion':
      return registerVersion(command, state);
    case 'RetireModelVersion':
      return retireVersion(command, state);
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}

function registerVersion({ data }: RegisterModelVersion, state: ModelVersion): Decision<ModelVersionEvent> {
  const { facts, ...version } = data;
  if (state.status !== 'none') return refuse('AlreadyExists', { modelVersionId: version.modelVersionId });
  const unusable = refuseUnusable(version.datasetVersionIds, facts.datasets);
  if (unusable) return unusable;
  const repeated = version.features.find((name, index) => version.features.indexOf(name) !== index);
  if (repeated !== undefined)
    return refuse('InvalidField', { field: 'features', rule: 'unique names', column: repeated });
  if (version.trainingRunId === undefined) {
    if (version.grade === 'measured')
      return refuse('InvalidField', { field: 'grade', rule: 'measured needs a training run of Assay' });
    return accept({ type: 'ModelVersionRegistered', data: version });
  }
  const { trainingRunId } = version;
  const run = facts.trainingRun;
  if (!run || run.status === 'missing') return refuse('NotFound', { trainingRunId });
  if (run.status !== 'completed') return refuse('NotCompleted', { trainingRunId, status: run.status });
  if (run.modelId !== version.modelId) return refuse('OtherModel', { trainingRunId, modelId: run.modelId });
  // The file that goes into service is the one that the run left, byte for byte (rule 6).
  if (run.artifactDigest !== version.artifact.digest)
    return refuse('ArtifactMismatch', { trainingRunId, expected: run.artifactDigest, found: version.artifact.digest });
  if (version.grade === 'measured' && run.grade !== 'measured')
    return refuse('InvalidField', { field: 'grade', rule: 'measured needs a training run of Assay' });
  return accept({ type: 'ModelVersionRegistered', data: version });
}

function retireVersion({ data }: RetireModelVersion, state: ModelVersion): Decision<ModelVersionEvent> {
  const { facts, ...retired } = data;
  if (state.status === 'none') return refuse('NotFound', { modelVersionId: retired.modelVersionId });
  if (state.status === 'retired') return refuse('Retired', { modelVersionId: retired.modelVersionId });
  if (facts.serving.length > 0) return refuse('StillServing', { deployments: facts.serving });
  const { successorId } = retired;
  if (successorId !== undefined) {
    if (successorId === retired.modelVersionId) return refuse('SucceedsItself', { successorId });
    if (!facts.successor || facts.successor.status === 'missing') return refuse('NotFound', { successorId });
    if (facts.successor.status === 'retired') return refuse('Retired', { successorId });
    if (facts.successor.modelId !== state.modelId) return refuse('OtherModel', { successorId });
  }
  return accept({ type: 'ModelVersionRetired', data: retired });
}
