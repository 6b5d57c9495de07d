import type { Measurement } from '../lifecycle/values.js';
import { canonicalDigest } from '../signing/index.js';
import { columns, names, policy } from './mortgage-policy.test.js';
import { digestOf, uuid } from './mortgage.test.js';
import type { Recorder } from './mortgage.test.js';

/** People, policy, data and model, and the acts that every version goes through. */
export function openWorld(r: Recorder) {
  const id = (name: string) => uuid(`${r.workspace} ${name}`);
  const ada = r.person('Ada Lindqvist');
  const bo = r.person('Bo Nakamura');
  const chi = r.person('Chiara Rossi');
  const dev = r.person('Devrim Şahin');
  const eva = r.person('Ева Петрова');
  const omar = r.person('عمر الفاروق');
  const trainer = id('trainer');
  r.people.set(trainer, 'trainer (Assay)');
  r.append('identity', trainer, 'ServiceRegistered', { identityId: trainer, ownerId: ada }, ada, {
    roles: ['administrator'],
  });
  const manager = id('process manager');
  r.people.set(manager, 'process manager (Assay)');
  r.append('identity', manager, 'ServiceRegistered', { identityId: manager, ownerId: ada }, ada, {
    roles: ['administrator'],
  });
  const grant = (subjectId: string, role: 'validator' | 'risk-officer' | 'model-developer' | 'emergency-operator') =>
    r.append(
      'accessGrant',
      id(`grant ${subjectId} ${role}`),
      'AccessGranted',
      { grantId: id(`grant ${subjectId} ${role}`), subjectId, role, validFrom: r.now() },
      ada,
      { roles: ['administrator'] },
    );
  grant(bo, 'model-developer');
  grant(chi, 'validator');
  grant(dev, 'risk-officer');
  grant(eva, 'risk-officer');
  grant(omar, 'emergency-operator');

  const policyId = id('policy');
  r.append(
    'policy',
    policyId,
    'PolicyPublished',
    { policyId, name: 'mortgage', version: 1, document: policy, digest: canonicalDigest(policy) },
    ada,
    { roles: ['administrator'] },
  );
  const datasetId = id('dataset');
  const dataVersion = id('dataset version');
  r.append(
    'dataset',
    datasetId,
    'DatasetRegistered',
    {
      datasetId,
      name: 'boston-hmda',
      purpose: 'mortgage decisions, teaching sample',
      legalBasis: 'public data',
      licence: 'GPL-2',
      description: r.text('Federal Reserve Bank of Boston, HMDA 1990, as distributed with the R package Ecdat.'),
    },
    bo,
  );
  r.append(
    'datasetVersion',
    dataVersion,
    'DatasetVersionSealed',
    {
      datasetVersionId: dataVersion,
      datasetId,
      number: 1,
      content: { digest: digestOf('csv'), bytes: 185_432, mediaType: 'text/csv' },
      rowDigest: digestOf('rows') + digestOf('rows again'),
      rows: 2380,
      columns,
      profile: { digest: digestOf('profile'), bytes: 20_111, mediaType: 'application/json' },
      derivedFrom: [],
      grade: 'measured',
    },
    bo,
  );
  r.append(
    'datasetVersion',
    dataVersion,
    'DataQualityFound',
    { datasetVersionId: dataVersion, rule: 'missing-value', column: 'single', detail: digestOf('detail') },
    trainer,
    { kind: 'service', roles: ['trainer-service'] },
  );
  const modelId = id('model');
  r.append(
    'model',
    modelId,
    'ModelRegistered',
    {
      modelId,
      name: 'mortgage-denial',
      ownerId: ada,
      policyId,
      intendedUse: 'rank applications for manual review',
      prohibitedUses: ['fully automated denial'],
      jurisdictions: ['US-MA', 'EU'],
    },
    bo,
  );

  const train = (number: number, seedNote: string) => {
    const runId = id(`run ${number}`);
    const versionId = id(`version ${number}`);
    const artifact = {
      digest: digestOf(`onnx ${number} ${seedNote}`),
      bytes: 1_912 + number,
      mediaType: 'application/octet-stream',
    };
    const code = {
      repository: 'https://git.example/mortgage',
      commit: digestOf(`commit ${number}`).slice(0, 40),
      authors: [bo],
    };
    r.append(
      'trainingRun',
      runId,
      'TrainingRunStarted',
      {
        trainingRunId: runId,
        modelId,
        datasetVersionIds: [dataVersion],
        engine: 'assay',
        algorithm: number === 1 ? 'logistic-regression' : 'logistic-regression, reweighed',
        job: { digest: digestOf(`job ${number}`), bytes: 812, mediaType: 'application/json' },
        code,
        seed: 20_260_302 + number,
        grade: 'measured',
      },
      bo,
    );
    r.append(
      'trainingRun',
      runId,
      'TrainingRunCompleted',
      {
        trainingRunId: runId,
        artifact,
        environment: digestOf('environment'),
        record: { digest: digestOf(`record ${number}`), bytes: 4_001, mediaType: 'application/json' },
        measurements: [{ definition: 'log_loss@scikit-learn', value: 0.2899 + number / 1000, n: 2380 }],
      },
      trainer,
      { kind: 'service', roles: ['trainer-service'] },
    );
    r.append('model', modelId, 'ModelVersionNumbered', { modelId, modelVersionId: versionId, number }, trainer, {
      kind: 'service',
      roles: ['trainer-service'],
    });
    r.append(
      'modelVersion',
      versionId,
      'ModelVersionRegistered',
      {
        modelVersionId: versionId,
        modelId,
        number,
        trainingRunId: runId,
        datasetVersionIds: [dataVersion],
        code,
        artifact,
        features: names.filter((name) => name !== 'deny' && (number === 1 || name !== 'afam')),
        grade: 'measured',
      },
      trainer,
      { kind: 'service', roles: ['trainer-service'] },
    );
    return { versionId, runId };
  };

  const evaluate = (number: number, versionId: string, ratio: number, low: number, high: number, suffix = '') => {
    const evaluationId = id(`evaluation ${number}${suffix}`);
    const of = (definition: string, value: number | null, extra: Partial<Measurement> = {}): Measurement => ({
      definition,
      value,
      n: 2380,
      ...extra,
    });
    const between = (from: number, to: number, method = 'wilson') => ({
      interval: { method, level: 0.95, low: from, high: to },
    });
    const ratioMeasurement = of('disparate_impact@assay', ratio, {
      ...between(low, high, 'koopman'),
      group: { afam: 'yes' },
    });
    const gate = (gateId: string, measurement: Measurement, threshold: number) => ({
      evaluationId,
      gateId,
      measurement,
      threshold,
      operator: '>=' as const,
      reads: 'point' as const,
      verdict: measurement.value! >= threshold ? ('pass' as const) : ('fail' as const),
      decision: {
        policyId,
        policyVersion: 1,
        inputsDigest: digestOf('inputs'),
        result: measurement.value! >= threshold ? ('pass' as const) : ('fail' as const),
        reasons: [],
      },
    });
    const accuracy = of('accuracy_score@scikit-learn', 0.8676, between(0.8534, 0.8807));
    r.append(
      'evaluation',
      evaluationId,
      'EvaluationRecorded',
      {
        evaluationId,
        modelVersionId: versionId,
        datasetVersionId: dataVersion,
        kinds: ['performance', 'fairness'],
        scheme: 'cross-validation(5, stratified, pooled)',
        measurements: [
          accuracy,
          of('roc_auc_score@scikit-learn', 0.8231, between(0.7951, 0.8489, 'bootstrap')),
          of('brier_score_loss@scikit-learn', 0.0861),
          of('selection_rate@fairlearn', 0.6962, { n: 339, group: { afam: 'yes' }, ...between(0.6453, 0.7426) }),
          of('selection_rate@fairlearn', 0.6962 / ratio, {
            n: 2041,
            group: { afam: 'no' },
            ...between(0.6962 / ratio - 0.013, Math.min(0.6962 / ratio + 0.012, 1)),
          }),
          ratioMeasurement,
          of('equalized_odds_ratio@fairlearn', null, { undefined: 'fewer than 30 rows in one cell', n: 21 }),
        ],
        groups: [
          {
            group: { afam: 'yes' },
            n: 339,
            truePositives: 210,
            falsePositives: 26,
            trueNegatives: 73,
            falseNegatives: 30,
          },
          {
            group: { afam: 'no' },
            n: 2041,
            truePositives: 1752,
            falsePositives: 113,
            trueNegatives: 101,
            falseNegatives: 75,
          },
        ],
        report: { digest: digestOf(`report ${number}`), bytes: 31_337, mediaType: 'application/json' },
        collectedAt: r.now(),
        expiresAt: r.now(90 * 24 * 60),
        grade: 'measured',
      },
      chi,
      { roles: ['validator'] },
    );
    r.append('evaluation', evaluationId, 'GateDecided', gate('four-fifths', ratioMeasurement, 0.8), chi, {
      roles: ['validator'],
    });
    r.append('evaluation', evaluationId, 'GateDecided', gate('accuracy', accuracy, 0.7), chi, { roles: ['validator'] });
    r.append(
      'riskAssessment',
      versionId,
      'RiskTierSet',
      {
        modelVersionId: versionId,
        function: 'bias-and-variability@1',
        inputs: { biasPotential: 1 - ratio, performanceVariability: 0.0123 },
        evaluationIds: [evaluationId],
        tier: ratio < 0.8 ? 'high' : 'medium',
      },
      manager,
      { kind: 'service', roles: ['process-manager-service'] },
    );
    return evaluationId;
  };

  const deny = (actorId: string, rule: string, action: string, subject: string, details: object) =>
    r.append(
      'denial',
      `${actorId}.${r.now().slice(0, 10)}`,
      'DenialCounted',
      {
        actorId,
        rule,
        action,
        subject,
        minute: `${r.now().slice(0, 16)}:00Z`,
        count: 1,
        details: details as { [key: string]: unknown },
      },
      actorId,
    );

  return { ada, bo, chi, dev, eva, omar, manager, trainer, id, policyId, dataVersion, modelId, train, evaluate, deny };
}
