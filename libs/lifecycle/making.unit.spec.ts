import { describe, expect, test } from '@jest/globals';
import type { SealDatasetVersion } from './dataset/commands.js';
import { dataset, datasetVersion } from './dataset/index.js';
import type { RecordEvaluation } from './evaluation/commands.js';
import { evaluation } from './evaluation/index.js';
import { decisionExample, digestOf, example, id, ratioExample, time } from './examples.js';
import { by } from './examples-commands.js';
import type { RegisterModelVersion, RetireModelVersion } from './model/commands.js';
import { model, modelVersion } from './model/index.js';
import { riskAssessment } from './risk-assessment/index.js';
import { specificationOf } from './specification.js';
import type { StartTraining } from './training-run/commands.js';
import { trainingRun } from './training-run/index.js';

const context = by('ana');
const sealedData = [{ datasetVersionId: id('data'), status: 'sealed' }] as const;

describe('data', () => {
  const given = specificationOf(datasetVersion);
  const seal = (
    changes: Partial<SealDatasetVersion['data']> = {},
    facts: Partial<SealDatasetVersion['data']['facts']> = {},
  ): SealDatasetVersion => ({
    type: 'SealDatasetVersion',
    context,
    data: {
      ...example('DatasetVersionSealed').data,
      ...changes,
      facts: {
        dataset: 'registered',
        parents: [{ datasetVersionId: id('raw'), status: 'sealed', ancestors: [] }],
        ...facts,
      },
    },
  });

  test('is sealed once, with what was found in it', () => {
    const findings = [{ rule: 'range', column: 'pirat', detail: digestOf('x') }];
    given().when(seal({}, { findings })).thenEvents('DatasetVersionSealed', 'DataQualityFound');
    given(example('DatasetVersionSealed')).when(seal()).thenRefused('AlreadyExists');
    given()
      .when(seal({}, { dataset: 'missing' }))
      .thenRefused('NotFound');
  });

  test('is not derived from itself, over any number of steps', () => {
    given()
      .when(
        seal(
          { derivedFrom: [id('data')] },
          { parents: [{ datasetVersionId: id('data'), status: 'sealed', ancestors: [] }] },
        ),
      )
      .thenRefused('CyclicLineage');
    given()
      .when(
        seal({}, { parents: [{ datasetVersionId: id('raw'), status: 'sealed', ancestors: [id('x'), id('data')] }] }),
      )
      .thenRefused('CyclicLineage', { path: [id('data'), id('raw'), id('data')] });
  });

  test('is derived from what exists and was not withdrawn', () => {
    given()
      .when(seal({}, { parents: [] }))
      .thenRefused('NotFound', { derivedFrom: id('raw') });
    given()
      .when(seal({}, { parents: [{ datasetVersionId: id('raw'), status: 'withdrawn', ancestors: [] }] }))
      .thenRefused('Withdrawn');
  });

  test('has columns with names of their own, of its parents, and no more nulls than rows', () => {
    const [column] = example('DatasetVersionSealed').data.columns;
    given()
      .when(seal({ columns: [column!, column!] }))
      .thenRefused('InvalidField', { column: 'deny' });
    given()
      .when(seal({ columns: [] }))
      .thenRefused('InvalidField', { field: 'columns' });
    given()
      .when(seal({ rows: 3, columns: [{ ...column!, nulls: 4 }] }))
      .thenRefused('InvalidField');
    given()
      .when(seal({ columns: [{ ...column!, from: [`${id('other')}#deny`] }] }))
      .thenRefused('InvalidField');
  });

  test('a name is registered once, a version withdrawn once', () => {
    specificationOf(dataset)(example('DatasetRegistered'))
      .when({ type: 'RegisterDataset', context, data: example('DatasetRegistered').data })
      .thenRefused('AlreadyExists');
    const withdraw = {
      type: 'WithdrawDatasetVersion',
      context,
      data: example('DatasetVersionWithdrawn').data,
    } as const;
    given(example('DatasetVersionSealed')).when(withdraw).thenEvents('DatasetVersionWithdrawn');
    given(example('DatasetVersionSealed'), example('DatasetVersionWithdrawn')).when(withdraw).thenNothing();
    given().when(withdraw).thenRefused('NotFound');
  });
});

