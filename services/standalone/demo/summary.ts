import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { repositoryRoot } from '#libs/runtime';
import type { StepRecord } from './steps.js';

/** What keeps a summary from being one by schemas/demo/summary.schema.json; undefined when nothing does. */
export function summaryFaults(summary: {
  readonly steps: readonly StepRecord[];
  readonly files: readonly string[];
}): string | undefined {
  const schema = readFileSync(join(repositoryRoot(), 'schemas', 'demo', 'summary.schema.json'), 'utf8');
  const ajv = new Ajv2020({ allErrors: true });
  return ajv.validate(JSON.parse(schema) as object, summary) ? undefined : ajv.errorsText();
}
