import { canonicalJson } from '#libs/signing';
import { InputError } from '#libs/statistics';

/** Name of the one input: float32 `[n, k]`, columns in the order of `features` in the metadata. */
export const featuresInput = 'features';
/** Name of the output of a classifier: float32 `[n, 1]`, the probability of the scored label. */
export const probabilityOutput = 'probability';

/** How a cell of the data becomes a number of the input tensor. A feature that is not listed is a number as it stands. */
export type Encoding = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What `metadata_props` of a model of ours say; each value is text, objects are canonical JSON. */
export interface ModelMetadata {
  /** Feature names in the order of the tensor's columns. */
  readonly features: readonly string[];
  readonly encoding: Encoding;
  readonly target: { readonly column: string; readonly scored: string; readonly other?: string };
  /** Lineage: digests of what the model was made from. */
  readonly lineage: Readonly<Record<string, string>>;
}

const prefix = 'assay.';

export function writeMetadata({ features, encoding, target, lineage }: ModelMetadata): Record<string, string> {
  return {
    [`${prefix}features`]: canonicalJson(features),
    [`${prefix}encoding`]: canonicalJson(encoding),
    [`${prefix}target`]: canonicalJson(target),
    [`${prefix}lineage`]: canonicalJson(lineage),
  };
}

/** @returns undefined where the model was not written by Assay. @throws InputError `ModelMetadata` where it is broken. */
export function readMetadata(properties: Readonly<Record<string, string>>): ModelMetadata | undefined {
  if (properties[`${prefix}features`] === undefined) return undefined;
  const read = (name: string): unknown => {
    try {
      return JSON.parse(properties[`${prefix}${name}`] ?? '');
    } catch {
      throw new InputError('ModelMetadata', `metadata property ${prefix}${name} is no JSON`, {
        field: `${prefix}${name}`,
        rule: 'canonical JSON',
      });
    }
  };
  return {
    features: read('features') as string[],
    encoding: read('encoding') as Encoding,
    target: read('target') as ModelMetadata['target'],
    lineage: read('lineage') as Record<string, string>,
  };
}

/**
 * One row of the input tensor from named values: a number, or a text that the encoding knows.
 * @throws InputError `MissingFeature`, `UnseenCategory`, `NotFinite`, each naming the feature
 */
export function encodeRow(
  metadata: Pick<ModelMetadata, 'features' | 'encoding'>,
  values: Readonly<Record<string, number | string | boolean | null | undefined>>,
): Float32Array {
  return Float32Array.from(metadata.features, (feature) => {
    const value = values[feature];
    if (value === undefined || value === null)
      throw new InputError('MissingFeature', `feature "${feature}" is missing`, { field: feature, rule: 'a value' });
    const codes = metadata.encoding[feature];
    const number = codes && typeof value !== 'number' ? codes[String(value)] : Number(value);
    if (number === undefined)
      throw new InputError('UnseenCategory', `feature "${feature}" has no category "${String(value)}"`, {
        field: feature,
        rule: `one of ${Object.keys(codes!).slice(0, 20).join(', ')}`,
      });
    if (!Number.isFinite(Math.fround(number)) || value === '')
      throw new InputError('NotFinite', `feature "${feature}" is no finite number`, { field: feature, rule: 'finite' });
    return number;
  });
}
