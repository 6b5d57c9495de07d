import { conditionSql, subjectsOfOneModel } from '#libs/authorization';
import type { SubjectType } from '#libs/authorization';
import { streamName } from '#libs/lifecycle';
import type { Aggregate } from '#libs/lifecycle';
import type { GlobalId, NodeType } from '../graphql/global-id.js';
import type { Reader } from '../reading/reader.js';

/** The stream that a node is folded from, and the kind under which the timeline keeps what hangs on it. */
const streams: Readonly<Record<NodeType, readonly [aggregate: Aggregate, kind?: string]>> = {
  Identity: ['identity'],
  AccessGrant: ['accessGrant'],
  Policy: ['policy'],
  Dataset: ['dataset', 'dataset'],
  DatasetVersion: ['datasetVersion', 'dataset-version'],
  TrainingRun: ['trainingRun', 'training-run'],
  Model: ['model', 'model'],
  ModelVersion: ['modelVersion', 'model-version'],
  Evaluation: ['evaluation'],
  Approval: ['approval'],
  Override: ['approval'],
  Permit: ['permit'],
  Deployment: ['deployment'],
  PredictionSegment: ['predictionSegment'],
  Incident: ['incident'],
  Export: ['export'],
};

/** Aggregates and what the rules call them. What is in no line is shown to nobody. */
const subjects: Readonly<Partial<Record<Aggregate, SubjectType>>> = {
  workspace: 'Workspace',
  identity: 'Identity',
  accessGrant: 'AccessGrant',
  policy: 'Policy',
  dataset: 'Dataset',
  datasetVersion: 'DatasetVersion',
  trainingRun: 'TrainingRun',
  model: 'Model',
  modelVersion: 'ModelVersion',
  evaluation: 'Evaluation',
  riskAssessment: 'RiskAssessment',
  approval: 'Approval',
  permit: 'Permit',
  deployment: 'Deployment',
  predictionSegment: 'PredictionSegment',
  incident: 'Incident',
  export: 'Export',
  denial: 'Denial',
};

/** Models that the stream of an event is about, directly or through one of their versions, as rows `m(model_id)`. */
const modelsOfStream =
  `SELECT s.subject_id AS model_id FROM read.timeline_subject_at($1, $2) AS s ` +
  `WHERE s.stream = t.stream AND s.subject_kind = 'model' ` +
  `UNION ALL SELECT v.model_id FROM read.timeline_subject_at($1, $2) AS s ` +
  `JOIN read.model_version_at($1, $2) AS v ON v.model_version_id = s.subject_id ` +
  `WHERE s.stream = t.stream AND s.subject_kind = 'model-version' ` +
  `UNION ALL SELECT split_part(t.stream, '.', 2) WHERE split_part(t.stream, '-', 1) = 'model'`;

/**
 * The events of the timeline (`t`, under $1 workspace and $2 position) that the caller may see and that are about
 * `of`: those of its stream, of streams that are about it, and refusals of acts on either. A caller whose rights are
 * limited to models sees, of the aggregates under that limit, the streams that are about these models.
 *
 * @param values parameters so far; further ones are added
 */
export function timelineScope({ ability, workspace }: Reader, of: GlobalId | undefined, values: unknown[]): string {
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const whole: string[] = [];
  const seen: string[] = [];
  for (const [aggregate, subject] of Object.entries(subjects)) {
    const fields = { modelId: 'm.model_id', identityId: `split_part(t.stream, '.', 2)` };
    const rule = conditionSql(ability, 'read', subject, fields, values.length + 2);
    if (rule.text === 'FALSE') continue;
    if (rule.text === 'TRUE') {
      whole.push(aggregate);
      continue;
    }
    // Whose grant or key it is, is not in the stream's name: those are seen through the identity.
    if (aggregate !== 'identity' && !subjectsOfOneModel.has(subject)) continue;
    const condition =
      aggregate === 'identity' ? rule.text : `EXISTS (SELECT 1 FROM (${modelsOfStream}) AS m WHERE ${rule.text})`;
    seen.push(`(split_part(t.stream, '-', 1) = ${parameter(aggregate)} AND ${condition})`);
    values.push(...rule.values);
  }
  seen.push(`split_part(t.stream, '-', 1) = ANY(${parameter(whole)})`);
  const visible = `(${seen.join(' OR ')})`;
  if (!of) return visible;
  const [aggregate, kind] = streams[of.type];
  const stream = parameter(streamName(aggregate, workspace, of.uuid));
  const about = kind
    ? ` OR t.subject_stream IN (SELECT s.stream FROM read.timeline_subject_at($1, $2) AS s ` +
      `WHERE s.subject_kind = ${parameter(kind)} AND s.subject_id = ${parameter(of.uuid)})`
    : '';
  return `${visible} AND (t.subject_stream = ${stream}${about})`;
}
