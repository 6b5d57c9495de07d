import * as access from '../access/queries.js';
import * as approvals from '../approvals/queries.js';
import * as deployments from '../deployments/queries.js';
import * as fairness from '../fairness/queries.js';
import * as inventory from '../inventory/queries.js';
import * as lineage from '../lineage/queries.js';
import * as timeline from '../timeline/queries.js';
import type { Reader } from '../core/reader.js';

export interface Known {
  readonly modelVersionId: string;
  readonly modelId: string;
  readonly datasetVersionId: string;
  readonly datasetId: string;
  readonly identityId: string;
  readonly deploymentId: string;
  readonly at: string;
}

/** Every question that the views answer, by name; a spec asks them all. */
export function everyQuestion(known: Known): Readonly<Record<string, (reader: Reader) => Promise<unknown>>> {
  const page = { first: 20 };
  const { modelVersionId, modelId, datasetVersionId, datasetId, identityId, deploymentId, at } = known;
  const version = { kind: 'model-version', key: modelVersionId } as const;
  return {
    datasets: (reader) => inventory.datasets(reader, page),
    datasetsById: (reader) => inventory.datasetsById(reader, [datasetId]),
    datasetTotal: (reader) => inventory.datasetTotal(reader),
    datasetVersions: (reader) => inventory.datasetVersions(reader, { ...page, datasetId }),
    datasetVersionsById: (reader) => inventory.datasetVersionsById(reader, [datasetVersionId]),
    dataQualityOf: (reader) => inventory.dataQualityOf(reader, [datasetVersionId]),
    trainingRuns: (reader) => inventory.trainingRuns(reader, page),
    trainingRunsOfModel: (reader) => inventory.trainingRuns(reader, { ...page, modelId }),
    models: (reader) => inventory.models(reader, page),
    modelsById: (reader) => inventory.modelsById(reader, [modelId]),
    modelTotal: (reader) => inventory.modelTotal(reader),
    modelVersions: (reader) => inventory.modelVersions(reader, page),
    modelVersionsRetired: (reader) => inventory.modelVersions(reader, { ...page, status: 'retired' }),
    modelVersionsById: (reader) => inventory.modelVersionsById(reader, [modelVersionId]),
    modelVersionTotal: (reader) => inventory.modelVersionTotal(reader, { modelId }),
    policies: (reader) => inventory.policies(reader, page),
    evaluations: (reader) => fairness.evaluations(reader, page),
    failedEvaluations: (reader) => fairness.evaluations(reader, { ...page, gateVerdict: 'fail' }),
    evaluationsOfVersions: async (reader) => {
      const found = await fairness.evaluationsOfVersions(reader, [modelVersionId]);
      const ids = found.map(({ evaluationId }) => evaluationId);
      return {
        found,
        measurements: await fairness.measurementsOf(reader, ids),
        groups: await fairness.groupCountsOf(reader, ids),
        verdicts: await fairness.gateVerdictsOf(reader, ids),
      };
    },
    approvals: (reader) => approvals.approvalRequests(reader, page),
    approvalTotal: (reader) => approvals.approvalTotal(reader, { status: 'granted' }),
    approvalsOfVersions: async (reader) => {
      const found = await approvals.approvalsOfVersions(reader, [modelVersionId]);
      const ids = found.map(({ approvalId }) => approvalId);
      return {
        found,
        evidence: await approvals.evidenceOf(reader, ids),
        acts: await approvals.actsOf(reader, ids),
        conditions: await approvals.conditionsOf(reader, ids),
      };
    },
    inbox: (reader) => approvals.inbox(reader, { ...page, roles: ['validator', 'risk-officer'] }),
    inboxTotal: (reader) => approvals.inboxTotal(reader, ['validator']),
    acts: (reader) => approvals.approvalActs(reader, { ...page, to: at }),
    conditions: (reader) => approvals.conditions(reader, page),
    overdueConditions: (reader) => approvals.conditions(reader, { ...page, overdueAt: at }),
    overrides: (reader) => approvals.overrides(reader, page),
    timeline: (reader) => timeline.timelineEvents(reader, page),
    timelineOfVersion: (reader) => timeline.everyTimelineEvent(reader, { modelVersionId }),
    timelineOfModel: (reader) => timeline.everyTimelineEvent(reader, { modelId }),
    timelineOfData: (reader) => timeline.everyTimelineEvent(reader, { datasetVersionId }),
    timelineOfDataset: (reader) => timeline.everyTimelineEvent(reader, { datasetId }),
    timelineOfActor: (reader) => timeline.timelineEvents(reader, { ...page, actorId: identityId }, 'descending'),
    denialsInTimeline: (reader) => timeline.timelineEvents(reader, { ...page, denialsOnly: true }),
    deployments: (reader) => deployments.deploymentList(reader, page),
    deploymentChanges: (reader) => deployments.deploymentChanges(reader, { ...page, to: at }),
    changesOf: (reader) => deployments.changesOf(reader, [deploymentId]),
    permits: (reader) => deployments.permits(reader, page),
    permitStates: async (reader) => {
      const found = await deployments.permitsOfVersions(reader, [modelVersionId]);
      return deployments.permitStatesOf(
        reader,
        found.map(({ permitId }) => permitId),
      );
    },
    segments: (reader) => deployments.predictionSegments(reader, { ...page, modelVersionId }),
    incidents: (reader) => deployments.incidents(reader, page),
    decidedAt: (reader) => deployments.decidedAt(reader, { at }),
    identities: (reader) => access.identities(reader, page),
    grants: (reader) => access.grants(reader, { ...page, at }),
    allGrants: (reader) => access.grants(reader, page),
    serviceKeys: (reader) => access.serviceKeysOf(reader, [identityId]),
    denials: (reader) => access.denials(reader, page),
    exports: (reader) => access.exportRequests(reader, page),
    evidenceAccesses: (reader) => access.evidenceAccesses(reader, page),
    upstream: (reader) => lineage.lineageWalk(reader, { start: [version], direction: 'upstream' }),
    downstream: (reader) =>
      lineage.lineageWalk(reader, {
        start: [{ kind: 'dataset-version', key: datasetVersionId }],
        direction: 'downstream',
      }),
    columns: (reader) =>
      lineage.lineageWalk(reader, {
        start: [{ kind: 'column', key: `${datasetVersionId}#dir` }],
        direction: 'upstream',
      }),
    contributors: (reader) => lineage.contributorsOf(reader, [version]),
  };
}
