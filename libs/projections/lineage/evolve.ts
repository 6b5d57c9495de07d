import { readFileSync } from 'node:fs';
import type { RecordedEvent } from '../../event-store/envelope.js';
import { parseStreamName, type Aggregate } from '../../lifecycle/streams.js';
import type { CodeReference, EvidencePin } from '../../lifecycle/values.js';
import type { Arm } from '../../lifecycle/deployment/events.js';
import { insert, view, type Operation } from '../core/view.js';
import { columnEdge, lineageEdge, lineageNode } from './tables.js';
import { edgeKinds, isHashed, nodeId, type EdgeKind, type NodeKind, type NodeReference } from './graph.js';

const node =
  (kind: NodeKind) =>
  (key: string): NodeReference => ({ kind, key });
const dataset = node('dataset');
const datasetVersion = node('dataset-version');
const trainingRun = node('training-run');
const model = node('model');
const modelVersion = node('model-version');
const evaluation = node('evaluation');
const riskAssessment = node('risk-assessment');
const policy = node('policy');
const approval = node('approval');
const override = node('override');
const permit = node('permit');
const deployment = node('deployment');
const identity = node('identity');

type Edge = readonly [from: NodeReference, kind: EdgeKind, to: NodeReference];

const pinned: Readonly<Record<EvidencePin['kind'], (id: string) => NodeReference>> = {
  'dataset-version': datasetVersion,
  'training-run': trainingRun,
  'model-version': modelVersion,
  evaluation,
  'risk-assessment': riskAssessment,
  policy,
};
const aggregateOfPin: Readonly<Record<EvidencePin['kind'], Aggregate>> = {
  'dataset-version': 'datasetVersion',
  'training-run': 'trainingRun',
  'model-version': 'modelVersion',
  evaluation: 'evaluation',
  'risk-assessment': 'riskAssessment',
  policy: 'policy',
};

/** Who acted, and for whom: an edge each. An anonymous actor leaves none. */
function by({ metadata }: RecordedEvent, kind: EdgeKind, what: NodeReference): Edge[] {
  const edges: Edge[] = [];
  if (metadata.actor.kind !== 'anonymous') edges.push([identity(metadata.actor.id), kind, what]);
  if (metadata.onBehalfOf !== undefined) edges.push([identity(metadata.onBehalfOf), 'on-behalf-of', what]);
  return edges;
}

function madeWith(code: CodeReference | undefined, what: NodeReference): Edge[] {
  if (code === undefined) return [];
  const commit: NodeReference = { kind: 'code', key: `${code.repository}@${code.commit}` };
  return [[commit, 'code', what], ...code.authors.map((author): Edge => [identity(author), 'authored', commit])];
}

function served(arms: readonly Arm[], target: NodeReference): Edge[] {
  return arms.flatMap((arm): Edge[] => [
    [modelVersion(arm.modelVersionId), 'serves', target],
    [permit(arm.permitId), 'permitted', target],
  ]);
}

function evidence(pins: readonly EvidencePin[], target: NodeReference): Edge[] {
  return pins.flatMap((pin): Edge[] => {
    const parts = parseStreamName(pin.stream);
    return parts?.aggregate === aggregateOfPin[pin.kind] ? [[pinned[pin.kind](parts.id), 'evidence', target]] : [];
  });
}

function operations(table: typeof lineageEdge, edges: readonly Edge[]): Operation[] {
  const keys = new Map<string, string>();
  const idOf = (reference: NodeReference): string => {
    const id = nodeId(reference);
    if (isHashed(id)) keys.set(id, reference.key);
    return id;
  };
  const rows = edges.map(([from, kind, to]) =>
    insert(table, { from_node: idOf(from), to_node: idOf(to), kind: edgeKinds[kind] }),
  );
  return [...[...keys].map(([id, key]) => insert(lineageNode, { node: id, key })), ...rows];
}

type EdgesOf<E extends RecordedEvent> = (event: E) => readonly Edge[];

const edges =
  <E extends RecordedEvent>(edgesOf: EdgesOf<E>) =>
  (event: E): readonly Operation[] =>
    operations(lineageEdge, edgesOf(event));

const walk = readFileSync(new URL('./queries/walk.sql', import.meta.url), 'utf8');

/** One walk function for each direction and grain, made from the same text. */
function walkFunctions(schema: string): string {
  const make = (name: string, table: string, near: string, far: string): string =>
    walk
      .replaceAll('{name}', `read.${name}`)
      .replaceAll('{edge}', `${schema}.${table}`)
      .replaceAll('{node}', `${schema}.lineage_node`)
      .replaceAll('{near}', near)
      .replaceAll('{far}', far);
  return [
    make('lineage_upstream', lineageEdge.name, 'to_node', 'from_node'),
    make('lineage_downstream', lineageEdge.name, 'from_node', 'to_node'),
    make('lineage_columns_upstream', columnEdge.name, 'to_node', 'from_node'),
    make('lineage_columns_downstream', columnEdge.name, 'from_node', 'to_node'),
  ].join('\n');
}