describe('training', () => {
  const given = specificationOf(trainingRun);
  const start = (
    changes: Partial<StartTraining['data']> = {},
    facts: Partial<StartTraining['data']['facts']> = {},
  ): StartTraining => ({
    type: 'StartTraining',
    context,
    data: {
      ...example('TrainingRunStarted').data,
      ...changes,
      facts: { model: 'registered', datasets: sealedData, ...facts },
    },
  });
  const complete = { type: 'CompleteTraining', context, data: example('TrainingRunCompleted').data } as const;

  test('needs a model and data that stand', () => {
    given().when(start()).thenEvents('TrainingRunStarted');
    given()
      .when(start({}, { model: 'missing' }))
      .thenRefused('NotFound', { modelId: id('model') });
    given()
      .when(start({ datasetVersionIds: [] }))
      .thenRefused('InvalidField');
    given()
      .when(start({}, { datasets: [] }))
      .thenRefused('NotFound');
    given()
      .when(start({}, { datasets: [{ datasetVersionId: id('data'), status: 'withdrawn' }] }))
      .thenRefused('Withdrawn');
  });

  test('made elsewhere is not graded as measured by us', () =>
    given()
      .when(start({ engine: 'external' }))
      .thenRefused('InvalidField', { field: 'grade' }));

  test('ends once', () => {
    given(example('TrainingRunStarted')).when(complete).thenEvents('TrainingRunCompleted');
    for (const end of ['TrainingRunCompleted', 'TrainingRunFailed', 'TrainingRunCancelled'] as const)
      given(example('TrainingRunStarted'), example(end)).when(complete).thenRefused('NotRunning');
    given().when(complete).thenRefused('NotFound');
  });
});

describe('models', () => {
  const given = specificationOf(model);
  const number = (version: string) =>
    ({ type: 'NumberModelVersion', context, data: { modelId: id('model'), modelVersionId: id(version) } }) as const;

  test('count their versions, each once', () => {
    const first = given(example('ModelRegistered')).when(number('version'));
    expect(first.events()[0]).toMatchObject({ data: { number: 1 } });
    expect(
      given(example('ModelRegistered'), ...first.events())
        .when(number('next'))
        .events()[0],
    ).toMatchObject({ data: { number: 2 } });
    given(example('ModelRegistered'), ...first.events())
      .when(number('version'))
      .thenNothing();
  });

  test('have people as owners and a policy', () => {
    const register = (facts: { owner: 'person' | 'service'; policy: 'published' | 'missing' }) =>
      ({ type: 'RegisterModel', context, data: { ...example('ModelRegistered').data, facts } }) as const;
    given()
      .when(register({ owner: 'person', policy: 'published' }))
      .thenEvents('ModelRegistered');
    given()
      .when(register({ owner: 'service', policy: 'published' }))
      .thenRefused('OwnerNotAPerson');
    given()
      .when(register({ owner: 'person', policy: 'missing' }))
      .thenRefused('NotFound');
  });

  test('move aliases to versions of their own', () => {
    const move = (modelVersionId?: string) =>
      ({
        type: 'MoveModelAlias',
        context,
        data: { modelId: id('model'), alias: 'champion', ...(modelVersionId === undefined ? {} : { modelVersionId }) },
      }) as const;
    const history = [example('ModelRegistered'), example('ModelVersionNumbered')] as const;
    given(...history)
      .when(move(id('version')))
      .thenEvents('ModelAliasMoved');
    given(...history)
      .when(move(id('other')))
      .thenRefused('NotFound');
    given(...history, example('ModelAliasMoved'))
      .when(move(id('version')))
      .thenNothing();
    const removed = given(...history, example('ModelAliasMoved')).when(move());
    expect(removed.state()).toMatchObject({ aliases: {} });
  });
});

describe('model versions', () => {
  const given = specificationOf(modelVersion);
  const run = {
    status: 'completed',
    modelId: id('model'),
    grade: 'measured',
    artifactDigest: example('ModelVersionRegistered').data.artifact.digest,
  } as const;
  const register = (
    changes: Partial<RegisterModelVersion['data']> = {},
    facts: Partial<RegisterModelVersion['data']['facts']> = {},
  ): RegisterModelVersion => ({
    type: 'RegisterModelVersion',
    context,
    data: {
      ...example('ModelVersionRegistered').data,
      ...changes,
      facts: { datasets: sealedData, trainingRun: run, ...facts },
    },
  });

  test('are the file that their training run left', () => {
    given().when(register()).thenEvents('ModelVersionRegistered');
    given()
      .when(register({}, { trainingRun: { ...run, artifactDigest: digestOf('another file') } }))
      .thenRefused('ArtifactMismatch', { expected: digestOf('another file') });
    given()
      .when(register({}, { trainingRun: { ...run, status: 'started' } }))
      .thenRefused('NotCompleted');
    given()
      .when(register({}, { trainingRun: { ...run, modelId: id('other') } }))
      .thenRefused('OtherModel');
  });

  test('from elsewhere are imported or asserted, never measured', () => {
    const { trainingRunId: _, ...elsewhere } = register().data;
    given()
      .when({ ...register(), data: elsewhere })
      .thenRefused('InvalidField', { field: 'grade' });
    given()
      .when({ ...register(), data: { ...elsewhere, grade: 'imported' } })
      .thenEvents('ModelVersionRegistered');
  });

  test('retire when they serve nothing, to a successor of the same model', () => {
    const retire = (facts: Partial<RetireModelVersion['data']['facts']> = {}): RetireModelVersion => ({
      type: 'RetireModelVersion',
      context,
      data: {
        ...example('ModelVersionRetired').data,
        facts: { serving: [], successor: { modelId: id('model'), status: 'registered' }, ...facts },
      },
    });
    const registered = example('ModelVersionRegistered');
    given(registered).when(retire()).thenEvents('ModelVersionRetired');
    given(registered)
      .when(retire({ serving: [id('deployment')] }))
      .thenRefused('StillServing');
    given(registered)
      .when(retire({ successor: { modelId: id('other'), status: 'registered' } }))
      .thenRefused('OtherModel');
    given(registered)
      .when(retire({ successor: { modelId: id('model'), status: 'retired' } }))
      .thenRefused('Retired');
    given(registered, example('ModelVersionRetired')).when(retire()).thenRefused('Retired');
  });
});

