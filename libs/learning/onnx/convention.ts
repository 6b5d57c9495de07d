import { canonicalJson } from '#libs/signing';
import { InputError } from '#libs/statistics';
import type { Task } from '../algorithm.js';
import { countWords } from './text.js';
import type { TextEncoding } from './text.js';

/** Name of the one input: float32 `[n, k]`, columns in the order of `features` in the metadata. */
export const featuresInput = 'features';
/** Name of the output of a classifier of two classes: float32 `[n, 1]`, the probability of the scored label. */
export const probabilityOutput = 'probability';

/** Name of the one output of each kind of problem; float32 `[n, outputs]`. */
export const outputNames = {
  binary: probabilityOutput,
  multiclass: 'probabilities',
  regression: 'prediction',
  clustering: 'distances',
  reconstruction: 'reconstruction',
} as const;

/** How a cell of the data becomes a number of the input tensor. A feature that is not listed is a number as it stands. */
export type Encoding = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What `metadata_props` of a model of ours say; each value is text, objects are canonical JSON. */
export interface ModelMetadata {
  /** Default: classification (files written before there were others). */
  readonly task?: Task;
  /** Feature names in the order of the tensor's columns. */
  readonly features: readonly string[];
  readonly encoding: Encoding;
  /** Features whose numbers are names: looked up in the encoding by their shortest decimal form. */
  readonly categorical?: readonly string[];
  /** Features that are texts, and how their words are counted: each is `buckets` columns of the tensor. */
  readonly text?: Readonly<Record<string, TextEncoding>>;
  /** Features that are made of earlier rows: the caller computes them as this says. */
  readonly derived?: Readonly<Record<string, Readonly<object>>>;
  /** Names of the columns behind the pipeline, where they are not the tensor's: what the model itself compares or weighs. */
  readonly columns?: readonly string[];
  /** Features that may be missing: NaN in the tensor, filled by the graph. */
  readonly missing?: readonly string[];
  /** Features whose categories outside the encoding are −1 in the tensor, which the graph knows. */
  readonly unseen?: readonly string[];
  /** `scored` and `other` of two classes, `labels` of more in the order of the probabilities; absent without a target. */
  readonly target?: {
    readonly column: string;
    readonly scored?: string;
    readonly other?: string;
    readonly labels?: readonly string[];
  };
  /** Lineage: digests of what the model was made from. */
  readonly lineage: Readonly<Record<string, string>>;
}

const prefix = 'assay.';

export function writeMetadata(metadata: ModelMetadata): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([name, value]) =>
      value === undefined ? [] : [[`${prefix}${name}`, typeof value === 'string' ? value : canonicalJson(value)]],
    ),
  );
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((own: unknown) => typeof own === 'string');
const object = { test: isObject, rule: 'an object' };
const texts = { test: isTexts, rule: 'a list of texts' };
/** What a file that somebody else has written may get wrong. */
const shapes: Readonly<Record<string, { test: (value: unknown) => boolean; rule: string }>> = {
  features: { test: (value) => isTexts(value) && (value as string[]).length > 0, rule: 'a list of names' },
  encoding: {
    test: (value) => isObject(value) && Object.values(value as object).every(isObject),
    rule: 'codes by text',
  },
  categorical: texts,
  text: object,
  derived: object,
  columns: texts,
  missing: texts,
  unseen: texts,
  target: {
    test: (value) => isObject(value) && typeof (value as { column?: unknown }).column === 'string',
    rule: 'an object with a column',
  },
  lineage: object,
};

/** @returns undefined where the model was not written by Assay. @throws InputError `ModelMetadata` where it is broken. */
export function readMetadata(properties: Readonly<Record<string, string>>): ModelMetadata | undefined {
  if (properties[`${prefix}features`] === undefined) return undefined;
  const read = <T>(name: string): T => {
    try {
      return JSON.parse(properties[`${prefix}${name}`] ?? '') as T;
    } catch {
      throw new InputError('ModelMetadata', `metadata property ${prefix}${name} is no JSON`, {
        field: `${prefix}${name}`,
        rule: 'canonical JSON',
      });
    }
  };
  const has = (name: string): boolean => properties[`${prefix}${name}`] !== undefined;
  for (const [name, { test, rule }] of Object.entries(shapes))
    if ((has(name) || name === 'encoding' || name === 'lineage') && !test(read(name)))
      throw new InputError('ModelMetadata', `metadata property ${prefix}${name} is not ${rule}`, {
        field: `${prefix}${name}`,
        rule,
      });
  return {
    task: (properties[`${prefix}task`] ?? 'classification') as Task,
    features: read('features'),
    encoding: read('encoding'),
    ...(has('categorical') ? { categorical: read<string[]>('categorical') } : {}),
    ...(has('text') ? { text: read<Record<string, TextEncoding>>('text') } : {}),
    ...(has('derived') ? { derived: read<Record<string, object>>('derived') } : {}),
    ...(has('columns') ? { columns: read<string[]>('columns') } : {}),
    ...(has('missing') ? { missing: read<string[]>('missing') } : {}),
    ...(has('unseen') ? { unseen: read<string[]>('unseen') } : {}),
    ...(has('target') ? { target: read<NonNullable<ModelMetadata['target']>>('target') } : {}),
    lineage: read('lineage'),
  };
}

/**
 * One row of the input tensor from named values: a number, or a text that the encoding knows.
 * @throws InputError `MissingFeature`, `UnseenCategory`, `NotFinite`, each naming the feature
 */
export function encodeRow(
  metadata: Pick<ModelMetadata, 'features' | 'encoding' | 'categorical' | 'text' | 'missing' | 'unseen'>,
  values: Readonly<Record<string, number | string | boolean | null | undefined>>,
): Float32Array {
  const cells = metadata.features.map((feature): number | Float32Array => {
    const value = values[feature];
    const words = metadata.text?.[feature];
    if (words) return countWords(value === undefined || value === null ? undefined : String(value), words);
    if (value === undefined || value === null || Number.isNaN(value)) {
      if (metadata.missing?.includes(feature)) return Number.NaN;
      throw new InputError('MissingFeature', `feature "${feature}" is missing`, { field: feature, rule: 'a value' });
    }
    const codes = metadata.encoding[feature];
    if (codes && (typeof value !== 'number' || metadata.categorical?.includes(feature))) {
      if (Object.hasOwn(codes, String(value))) return codes[String(value)]!;
      if (metadata.unseen?.includes(feature)) return -1;
      throw new InputError('UnseenCategory', `feature "${feature}" has no category "${String(value)}"`, {
        field: feature,
        rule: `one of ${Object.keys(codes).slice(0, 20).join(', ')}`,
      });
    }
    const number = Math.fround(Number(value));
    if (!Number.isFinite(number) || value === '')
      throw new InputError('NotFinite', `feature "${feature}" is no finite number`, { field: feature, rule: 'finite' });
    return number;
  });
  if (!metadata.text) return Float32Array.from(cells as number[]);
  return Float32Array.from(cells.flatMap((cell) => (typeof cell === 'number' ? cell : Array.from(cell))));
}