/** What was made from what, with which code, by whom: an append-only graph, cause → effect. */
export const lineage = view({
  name: 'lineage',
  version: 2,
  tables: [lineageNode, lineageEdge, columnEdge],
  functions: walkFunctions,
  functionNames: [
    'lineage_upstream(text, bigint, bytea[], bigint[], integer, integer)',
    'lineage_downstream(text, bigint, bytea[], bigint[], integer, integer)',
    'lineage_columns_upstream(text, bigint, bytea[], bigint[], integer, integer)',
    'lineage_columns_downstream(text, bigint, bytea[], bigint[], integer, integer)',
  ],
  evolve: {
    ServiceRegistered: edges(({ data }) => [[identity(data.ownerId), 'owns', identity(data.identityId)]]),
    IdentityLinked: edges(({ data }) => [
      [identity(data.linkedId), 'linked', identity(data.identityId)],
      [identity(data.identityId), 'linked', identity(data.linkedId)],
    ]),

    PolicyPublished: edges((event) => by(event, 'published', policy(event.data.policyId))),

    DatasetRegistered: edges((event) => by(event, 'registered', dataset(event.data.datasetId))),
    DatasetVersionSealed: (event) => {
      const { data } = event;
      const sealed = datasetVersion(data.datasetVersionId);
      const columns = data.columns.flatMap((column): Edge[] =>
        (column.from ?? []).map((source): Edge => [
          { kind: 'column', key: source },
          'derived',
          { kind: 'column', key: `${data.datasetVersionId}#${column.name}` },
        ]),
      );
      return [
        ...operations(lineageEdge, [
          [dataset(data.datasetId), 'version', sealed],
          ...data.derivedFrom.map((parent): Edge => [datasetVersion(parent), 'derived', sealed]),
          ...madeWith(data.code, sealed),
          ...by(event, 'sealed', sealed),
        ]),
        ...operations(columnEdge, columns),
      ];
    },

    TrainingRunStarted: edges((event) => {
      const run = trainingRun(event.data.trainingRunId);
      return [
        ...event.data.datasetVersionIds.map((id): Edge => [datasetVersion(id), 'input', run]),
        ...madeWith(event.data.code, run),
        ...by(event, 'started', run),
      ];
    }),
    TrainingRunCompleted: edges((event) => by(event, 'ran', trainingRun(event.data.trainingRunId))),

    ModelRegistered: edges(({ data }) => [[identity(data.ownerId), 'owns', model(data.modelId)]]),
    ModelVersionRegistered: edges((event) => {
      const { data } = event;
      const version = modelVersion(data.modelVersionId);
      return [
        [model(data.modelId), 'version', version],
        ...(data.trainingRunId === undefined ? [] : [[trainingRun(data.trainingRunId), 'output', version] as Edge]),
        ...data.datasetVersionIds.map((id): Edge => [datasetVersion(id), 'input', version]),
        ...madeWith(data.code, version),
        ...by(event, 'registered', version),
      ];
    }),

    EvaluationRecorded: edges((event) => {
      const evaluated = evaluation(event.data.evaluationId);
      return [
        [modelVersion(event.data.modelVersionId), 'subject', evaluated],
        [datasetVersion(event.data.datasetVersionId), 'evaluated-on', evaluated],
        ...by(event, 'evaluated', evaluated),
      ];
    }),
    EvaluationAmended: edges((event) => by(event, 'evaluated', evaluation(event.data.evaluationId))),

    RiskTierSet: edges(({ data }) => {
      const assessed = riskAssessment(data.modelVersionId);
      return [
        [modelVersion(data.modelVersionId), 'subject', assessed],
        ...data.evaluationIds.map((id): Edge => [evaluation(id), 'assessed', assessed]),
      ];
    }),

    ApprovalRequested: edges((event) => {
      const { data } = event;
      const requested = approval(data.approvalId);
      return [
        [modelVersion(data.modelVersionId), 'subject', requested],
        ...evidence(data.pins, requested),
        [identity(data.requesterId), 'requested', requested],
        ...(event.metadata.onBehalfOf === undefined
          ? []
          : [[identity(event.metadata.onBehalfOf), 'on-behalf-of', requested] as Edge]),
      ];
    }),
    ApprovalSigned: edges(({ data }) => {
      const { signerId, onBehalfOf } = data.signature;
      const signed = approval(data.approvalId);
      return [
        [identity(signerId), 'signed', signed],
        ...(onBehalfOf === undefined ? [] : [[identity(onBehalfOf), 'on-behalf-of', signed] as Edge]),
      ];
    }),
    ApprovalRejected: edges(({ data }) => [[identity(data.signature.signerId), 'rejected', approval(data.approvalId)]]),
    ApprovalAbstained: edges(({ data }) => [[identity(data.signerId), 'abstained', approval(data.approvalId)]]),
    OverrideUsed: edges(({ data }) => [
      [modelVersion(data.modelVersionId), 'subject', override(data.overrideId)],
      [identity(data.operatorId), 'used-override', override(data.overrideId)],
    ]),
    OverrideReviewed: edges(({ data }) => [[identity(data.reviewerId), 'reviewed', override(data.overrideId)]]),

    PermitIssued: edges(({ data: { permit: issued } }) => [
      [
        issued.basis.kind === 'approval' ? approval(issued.basis.id) : override(issued.basis.id),
        'basis',
        permit(issued.permitId),
      ],
    ]),

    DeploymentStarted: edges((event) => {
      const target = deployment(event.data.deploymentId);
      return [
        [modelVersion(event.data.modelVersionId), 'serves', target],
        ...served(event.data.arms, target),
        ...by(event, 'deployed', target),
      ];
    }),
    TrafficShifted: edges((event) => changed(event, event.data.arms)),
    DeploymentPromoted: edges((event) => changed(event, event.data.arms)),
    DeploymentRolledBack: edges((event) => changed(event, event.data.arms)),

    PredictionSegmentSealed: edges(({ data }) => [
      [deployment(data.deploymentId), 'scored', { kind: 'prediction-segment', key: data.segmentId }],
    ]),
  },
});

function changed(
  event: RecordedEvent<{ type: string; data: { readonly deploymentId: string } }>,
  arms: readonly Arm[],
) {
  const target = deployment(event.data.deploymentId);
  return [...served(arms, target), ...by(event, 'deployed', target)];
}