describe('evaluations', () => {
  const given = specificationOf(evaluation);
  const { evaluationId: _, ...gate } = example('GateDecided').data;
  const record = (
    changes: Partial<RecordEvaluation['data']> = {},
    facts: Partial<RecordEvaluation['data']['facts']> = {},
  ): RecordEvaluation => {
    const { expiresAt: _, ...data } = example('EvaluationRecorded').data;
    return {
      type: 'RecordEvaluation',
      context,
      data: {
        ...data,
        ...changes,
        facts: { modelVersion: 'registered', datasetVersion: 'sealed', evidenceValidDays: 90, gates: [gate], ...facts },
      },
    };
  };

  test('carry the verdicts of their gates in the same append', () => {
    const [recorded, decided] = given().when(record()).events();
    expect(recorded).toMatchObject({ type: 'EvaluationRecorded', data: { expiresAt: time(90 * 24 * 60) } });
    expect(decided).toMatchObject({
      type: 'GateDecided',
      data: { evaluationId: id('evaluation'), decision: decisionExample },
    });
  });

  test('rule-14 age from when they were collected', () => {
    const old = given().when(record({ collectedAt: time(-89 * 24 * 60) }));
    expect(old.events()[0]).toMatchObject({ data: { expiresAt: time(24 * 60) } });
    given()
      .when(record({ collectedAt: time(-90 * 24 * 60) }))
      .thenRefused('EvidenceStale');
    given()
      .when(record({ collectedAt: time(2) }))
      .thenRefused('InvalidField', { field: 'collectedAt' });
    given()
      .when(record({ collectedAt: 'now' }))
      .thenRefused('InvalidField', { field: 'collectedAt' });
  });

  test('say of every number either what it is or why there is none', () => {
    const both = { ...ratioExample, undefined: 'no-rows' };
    const neither = { ...ratioExample, value: null };
    for (const measurement of [both, neither])
      given()
        .when(record({ measurements: [measurement] }))
        .thenRefused('InvalidField', { field: 'measurements[0]' });
  });

  test('count every row in one cell', () => {
    const [group] = example('EvaluationRecorded').data.groups;
    given()
      .when(record({ groups: [{ ...group!, n: group!.n + 1 }] }))
      .thenRefused('InvalidField', { field: 'groups[0]' });
  });

  test('stand on a version and on data that stand', () => {
    given()
      .when(record({}, { modelVersion: 'retired' }))
      .thenRefused('Retired');
    given()
      .when(record({}, { modelVersion: 'missing' }))
      .thenRefused('NotFound');
    given()
      .when(record({}, { datasetVersion: 'withdrawn' }))
      .thenRefused('Withdrawn');
  });

  test('are withdrawn once, and not amended after that', () => {
    const withdraw = { type: 'WithdrawEvaluation', context, data: example('EvaluationWithdrawn').data } as const;
    const amend = { type: 'AmendEvaluation', context, data: example('EvaluationAmended').data } as const;
    given(example('EvaluationRecorded')).when(withdraw).thenEvents('EvaluationWithdrawn');
    given(example('EvaluationRecorded'), example('EvaluationWithdrawn')).when(withdraw).thenNothing();
    given(example('EvaluationRecorded'), example('EvaluationWithdrawn')).when(amend).thenRefused('Withdrawn');
    given(example('EvaluationRecorded')).when(amend).thenEvents('EvaluationAmended');
  });
});

test('the same risk assessment twice does not move its stream', () => {
  const given = specificationOf(riskAssessment);
  const assess = { type: 'AssessRisk', context, data: example('RiskTierSet').data } as const;
  given().when(assess).thenEvents('RiskTierSet');
  given(example('RiskTierSet')).when(assess).thenNothing();
  given(example('RiskTierSet', { tier: 'low' }))
    .when(assess)
    .thenEvents('RiskTierSet');
});
