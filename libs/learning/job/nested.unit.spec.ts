import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { readCsv, selectRows } from '#libs/statistics';
import { parseJob, runJob } from '../index.js';

test('a nested search chooses in each outer fold, and once more on all rows', async () => {
  const folder = join(repositoryRoot(), 'examples/jobs');
  const job = parseJob(JSON.parse(readFileSync(join(folder, 'validation-nested.json'), 'utf8')));
  const { table } = await readCsv(join(folder, '../boston-mortgage/boston-hmda.csv'));
  const sample = selectRows(
    table,
    Int32Array.from({ length: 300 }, (_, row) => row * 7),
  );
  const { record, trials } = await runJob(job, sample);
  expect(record.scheme).toBe('nested-cross-validation(5, 3, pooled)');
  expect(record.folds).toHaveLength(5);
  for (const fold of record.folds) expect(fold['chosen']).toMatchObject({ name: 'logistic_regression' });
  expect(trials.map(({ folds }) => folds.length)).toEqual([3, 3, 3, 3]);
  expect(record.evaluation.rows).toBe(300);
});
