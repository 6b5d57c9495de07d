import { PlayFailed } from './steps.js';

export interface Scored {
  readonly status: number;
  readonly error?: string;
  readonly probabilities: readonly number[];
  readonly modelVersion?: string;
}

/** Sends rows as they stand in the data file, column by column, in the Open Inference Protocol. */
export async function infer(
  inferenceUrl: string,
  endpoint: string,
  rows: readonly Readonly<Record<string, string>>[],
  options: { readonly key?: string; readonly version?: string } = {},
): Promise<Scored> {
  const names = Object.keys(rows[0] ?? {});
  const inputs = names.map((name) => {
    const cells = rows.map((row) => row[name]!);
    const numeric = cells.every((cell) => cell !== '' && Number.isFinite(Number(cell)));
    const data = numeric ? cells.map(Number) : cells;
    return { name, shape: [rows.length], datatype: numeric ? 'FP64' : 'BYTES', data };
  });
  const version = options.version === undefined ? '' : `/versions/${options.version}`;
  const response = await fetch(`${inferenceUrl}/v2/models/${endpoint}${version}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs, ...(options.key !== undefined && { parameters: { key: options.key } }) }),
  });
  const body = (await response.json()) as {
    error?: string;
    model_version?: string;
    outputs?: readonly { readonly name: string; readonly data: readonly number[] }[];
  };
  return {
    status: response.status,
    probabilities: body.outputs?.find(({ name }) => name === 'probability')?.data ?? [],
    ...(body.error !== undefined && { error: body.error }),
    ...(body.model_version !== undefined && { modelVersion: body.model_version }),
  };
}

/** Scores every row in batches; each batch has a key of its own, so that a canary gets its share of the batches. */
export async function scoreAll(
  inferenceUrl: string,
  endpoint: string,
  rows: readonly Readonly<Record<string, string>>[],
  threshold: number,
): Promise<{ readonly rows: number; readonly denied: number; readonly byVersion: ReadonlyMap<string, number> }> {
  const batch = 20;
  const byVersion = new Map<string, number>();
  let denied = 0;
  for (let from = 0; from < rows.length; from += batch) {
    const part = rows.slice(from, from + batch);
    const scored = await infer(inferenceUrl, endpoint, part, { key: `batch-${from / batch}` });
    if (scored.status !== 200) throw new PlayFailed(`scoring answered ${scored.status}: ${scored.error}`);
    denied += scored.probabilities.filter((probability) => probability >= threshold).length;
    const version = scored.modelVersion ?? '?';
    byVersion.set(version, (byVersion.get(version) ?? 0) + part.length);
  }
  return { rows: rows.length, denied, byVersion };
}
