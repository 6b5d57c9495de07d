import { InputError, cellText, columnOf } from '#libs/statistics';
import type { Table } from '#libs/statistics';
import { encodeRow } from '../onnx/index.js';
import type { ModelMetadata } from '../onnx/index.js';

/** Columns of the input tensor that one feature of the data fills: several where words of a text are counted. */
export interface FeatureBlock {
  readonly feature: string;
  readonly first: number;
  readonly width: number;
}

/** @throws InputError `UnsupportedModel` where features are made of earlier rows: no row can be changed alone */
export function blocksOf({ features, text, derived }: ModelMetadata): FeatureBlock[] {
  const made = Object.keys(derived ?? {});
  if (made.length > 0)
    throw new InputError('UnsupportedModel', `the model reads earlier rows (${made.slice(0, 5).join(', ')})`, {
      field: made[0],
      rule: 'features of the row itself',
    });
  let first = 0;
  return features.map((feature) => {
    const width = text?.[feature]?.buckets ?? 1;
    const block = { feature, first, width };
    first += width;
    return block;
  });
}

/**
 * The rows of a table as the model is served them, row-major.
 * @throws InputError `UnknownColumn`, `MissingFeature`, `UnseenCategory`, `NotFinite`, each with the row
 */
export function tensorOf(metadata: ModelMetadata, table: Table, rows: ArrayLike<number>): Float32Array {
  const columns = metadata.features.map((feature) => columnOf(table, feature));
  let tensor = new Float32Array(0);
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i]!;
    const cells: Record<string, number | string | undefined> = {};
    for (const column of columns)
      cells[column.name] = column.kind === 'numeric' ? column.values[row]! : cellText(column, row);
    let own: Float32Array;
    try {
      own = encodeRow(metadata, cells);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(error.code, `row ${row}: ${error.message}`, { ...error.place, row });
    }
    if (i === 0) tensor = new Float32Array(own.length * rows.length);
    tensor.set(own, i * own.length);
  }
  return tensor;
}
