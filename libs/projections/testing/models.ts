import type { GroupCount } from '../../lifecycle/evaluation/events.js';
import { content, later, code, measurement, decision, type Step } from './world.js';

export const models: Step[] = [
  (world, w) => {
    const modelId = w.random.uuid();
    w.append(world.workspace, 'model', modelId, 'ModelRegistered', {
      modelId,
      name: `mortgage-${w.random.whole(1e6)}`,
      ownerId: w.random.pick(world.people),
      policyId: w.random.uuid(),
      intendedUse: 'mortgage decisions',
      prohibitedUses: ['employment'],
      jurisdictions: ['US-MA'],
    });
    world.models.push({ id: modelId, versions: 0 });
  },
  (world, w) => {
    const model = w.random.pick(world.models);
    if (model === undefined) return;
    const trainingRunId = w.random.uuid();
    w.append(world.workspace, 'trainingRun', trainingRunId, 'TrainingRunStarted', {
      trainingRunId,
      modelId: model.id,
      datasetVersionIds: w.random.some(world.datasetVersions, 3),
      engine: 'assay',
      algorithm: 'logistic-regression',
      job: content(w),
      code: code(world, w),
      seed: w.random.whole(1e6),
      grade: 'measured',
    });
    world.runs.push({ id: trainingRunId, modelId: model.id, isOpen: true, isComplete: false });
  },
  (world, w) => {
    const run = w.random.pick(world.runs.filter(({ isOpen }) => isOpen));
    if (run === undefined) return;
    const trainingRunId = run.id;
    run.isOpen = false;
    const end = w.random.whole(6);
    if (end === 0)
      return void w.append(world.workspace, 'trainingRun', run.id, 'TrainingRunFailed', {
        trainingRunId,
        code: 'no-convergence',
      });
    if (end === 1)
      return void w.append(world.workspace, 'trainingRun', run.id, 'TrainingRunCancelled', { trainingRunId });
    run.isComplete = true;
    w.append(
      world.workspace,
      'trainingRun',
      run.id,
      'TrainingRunCompleted',
      {
        trainingRunId,
        artifact: content(w),
        environment: w.random.hex(64),
        measurements: [measurement(w)],
      },
      w.random.pick(world.services),
    );
  },
  (world, w) => {
    const model = w.random.pick(world.models);
    if (model === undefined) return;
    const run = w.random.pick(world.runs.filter(({ isComplete, modelId }) => isComplete && modelId === model.id));
    const modelVersionId = w.random.uuid();
    model.versions += 1;
    w.append(world.workspace, 'model', model.id, 'ModelVersionNumbered', {
      modelId: model.id,
      modelVersionId,
      number: model.versions,
    });
    w.append(world.workspace, 'modelVersion', modelVersionId, 'ModelVersionRegistered', {
      modelVersionId,
      modelId: model.id,
      number: model.versions,
      ...(run && { trainingRunId: run.id }),
      datasetVersionIds: run === undefined ? w.random.some(world.datasetVersions, 2) : [],
      ...(run === undefined && { code: code(world, w) }),
      artifact: content(w),
      features: ['dir', 'lvr'],
      grade: 'imported',
    });
    world.versions.push({ id: modelVersionId, modelId: model.id, evaluations: [], isRetired: false });
  },
  (world, w) => {
    const version = w.random.pick(world.versions);
    if (version === undefined) return;
    w.append(world.workspace, 'model', version.modelId, 'ModelAliasMoved', {
      modelId: version.modelId,
      alias: w.random.pick(['champion', 'challenger']),
      ...(w.random.whole(3) > 0 && { modelVersionId: version.id }),
    });
  },
  (world, w) => {
    const version = w.random.pick(world.versions);
    if (version === undefined || version.isRetired || w.random.whole(3) > 0) return;
    version.isRetired = true;
    const successorId = w.random.pick(world.versions).id;
    w.append(world.workspace, 'modelVersion', version.id, 'ModelVersionRetired', {
      modelVersionId: version.id,
      successorId,
      reason: w.random.hex(64),
    });
  },
  (world, w) => {
    const version = w.random.pick(world.versions);
    const datasetVersionId = w.random.pick(world.datasetVersions);
    if (version === undefined || datasetVersionId === undefined) return;
    const evaluationId = w.random.uuid();
    const groups: GroupCount[] = ['yes', 'no'].map((afam) => ({
      group: { afam },
      n: 100,
      truePositives: w.random.whole(50),
      falsePositives: w.random.whole(50),
      trueNegatives: w.random.whole(50),
      falseNegatives: w.random.whole(50),
    }));
    w.append(world.workspace, 'evaluation', evaluationId, 'EvaluationRecorded', {
      evaluationId,
      modelVersionId: version.id,
      datasetVersionId,
      kinds: ['fairness'],
      scheme: 'cross-validation(5, stratified, pooled)',
      measurements: [measurement(w), measurement(w)],
      groups,
      collectedAt: w.now,
      expiresAt: later(w, 90),
      grade: 'measured',
    });
    w.append(world.workspace, 'evaluation', evaluationId, 'GateDecided', {
      evaluationId,
      gateId: 'four-fifths',
      measurement: measurement(w),
      threshold: 0.8,
      operator: '>=',
      reads: 'point',
      verdict: w.random.pick(['pass', 'pass', 'fail', 'insufficient', 'undefined'] as const),
      decision: decision(w, world),
    });
    version.evaluations.push(evaluationId);
  },
  (world, w) => {
    const version = w.random.pick(world.versions);
    const evaluationId = version && w.random.pick(version.evaluations);
    if (evaluationId === undefined) return;
    const reason = w.random.hex(64);
    if (w.random.whole(3) > 0) {
      const amendment = w.random.hex(64);
      w.append(world.workspace, 'evaluation', evaluationId, 'EvaluationAmended', { evaluationId, amendment, reason });
    } else w.append(world.workspace, 'evaluation', evaluationId, 'EvaluationWithdrawn', { evaluationId, reason });
  },
  (world, w) => {
    const version = w.random.pick(world.versions);
    if (version === undefined) return;
    w.append(world.workspace, 'riskAssessment', version.id, 'RiskTierSet', {
      modelVersionId: version.id,
      function: 'bias-and-variability@1',
      inputs: { biasPotential: w.random.real(), performanceVariability: null },
      evaluationIds: version.evaluations.slice(0, 3),
      tier: w.random.pick(['low', 'medium', 'high'] as const),
    });
  },
];
