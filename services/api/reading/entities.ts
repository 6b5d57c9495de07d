import type { Columns, SubjectType } from '#libs/authorization';
import type { Table } from '../../../libs/projections/core/table.js';
import { approval, override } from '../../../libs/projections/approvals/tables.js';
import { accessGrant, exportRequest, identity } from '../../../libs/projections/access/tables.js';
import { deployment, incident, permit, predictionSegment } from '../../../libs/projections/deployments/tables.js';
import { evaluation } from '../../../libs/projections/fairness/tables.js';
import {
  dataset,
  datasetVersion,
  model,
  modelVersion,
  policyVersion,
  trainingRun,
} from '../../../libs/projections/inventory/tables.js';
import type { NodeType } from '../graphql/global-id.js';

/** How the things of one type lie in the read models. All SQL text in here is ours, never a caller's. */
export interface Entity {
  readonly type: NodeType;
  /** Read as `read.<table>_at(workspace, position)`. */
  readonly table: Table;
  readonly key: string;
  /** What lists are ordered by, newest first; ties by the key. */
  readonly order: string;
  /** What the rules call it, and where their fields lie in `t` (as $1 workspace, $2 position). */
  readonly subject: SubjectType;
  readonly fields: Columns;
  /** Restricts the table where a thing has several rows. */
  readonly where?: string;
}

const ofModel = { modelId: 't.model_id' };
const ofModelVersion = {
  modelId:
    '(SELECT v.model_id FROM read.model_version_at($1, $2) AS v WHERE v.model_version_id = t.model_version_id LIMIT 1)',
};
const ofDeployment = {
  modelId: '(SELECT d.model_id FROM read.deployment_at($1, $2) AS d WHERE d.deployment_id = t.deployment_id LIMIT 1)',
};

function entity(
  type: NodeType,
  subject: SubjectType,
  table: unknown,
  key: string,
  order: string,
  fields: Columns = {},
): Entity {
  return { type, subject, table: table as Table, key, order, fields };
}

export const entities = {
  Dataset: entity('Dataset', 'Dataset', dataset, 'dataset_id', 'registered_at'),
  DatasetVersion: entity('DatasetVersion', 'DatasetVersion', datasetVersion, 'dataset_version_id', 'sealed_at'),
  TrainingRun: entity('TrainingRun', 'TrainingRun', trainingRun, 'training_run_id', 'started_at', ofModel),
  Model: entity('Model', 'Model', model, 'model_id', 'registered_at', ofModel),
  ModelVersion: entity('ModelVersion', 'ModelVersion', modelVersion, 'model_version_id', 'registered_at', ofModel),
  Evaluation: entity('Evaluation', 'Evaluation', evaluation, 'evaluation_id', 'evaluated_at', ofModelVersion),
  Approval: entity('Approval', 'Approval', approval, 'approval_id', 'requested_at', ofModel),
  Override: entity('Override', 'Approval', override, 'override_id', 'used_at', ofModel),
  Permit: entity('Permit', 'Permit', permit, 'permit_id', 'issued_at', ofModelVersion),
  Deployment: entity('Deployment', 'Deployment', deployment, 'deployment_id', 'started_at', ofModel),
  PredictionSegment: entity(
    'PredictionSegment',
    'PredictionSegment',
    predictionSegment,
    'segment_id',
    'to_time',
    ofDeployment,
  ),
  Incident: entity('Incident', 'Incident', incident, 'incident_id', 'opened_at', ofModelVersion),
  Identity: entity('Identity', 'Identity', identity, 'identity_id', 'registered_at', { identityId: 't.identity_id' }),
  AccessGrant: entity('AccessGrant', 'AccessGrant', accessGrant, 'grant_id', 'valid_from', {
    identityId: 't.subject_id',
  }),
  Export: entity('Export', 'Export', exportRequest, 'export_id', 'requested_at', ofModelVersion),
  /** The newest version of each policy. */
  Policy: {
    ...entity('Policy', 'Policy', policyVersion, 'policy_id', 'published_at'),
    where:
      't.version = (SELECT max(p.version) FROM read.policy_version_at($1, $2) AS p WHERE p.policy_id = t.policy_id)',
  },
} as const satisfies Record<NodeType, Entity>;
