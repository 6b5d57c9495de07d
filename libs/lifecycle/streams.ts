import { createHash } from 'node:crypto';

/** The aggregates that exist. One stream each: `<aggregate>-<workspace>.<id>`. */
export const aggregates = [
  'workspace',
  'identity',
  'accessGrant',
  'policy',
  'dataset',
  'datasetVersion',
  'trainingRun',
  'model',
  'modelVersion',
  'evaluation',
  'riskAssessment',
  'approval',
  'permit',
  'deployment',
  'predictionSegment',
  'incident',
  'export',
  'denial',
  'partitionRelease',
  'name',
] as const;

export type Aggregate = (typeof aggregates)[number];

export interface StreamParts {
  readonly aggregate: Aggregate;
  readonly workspace: string;
  readonly id: string;
}

/**
 * A workspace (tenant): 1 to 63 of a-z, 0-9 and underscore.
 * @schema {"type":"string","pattern":"^[a-z0-9][a-z0-9_]{0,62}$"}
 */
export type WorkspaceId = string;

const workspacePattern = /^[a-z0-9][a-z0-9_]{0,62}$/;

/** A workspace id: 1 to 63 of a-z, 0-9 and underscore, so that it never holds the separators `-` and `.`. */
export function isWorkspaceId(text: string): boolean {
  return workspacePattern.test(text);
}

export function streamName(aggregate: Aggregate, workspace: string, id: string): string {
  if (!isWorkspaceId(workspace)) throw new Error(`workspace ${JSON.stringify(workspace)}: 1 to 63 of a-z, 0-9, _`);
  if (id.length === 0 || id.length > 200) throw new Error('stream id: 1 to 200 characters');
  return `${aggregate}-${workspace}.${id}`;
}

/** The parts of a domain stream's name; undefined for any other stream. */
export function parseStreamName(stream: string): StreamParts | undefined {
  const dash = stream.indexOf('-');
  const dot = stream.indexOf('.', dash);
  if (dash < 0 || dot < 0) return undefined;
  const aggregate = stream.slice(0, dash) as Aggregate;
  const workspace = stream.slice(dash + 1, dot);
  const id = stream.slice(dot + 1);
  if (!aggregates.includes(aggregate) || !isWorkspaceId(workspace) || id.length === 0) return undefined;
  return { aggregate, workspace, id };
}

/** Reserves a name within its kind: appended with "no stream", so that the second taker is refused. */
export function nameStream(workspace: string, kind: string, name: string): string {
  const hash = createHash('sha256').update(name.normalize('NFC').toLowerCase()).digest('hex');
  return streamName('name', workspace, `${kind}.${hash}`);
}
