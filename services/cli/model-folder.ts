import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeOnnx, encodeRow, outputNames, readMetadata, scoreOnnx } from '#libs/learning';
import type { ModelMetadata } from '#libs/learning';
import { sha256 } from '#libs/signing';
import { InputError, cellText, columnOf } from '#libs/statistics';
import type { Table } from '#libs/statistics';

/** What `assay train --out DIR` wrote. */
export interface ModelFolder {
  readonly model: Uint8Array;
  readonly metadata: ModelMetadata;
  readonly job: { readonly protected?: readonly string[] };
}

/** @throws InputError `Unreadable`, `MalformedJson`, `MalformedOnnx`, `UnsupportedOnnx`, `ForeignModel`, `ModelMetadata`, `ChangedModel` */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  const read = async (name: string): Promise<Buffer> =>
    readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      throw new InputError('Unreadable', `${join(folder, name)} cannot be read (${error.code})`, {
        file: join(folder, name),
        rule: 'a folder that `assay train --out` wrote',
      });
    });
  const model = await read('model.onnx');
  const metadata = readMetadata(describeOnnx(model).metadata);
  if (!metadata)
    throw new InputError('ForeignModel', `${join(folder, 'model.onnx')} was not written by Assay`, {
      file: join(folder, 'model.onnx'),
      rule: 'the metadata that `assay train` writes',
    });
  const run = parse(join(folder, 'run.json'), (await read('run.json')).toString('utf8'));
  if (run?.model?.digest !== sha256(model))
    throw new InputError('ChangedModel', `${join(folder, 'model.onnx')} is not the model that run.json records`, {
      file: join(folder, 'model.onnx'),
      rule: 'the SHA-256 in run.json',
    });
  return { model, metadata, job: run.job ?? {} };
}

interface RunDocument {
  readonly job?: ModelFolder['job'];
  readonly model?: { readonly digest?: unknown };
}

function parse(file: string, text: string): RunDocument | null {
  try {
    return JSON.parse(text) as RunDocument | null;
  } catch (error) {
    throw new InputError('MalformedJson', `${file}: ${(error as Error).message}`, { file, rule: 'RFC 8259' });
  }
}

/**
 * The model's output for each row of a table: the probability of the scored label, or the predicted number.
 * @throws InputError `UnsupportedModel`, `UnknownColumn`, `NotFinite`, and those of `encodeRow` with the row
 */
export async function scoreTable({ model, metadata }: ModelFolder, table: Table): Promise<Float64Array> {
  const { features, derived, task, target } = metadata;
  const isBinary = (task ?? 'classification') === 'classification' && target?.scored !== undefined;
  if (!isBinary && task !== 'regression')
    throw new InputError('UnsupportedModel', 'the model neither tells two classes apart nor predicts a number', {
      field: 'task',
      rule: 'classification of two classes, or regression',
    });
  const made = Object.keys(derived ?? {});
  if (made.length > 0)
    throw new InputError('UnsupportedModel', `the model reads earlier rows (${made.join(', ')})`, {
      field: made[0]!,
      rule: 'features of the row itself',
    });
  const columns = features.map((feature) => columnOf(table, feature));
  const rows: Float32Array[] = [];
  for (let row = 0; row < table.rows; row += 1) {
    const values: Record<string, number | string | undefined> = {};
    for (const column of columns)
      values[column.name] = column.kind === 'numeric' ? column.values[row]! : cellText(column, row);
    try {
      rows.push(encodeRow(metadata, values));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(error.code, `row ${row}: ${error.message}`, { ...error.place, row });
    }
  }
  const width = rows[0]?.length ?? features.length;
  const tensor = new Float32Array(rows.length * width);
  rows.forEach((own, row) => tensor.set(own, row * width));
  if (rows.length === 0) return new Float64Array(0);
  const output = isBinary ? outputNames.binary : outputNames.regression;
  const scores = Float64Array.from(await scoreOnnx(model, tensor, width, output));
  const row = scores.findIndex((score) => !Number.isFinite(score));
  if (row >= 0)
    throw new InputError('NotFinite', `row ${row}: the model answers what is no finite number`, {
      field: output,
      row,
      rule: 'finite answers',
    });
  return scores;
}
