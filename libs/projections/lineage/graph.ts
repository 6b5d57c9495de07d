import { hash } from 'node:crypto';

/** In this order for ever: a node's surrogate id holds the kind's place. */
export const nodeKinds = [
  'dataset',
  'dataset-version',
  'code',
  'training-run',
  'model',
  'model-version',
  'evaluation',
  'risk-assessment',
  'policy',
  'approval',
  'override',
  'permit',
  'deployment',
  'prediction-segment',
  'identity',
  'column',
] as const;
export type NodeKind = (typeof nodeKinds)[number];

/** A node by its kind and key. Keys: ids; `<repository>@<commit>` for code; `<datasetVersionId>#<name>` for columns. */
export interface NodeReference {
  readonly kind: NodeKind;
  readonly key: string;
}

/**
 * What an edge says of its two ends, cause first. The numbers are stored: they never change their meaning.
 * Those from an identity are contributions, with the role of the contributor.
 */
export const edgeKinds = {
  /** dataset → dataset-version, model → model-version */
  version: 1,
  /** dataset-version → dataset-version; column → column */
  derived: 2,
  /** code → what was made with it */
  code: 3,
  /** identity → code */
  authored: 4,
  /** identity → dataset, model-version, evaluation made elsewhere */
  registered: 5,
  /** identity → dataset-version */
  sealed: 6,
  /** dataset-version → training-run, or → model-version where no run of ours stands between */
  input: 7,
  /** identity → training-run */
  started: 8,
  /** identity → training-run: who carried it out */
  ran: 9,
  /** training-run → model-version */
  output: 10,
  /** identity → model; identity → service identity */
  owns: 11,
  /** model-version → evaluation, risk-assessment, approval, override */
  subject: 12,
  /** dataset-version → evaluation */
  'evaluated-on': 13,
  /** identity → evaluation */
  evaluated: 14,
  /** evaluation → risk-assessment */
  assessed: 15,
  /** pinned evidence → approval */
  evidence: 16,
  /** identity → approval */
  requested: 17,
  signed: 18,
  rejected: 19,
  abstained: 20,
  /** approval, override → permit */
  basis: 21,
  /** model-version → deployment */
  serves: 22,
  /** permit → deployment */
  permitted: 23,
  /** identity → deployment */
  deployed: 24,
  /** deployment → prediction-segment */
  scored: 25,
  /** identity → identity, both ways */
  linked: 26,
  /** delegator → what was done for them */
  'on-behalf-of': 27,
  /** identity → override */
  'used-override': 28,
  reviewed: 29,
  /** identity → policy */
  published: 30,
} as const;
export type EdgeKind = keyof typeof edgeKinds;

const kindNames = new Map<number, EdgeKind>(
  Object.entries(edgeKinds).map(([name, number]) => [number, name as EdgeKind]),
);

export function edgeKindName(number: number): EdgeKind {
  const name = kindNames.get(number);
  if (name === undefined) throw new Error(`edge kind ${number} is not known to this build`);
  return name;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const hashed = 0x80;

/**
 * The node's surrogate id, 17 bytes in hexadecimal: a byte for the kind, then the key's UUID itself or, where the key
 * is none, 128 bits of its SHA-256 with the kind's highest bit set (its text is then in `lineage_node`). A function
 * of the node alone, so that edges can be written in any order by any number of writers, and a rebuild gives the
 * same ids; the walk needs no look-up to name most nodes.
 */
export function nodeId({ kind, key }: NodeReference): string {
  const number = nodeKinds.indexOf(kind) + 1;
  if (uuidPattern.test(key))
    return `${hexByte(number)}${key.slice(0, 8)}${key.slice(9, 13)}${key.slice(14, 18)}${key.slice(19, 23)}${key.slice(24)}`;
  return hexByte(number | hashed) + hash('sha256', key, 'hex').slice(0, 32);
}

/** True when the key's text must be kept in the dictionary. */
export function isHashed(id: string): boolean {
  return (Number.parseInt(id.slice(0, 2), 16) & hashed) !== 0;
}

/** The node of a surrogate id; `key` is what the dictionary holds for a hashed one. */
export function nodeOf(id: string, key: string | null | undefined): NodeReference {
  const number = Number.parseInt(id.slice(0, 2), 16);
  const kind = nodeKinds[(number & ~hashed) - 1];
  if (kind === undefined) throw new Error(`node kind ${number} is not known to this build`);
  if ((number & hashed) !== 0) return { kind, key: key ?? '' };
  const hex = id.slice(2);
  return {
    kind,
    key: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`,
  };
}

function hexByte(number: number): string {
  return number.toString(16).padStart(2, '0');
}
