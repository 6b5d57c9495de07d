import { conditionSql } from '#libs/authorization';
import type { NodeKind, NodeReference } from '#libs/projections/lineage';
import type { NodeType } from '../graphql/global-id.js';
import { entities } from '../reading/entities.js';
import { itemsByKey } from '../reading/items.js';
import type { Reader } from '../reading/reader.js';

const types: Readonly<Partial<Record<NodeKind, NodeType>>> = {
  dataset: 'Dataset',
  'dataset-version': 'DatasetVersion',
  'training-run': 'TrainingRun',
  model: 'Model',
  'model-version': 'ModelVersion',
  evaluation: 'Evaluation',
  policy: 'Policy',
  approval: 'Approval',
  override: 'Override',
  permit: 'Permit',
  deployment: 'Deployment',
  'prediction-segment': 'PredictionSegment',
  identity: 'Identity',
};

export function typeOfKind(kind: NodeKind): NodeType | undefined {
  return types[kind];
}

export function kindOfType(type: NodeType): NodeKind | undefined {
  return (Object.keys(types) as NodeKind[]).find((kind) => types[kind] === type);
}

/**
 * Which nodes of a graph the caller may see, as refs; `all` when no rule limits the caller, which costs nothing.
 * An identity is a random id and is always seen as that; a risk assessment and a column go with what they are of.
 */
export async function readableReferences(
  reader: Reader,
  nodes: readonly NodeReference[],
): Promise<'all' | ReadonlySet<string>> {
  const limited = (Object.keys(types) as NodeKind[]).filter((kind) => kind !== 'identity' && !seesAll(reader, kind));
  if (limited.length === 0) return 'all';
  const seen = new Set<string>();
  const asked = new Map<NodeKind, string[]>();
  for (const { kind, key } of nodes) {
    const about = kind === 'risk-assessment' ? 'model-version' : kind;
    if (limited.includes(about)) asked.set(kind, [...(asked.get(kind) ?? []), key]);
    else seen.add(`${kind}:${key}`);
  }
  for (const [kind, keys] of asked) {
    const entity = entities[types[kind === 'risk-assessment' ? 'model-version' : kind]!];
    for (const item of await itemsByKey(reader, entity, keys)) if (item) seen.add(`${kind}:${item.uuid}`);
  }
  return seen;
}

/** No rule limits which things of this kind the caller may read. */
export function seesAll({ ability }: Reader, kind: NodeKind): boolean {
  const { subject } = entities[types[kind]!];
  return conditionSql(ability, 'read', subject, { modelId: 'm', identityId: 'i' }).text === 'TRUE';
}
