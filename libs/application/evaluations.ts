import { datasetVersion } from '#libs/lifecycle/dataset';
import { evaluation } from '#libs/lifecycle/evaluation';
import { model, modelVersion } from '#libs/lifecycle/model';
import { policy } from '#libs/lifecycle/policy';
import { riskAssessment } from '#libs/lifecycle/risk-assessment';
import type { Id, PolicyPublished } from '#libs/lifecycle';
import { decidedGates, riskInputs, riskTier } from '#libs/policy';
import { decide, fold, perform, Refusal, type Call } from './call.js';
import { recordedEvaluations } from './evidence.js';
import type { Handlers } from './handlers.js';

export const evaluations: Pick<Handlers, 'RecordEvaluation' | 'WithdrawEvaluation' | 'AssessRisk'> = {
  /** The gates are decided in the same append; the risk tier follows on its own stream, also when cut off here. */
  async RecordEvaluation(call, input) {
    const { evaluationId, modelVersionId } = input;
    const version = fold(modelVersion, await call.load('modelVersion', modelVersionId));
    call.authorize('evaluate', 'Evaluation', { modelId: version.status === 'none' ? null : version.modelId });
    const loaded = await call.load('evaluation', evaluationId);
    const before = await call.repeated(loaded);
    if (!before) {
      if (version.status === 'none') throw new Refusal('NotFound', { modelVersionId });
      const published = await policyOfModel(call, version.modelId);
      const measured = fold(datasetVersion, await call.load('datasetVersion', input.datasetVersionId));
      const events = decide(call, evaluation, loaded, fold(evaluation, loaded), 'RecordEvaluation', {
        ...input,
        facts: {
          modelVersion: version.status,
          datasetVersion: measured.status === 'none' ? 'missing' : measured.status,
          evidenceValidDays: published.document.evidenceValidDays,
          gates: decidedGates(published, input.measurements, input.groups),
        },
      });
      await call.append(loaded, events, { policy: `${published.policyId}@${published.version}` });
    }
    // The new evaluation must be among those that the tier is computed from.
    if (call.hasWritten) await call.catchUp();
    await assessRisk(call, modelVersionId);
    return call.hasWritten ? call.accepted() : (before ?? call.accepted());
  },

  /** The tier is computed again from what is left. */
  async WithdrawEvaluation(call, { evaluationId, supersededBy }) {
    const modelVersionId = call.directory.evaluationVersions.get(evaluationId);
    call.authorize('withdraw', 'Evaluation', { modelId: call.directory.modelOf(modelVersionId) ?? null });
    const result = await perform(call, evaluation, 'evaluation', evaluationId, 'WithdrawEvaluation', () => ({
      evaluationId,
      reason: call.disclosed('reason'),
      ...(supersededBy !== undefined && { supersededBy }),
    }));
    if (modelVersionId !== undefined) await assessRisk(call, modelVersionId);
    return call.hasWritten ? call.accepted() : result;
  },

  async AssessRisk(call, { modelVersionId }) {
    call.authorize('automate', 'RiskAssessment', { modelId: call.directory.modelOf(modelVersionId) ?? null });
    const loaded = await call.load('riskAssessment', modelVersionId);
    const before = await call.repeated(loaded);
    if (before) return before;
    await assessRisk(call, modelVersionId);
    return call.accepted(loaded);
  },
};

/** The tier by the policy's versioned function of what the current evaluations say, with its inputs on record. */
async function assessRisk(call: Call, modelVersionId: Id): Promise<void> {
  const version = fold(modelVersion, await call.load('modelVersion', modelVersionId));
  if (version.status === 'none') throw new Refusal('NotFound', { modelVersionId });
  const published = await policyOfModel(call, version.modelId);
  const { riskFunction } = published.document;
  const current = await recordedEvaluations(call, modelVersionId);
  const inputs = riskInputs(current.flatMap(({ state }) => state.measurements));
  const loaded = await call.load('riskAssessment', modelVersionId);
  const state = fold(riskAssessment, loaded);
  // Nothing was ever evaluated: there is nothing to say yet.
  if (current.length === 0 && state.status === 'none') return;
  const events = decide(call, riskAssessment, loaded, state, 'AssessRisk', {
    modelVersionId,
    function: riskFunction,
    inputs,
    evaluationIds: current.map(({ state: { evaluationId } }) => evaluationId).sort(),
    tier: riskTier(riskFunction, inputs),
  });
  if (events.length > 0) await call.append(loaded, events, { policy: `${published.policyId}@${published.version}` });
}

async function policyOfModel(call: Call, modelId: Id): Promise<PolicyPublished['data']> {
  const owner = fold(model, await call.load('model', modelId));
  if (owner.status === 'none') throw new Refusal('NotFound', { modelId });
  const published = fold(policy, await call.load('policy', owner.policyId));
  if (published.status === 'none') throw new Refusal('NotFound', { policyId: owner.policyId });
  return published;
}
