/** The types that `node` answers, each with the aggregate that it is read from. */
export const nodeTypes = [
  'Identity',
  'AccessGrant',
  'Policy',
  'Dataset',
  'DatasetVersion',
  'TrainingRun',
  'Model',
  'ModelVersion',
  'Evaluation',
  'Approval',
  'Override',
  'Permit',
  'Deployment',
  'PredictionSegment',
  'Incident',
  'Export',
] as const;

export type NodeType = (typeof nodeTypes)[number];

export interface GlobalId {
  readonly type: NodeType;
  readonly uuid: string;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** Relay's opaque id: base64url of `Type:uuid`. */
export function globalId(type: NodeType, uuid: string): string {
  return Buffer.from(`${type}:${uuid}`).toString('base64url');
}

/** The parts of a global id; undefined when it is none. Only the canonical spelling is one. */
export function parseGlobalId(id: string): GlobalId | undefined {
  const text = Buffer.from(id, 'base64url').toString('latin1');
  const colon = text.indexOf(':');
  const type = text.slice(0, colon) as NodeType;
  const uuid = text.slice(colon + 1);
  if (!nodeTypes.includes(type) || !isUuid(uuid) || globalId(type, uuid) !== id) return undefined;
  return { type, uuid };
}

/**
 * The UUID that an id argument names: a global id of the wanted type, or the bare UUID as dossiers and events print it.
 * undefined when it is neither.
 */
export function uuidOf(id: string, types: readonly NodeType[]): string | undefined {
  if (isUuid(id)) return id;
  const parsed = parseGlobalId(id);
  return parsed && types.includes(parsed.type) ? parsed.uuid : undefined;
}
