import { describe, expect, test } from '@jest/globals';
import { Generator, selectRows, tableOf } from '#libs/statistics';
import type { Cell, Table } from '#libs/statistics';
import { describeOnnx, encodeRow, outputNames, parseJob, prepare, readMetadata, runJob, scoreOnnx } from '../index.js';
import type { Job, JobResult } from '../index.js';

const rows = 160;
const random = new Generator(11);
const words = ['house', 'car', 'debt', 'school', 'roof', 'boat'];
const cities = ['Bonn', 'Lima', 'Oslo', 'Rome', 'Kyiv'];

function cells(): Record<string, Cell[]> {
  const result: Record<string, Cell[]> = {
    day: [],
    income: [],
    rate: [],
    city: [],
    purpose: [],
    member: [],
    y: [],
    z: [],
    kind: [],
  };
  for (let row = 0; row < rows; row += 1) {
    const income = Math.round(random.normal() * 1000 + 4000);
    const city = cities[random.integer(cities.length)]!;
    const z = income / 1000 + cities.indexOf(city) + random.normal();
    result['day']!.push(row);
    result['income']!.push(random.uniform() < 0.1 ? null : income);
    result['rate']!.push(Math.round(random.uniform() * 1000) / 100);
    result['city']!.push(city);
    result['purpose']!.push([words[random.integer(6)], words[random.integer(6)]].join(' '));
    result['member']!.push(random.uniform() < 0.5 ? 'no' : 'yes');
    result['y']!.push(z > 6 ? 'yes' : 'no');
    result['z']!.push(Math.round(z * 1e4) / 1e4);
    result['kind']!.push(z > 7 ? 'high' : z > 5 ? 'middle' : 'low');
  }
  return result;
}

const data = cells();
const table = tableOf(data);

const pipeline = [
  { step: 'hash_text', columns: ['purpose'], buckets: 8, signed: false },
  { step: 'lag', columns: ['rate'], lags: [1], order: 'day' },
  { step: 'rolling', columns: ['rate'], window: 3, statistic: 'mean', order: 'day', minimumRows: 1 },
  { step: 'impute', strategy: 'chained', columns: ['income', 'rate*'], iterations: 3, imputations: 2 },
  { step: 'target_encode', columns: ['city'], unseen: 'other' },
  { step: 'tf_idf', columns: ['purpose#*'] },
  { step: 'standard_scale', columns: ['income', 'rate*', 'city*'] },
];

const jobOf = (change: object = {}): Job =>
  parseJob({
    version: 1,
    target: { column: 'y', positive: 'yes' },
    drop: ['z', 'kind', 'day'],
    pipeline,
    algorithm: { name: 'logistic_regression', l2: 1 },
    validation: { scheme: 'stratified_k_fold', k: 3 },
    seed: 5,
    ...change,
  });

const run = (change: object = {}, from: Table = table): Promise<JobResult> => runJob(jobOf(change), from);
const refusal = (change: object, from: Table = table): Promise<string> =>
  run(change, from).then(
    () => 'nothing was refused',
    (error: { code: string; place: { field?: string } }) => `${error.code} ${error.place.field}`,
  );
const metadataOf = (model: Uint8Array) => readMetadata(describeOnnx(model).metadata)!;

describe('a pipeline of every kind of step', () => {
  test('is served from named values: missing, unseen, text and history', async () => {
    const { model, record } = await run();
    expect(record.model.parity.rows).toBe(rows);
    const metadata = metadataOf(model);
    expect(metadata).toMatchObject({
      task: 'classification',
      missing: ['income', 'rate', 'rate_lag_1', 'rate_mean_3'],
      unseen: ['city'],
      text: { purpose: { buckets: 8, ngrams: 1, signed: false } },
      derived: { rate_lag_1: { column: 'rate', order: 'day', lag: 1 } },
    });
    expect(record.features).toEqual(['income', 'rate', 'city', 'purpose', 'member', 'rate_lag_1', 'rate_mean_3']);
    const inputs = prepare(jobOf(), table).inputs(pipeline);
    for (const row of [0, 1, 7, 90]) {
      const named = Object.fromEntries(Object.entries(data).map(([name, column]) => [name, column[row]]));
      const lagged = {
        rate_lag_1: row > 0 ? data['rate']![row - 1] : null,
        rate_mean_3: row > 0 ? inputs.values[(row + 1) * inputs.names.length - 1] : null,
      };
      const encoded = encodeRow(metadata, { ...named, ...lagged } as never);
      expect(Array.from(encoded)).toEqual(
        Array.from(inputs.values.subarray(row * inputs.names.length, (row + 1) * inputs.names.length)),
      );
    }
    const [elsewhere] = await scoreOnnx(
      model,
      encodeRow(metadata, { rate: 3, city: 'Paris', purpose: null, member: 'yes' }),
      inputs.names.length,
    );
    expect(elsewhere).toBeGreaterThan(0);
    expect(elsewhere).toBeLessThan(1);
    expect(() => encodeRow(metadata, { city: 'Bonn', purpose: 'car' })).toThrow(
      expect.objectContaining({ code: 'MissingFeature', place: expect.objectContaining({ field: 'member' }) }),
    );
  });

  test('gives the same bytes again', async () => {
    expect((await run()).digest).toBe((await run()).digest);
  });

  test.each([
    [
      'multiclass',
      { target: { column: 'kind' }, drop: ['z', 'y', 'day'], algorithm: { name: 'softmax_regression', l2: 1 } },
    ],
    [
      'regression',
      {
        target: { column: 'z' },
        drop: ['y', 'kind', 'day'],
        algorithm: { name: 'ridge', l2: 1 },
        validation: { scheme: 'k_fold', k: 3 },
      },
    ],
  ] as const)('%s goes the same way', async (kind, change) => {
    const { model, record, predictions } = await run(change);
    expect(record.problem.kind).toBe(kind);
    expect(predictions.kind).toBe(kind);
    expect(describeOnnx(model).outputs[0]!.name).toBe(outputNames[kind]);
    if (kind === 'multiclass')
      expect(metadataOf(model).target).toEqual({ column: 'kind', labels: ['high', 'low', 'middle'] });
    for (const { scores } of record.folds) expect(Object.values(scores)).not.toContain(null);
  });
});

