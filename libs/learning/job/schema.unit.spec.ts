import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { jobSchema } from './schema.js';

test('schemas/cli/job.schema.json is what the registries say (libs/learning/job/write-schema.ts writes it)', () => {
  const committed = readFileSync(join(repositoryRoot(), 'schemas/cli/job.schema.json'), 'utf8');
  expect(JSON.parse(committed)).toEqual(JSON.parse(JSON.stringify(jobSchema())));
});