test('numbers that are names are encoded as texts are, and served by their numbers', async () => {
  const code = data['rate']!.map((_, row) => [10, 20, 35, 7][row % 4]!);
  const change = {
    features: ['code', 'rate'],
    drop: [],
    categorical: ['code'],
    pipeline: [{ step: 'one_hot', unseen: 'other' }, { step: 'standard_scale' }],
  };
  const { model, record } = await run(change, tableOf({ ...data, code }));
  expect(Object.keys(record.fit['coefficients'] as object)).toEqual([
    'rate',
    'code=7',
    'code=10',
    'code=20',
    'code=35',
  ]);
  const metadata = metadataOf(model);
  expect(Array.from(encodeRow(metadata, { code: 35, rate: 1 }))).toEqual([3, 1]);
  expect(Array.from(encodeRow(metadata, { code: '35', rate: 1 }))).toEqual([3, 1]);
  expect(Array.from(encodeRow(metadata, { code: 36, rate: 1 }))).toEqual([-1, 1]);
});

describe('refused by name', () => {
  test.each([
    ['MissingValue income', { pipeline: pipeline.slice(4) }],
    ['NeedsEncoding city', { pipeline: [{ step: 'impute', strategy: 'mean' }] }],
    [
      'UnknownColumn pipeline.columns',
      { features: ['rate'], drop: [], pipeline: [{ step: 'clip', columns: ['nowhere'] }] },
    ],
    ['WrongType rate', { features: ['rate'], drop: [], pipeline: [{ step: 'one_hot', columns: ['rate'] }] }],
    ['AmbiguousOrder member', { pipeline: [{ step: 'lag', columns: ['rate'], lags: [1], order: 'member' }] }],
    ['OutOfRange rate', { features: ['rate'], drop: [], pipeline: [{ step: 'log_scale', shift: -9 }] }],
    [
      'TooManyCategories pipeline.maximum',
      { features: ['city'], drop: [], pipeline: [{ step: 'one_hot', maximum: 3 }] },
    ],
    [
      'NothingSelected pipeline.threshold',
      { features: ['rate'], drop: [], pipeline: [{ step: 'select', by: 'variance', threshold: 1e9 }] },
    ],
    ['InvalidJob pipeline.0.step', { pipeline: [{ step: 'teleport' }] }],
    ['InvalidJob pipeline.0.factor', { pipeline: [{ step: 'clip', factor: 2 }] }],
  ])('%s', async (expected, change) => {
    const outcome = await Promise.resolve()
      .then(() => refusal(change))
      .catch((error: { code: string; place: { field?: string } }) => `${error.code} ${error.place.field}`);
    expect(outcome).toBe(expected);
  });

  test('a category that one fold does not see', async () => {
    const rare = { ...data, city: data['city']!.map((city, row) => (row === 40 ? 'Atlantis' : city)) };
    const change = { features: ['city', 'rate'], drop: [], pipeline: [{ step: 'one_hot' }] };
    expect(await refusal(change, tableOf(rare))).toBe('UnseenCategory city');
    const accepted = { ...change, pipeline: [{ step: 'one_hot', unseen: 'other' }] };
    expect(await refusal(accepted, tableOf(rare))).toBe('nothing was refused');
  });

  test('ten thousand categories are encoded, and refused as columns', async () => {
    const many = tableOf({
      code: Array.from({ length: 10_000 }, (_, row) => `c${row}`),
      y: Array.from({ length: 10_000 }, (_, row) => (row % 3 === 0 ? 'yes' : 'no')),
    });
    const change = { drop: [], validation: { scheme: 'stratified_k_fold', k: 2 } };
    const encoded = await run({ ...change, pipeline: [{ step: 'frequency_encode', unseen: 'other' }] }, many);
    expect(Object.keys(metadataOf(encoded.model).encoding['code']!)).toHaveLength(10_000);
    expect(await refusal({ ...change, pipeline: [{ step: 'one_hot', unseen: 'other' }] }, many)).toBe(
      'TooManyCategories pipeline.maximum',
    );
  });
});

test('a constant column is 0 behind standardisation, and rows in another order give the same model', async () => {
  const constant = tableOf({ ...data, member: data['member']!.map(() => 'yes') });
  const change = { features: ['rate', 'member'], drop: [], pipeline: [{ step: 'standard_scale' }] };
  const { record } = await run(change, constant);
  expect((record.fit['coefficients'] as Record<string, number>)['member']).toBeCloseTo(0, 12);
  const order = Int32Array.from({ length: rows }, (_, row) => (row * 37) % rows);
  const [first, second] = await Promise.all([run(change), run(change, selectRows(table, order))]);
  const [own, other] = [first, second].map((one) => one.record.fit['coefficients'] as Record<string, number>);
  for (const name of Object.keys(own!)) expect(other![name]).toBeCloseTo(own![name]!, 9);
});
